"""`mem backup`, `mem restore` and `mem db`, by themselves and through a running server."""

import pytest

from mem import config as mem_config
from mem.api import app, serverfile
from mem.memory import open_memory
from tests import stocked
from tests.cli.conftest import pure


@pytest.fixture
def kept(folder, monkeypatch):
    """The data directory with a recording in it."""
    monkeypatch.setenv("MEM_STORAGE__MIN_FREE_BYTES", "0")
    with open_memory(mem_config.load({"data_dir": str(folder), "storage.min_free_bytes": 0})) as memory:
        stocked.source(memory)
    return folder


def test_a_backup_is_made_and_put_back(mem, kept):
    made = pure(mem("backup", "create", "--json"))
    assert mem("backup", "verify").exit_code == 0
    assert made["name"] in mem("backup").stdout
    (kept / "mem.duckdb").unlink()
    assert mem("restore", made["name"], "--yes").exit_code == 0
    assert "1" in mem("db", "sql", "select count(*) from sources").stdout


def test_through_a_running_server(mem, kept):
    settings = mem_config.load({"data_dir": str(kept), "storage.min_free_bytes": 0})
    with (
        open_memory(settings) as memory,
        app.serving(memory, worker=False) as (url, key),
        serverfile.written(memory.folder, url, key),
    ):
        assert pure(mem("backup", "create", "--json"))["frames"] == 4
        assert "as it should be" in mem("db", "check", "--deep").stdout
        assert "anew" in mem("db", "compact").stdout
        assert "frames" in mem("db").stdout
        assert "nothing to do" in mem("db", "migrate").stdout
        for words in (("restore", "x", "--yes"), ("db", "rebuild", "--yes")):
            refused = mem(*words)
            assert refused.exit_code == 75
            assert "Process" in refused.stderr


def test_damage_ends_with_status_1(mem, kept):
    pack = next((kept / "sources").rglob("*.tar"))
    pack.write_bytes(pack.read_bytes()[:600])
    done = mem("db", "check", "--quick")
    assert done.exit_code == 1
    assert "pack_short" in done.stdout


def test_a_database_that_cannot_be_opened_is_said_to_be_so(mem, kept):
    file = kept / "mem.duckdb"
    file.write_bytes(b"\0" * 4096 + file.read_bytes()[4096:])
    done = mem("db", "check")
    assert done.exit_code == 1
    assert "database_unreadable" in done.stdout
    assert "database_damaged" in done.stdout


def test_a_lost_database_is_made_anew(mem, kept):
    (kept / "mem.duckdb").unlink()
    assert "1 recording, 4 frames" in mem("db", "rebuild").stdout


def test_what_would_replace_something_is_asked_first(mem, kept):
    made = pure(mem("backup", "create", "--json"))
    assert mem("restore", made["name"]).exit_code == 2


def test_a_place_that_the_settings_name_is_used_by_all(mem, kept, tmp_path, monkeypatch):
    monkeypatch.setenv("MEM_STORAGE__BACKUPS", str(tmp_path / "nas"))
    made = pure(mem("backup", "create", "--json"))
    assert made["place"] == made["folder"] == str(tmp_path / "nas" / made["name"])
    assert mem("backup", "verify", made["place"]).exit_code == 0
    assert made["name"] in mem("backup", "list").stdout
    assert mem("restore", made["name"], "--yes").exit_code == 0


def test_what_is_no_place_is_said_to_be_none(mem, kept):
    done = mem("backup", "create", "--to", "s3://X/y")
    assert done.exit_code == 2
    assert "s3://bucket/prefix" in done.stderr
