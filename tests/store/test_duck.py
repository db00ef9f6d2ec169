import os
import signal
import stat
import subprocess
import sys

import duckdb
import pytest

from mem.errors import DatabaseFailed, DiskFull, Locked, TooBusy
from mem.store import duck, sources
from mem.store.engines import open_database
from tests.store import rows


def _open(folder, memory_limit=2**28):
    return open_database(None, folder=folder, memory_limit=memory_limit, threads=1)


@pytest.fixture
def here(tmp_path):
    db = _open(tmp_path)
    yield db
    db.close()


def test_only_the_owner_can_read_the_file(here, tmp_path):
    assert stat.S_IMODE((tmp_path / "mem.duckdb").stat().st_mode) == 0o600


def test_another_process_is_told_who_has_it_and_what_to_do(here, tmp_path):
    code = (
        "import sys, pathlib\n"
        "from mem.errors import Locked\n"
        "from mem.store.engines import open_database\n"
        "try: open_database(None, folder=pathlib.Path(sys.argv[1]), memory_limit=2**28, threads=1)\n"
        "except Locked as error: print(error.detail, error.hint); sys.exit(error.exit_status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 75, done.stderr
    assert f"Process {os.getpid()} " in done.stdout
    assert "stop that process" in done.stdout


@pytest.mark.parametrize("memory_limit", [2**28, 2**29])
def test_this_process_cannot_open_it_twice_either(here, tmp_path, memory_limit):
    with pytest.raises(Locked, match="This process"):
        _open(tmp_path, memory_limit)
    here.check_alive()


def test_what_is_not_a_database_is_refused_with_advice(tmp_path):
    (tmp_path / "mem.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(DatabaseFailed, match="cannot be opened") as caught:
        _open(tmp_path)
    assert "mem restore" in caught.value.hint


@pytest.mark.parametrize(
    "statement",
    [
        "create table stolen as select * from read_csv('/etc/hostname')",
        "copy sources to '/tmp/mem-test-out.csv'",
        "attach '/tmp/mem-test-out.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set memory_limit = '1TB'",
        "select * from read_text('{folder}/../../etc/hostname')",
    ],
)
def test_sql_has_no_way_out_of_the_data_directory(here, tmp_path, statement):
    with pytest.raises((duckdb.Error, DatabaseFailed)), here.write() as w:
        w.script(statement.format(folder=tmp_path))
    here.check_alive()


def test_a_copy_inside_the_data_directory_is_possible(here, tmp_path):
    with here.write() as w:
        rows.source(w)
    cursor = here._connection.cursor()
    cursor.execute(f"attach '{tmp_path / 'copy.duckdb'}' as copy")
    cursor.execute("copy from database mem to copy")
    cursor.execute("detach copy")
    cursor.close()
    assert (tmp_path / "copy.duckdb").stat().st_size > 0


def test_what_was_committed_outlives_a_kill(tmp_path):
    code = (
        "import os, signal, sys, pathlib\n"
        "from mem.store.engines import open_database\n"
        "from tests.store import rows\n"
        "db = open_database(None, folder=pathlib.Path(sys.argv[1]), memory_limit=2**28, threads=1)\n"
        "with db.write() as w: rows.source(w, name='committed')\n"
        "with db.write() as w:\n"
        "    rows.source(w, name='open')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = str(duck.Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root)
    assert done.returncode == -signal.SIGKILL
    db = _open(tmp_path)
    assert [source.name for source in sources.page(db, 9)] == ["committed"]
    with db.write() as w:
        assert rows.source(w, content_hash="another").id > 1
    db.close()


def test_a_writer_waits_its_turn_but_not_forever(here, monkeypatch):
    import threading

    monkeypatch.setattr(duck, "_WRITER_WAIT_SECONDS", 0.05)
    outcome = []

    def write():
        try:
            with here.write():
                pass
        except TooBusy:
            outcome.append("busy")

    with here.write():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(30)
    assert outcome == ["busy"]


def test_a_disk_that_refuses_a_commit_loses_nothing_that_was_acknowledged(tmp_path):
    code = (
        "import resource, sys, pathlib\n"
        "from mem.errors import DatabaseFailed\n"
        "from mem.store import sources\n"
        "from mem.store.engines import open_database\n"
        "from tests.store import rows\n"
        "db = open_database(None, folder=pathlib.Path(sys.argv[1]), memory_limit=2**28, threads=1)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))\n"
        "done = 0\n"
        "try:\n"
        "    while True:\n"
        "        with db.write() as w: rows.source(w, name='x' * 50_000)\n"
        "        done += 1\n"
        "except DatabaseFailed: print(done)\n"
    )
    root = str(duck.Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    db = _open(tmp_path)
    assert len(sources.page(db, 99)) == int(done.stdout) > 0
    db.close()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (duckdb.FatalException("FATAL Error: database has been invalidated"), DatabaseFailed),
        (duckdb.IOException("IO Error: could not read"), DatabaseFailed),
        (duckdb.TransactionException("Failed to commit: No space left on device"), DiskFull),
        (duckdb.FatalException("FATAL Error: No space left on device"), DatabaseFailed),
    ],
)
def test_what_the_disk_or_duckdb_did_is_told_apart(here, error, raised):
    with pytest.raises(raised), duck._failures():
        raise error
