"""Backups: whole or none, shared where nothing changed, and what is wrong with one is said."""

import threading

import duckdb
import pyrage
import pytest

from mem import packs
from mem.errors import BadRequest, Conflict, SealedBackup, Stopped, Unwritable
from mem.memory import open_memory
from mem.ops import backup, chores
from mem.ops.backup import Wish, manifest
from mem.store import duck_session, whole
from tests import stocked
from tests.store import rows


@pytest.fixture
def memory(config):
    with open_memory(config) as opened:
        yield opened


@pytest.fixture
def key(tmp_path):
    made = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# made for a test\n{made}\n")
    return str(made.to_public()), file


def make(memory, **wish):
    return backup.create(memory, Wish(**wish), chores.silently, chores.never)


def test_a_backup_is_what_was_written(memory):
    stocked.source(memory)
    made = make(memory)
    verdict = backup.verify(*stocked.lying(made))
    assert (verdict.good, verdict.rows, made.frames, made.missing) == (True, True, 4, ())
    assert backup.latest(memory).good is True


def test_a_second_backup_copies_nothing_that_is_the_same(memory, tmp_path):
    source = stocked.source(memory)
    first, second = make(memory, to=str(tmp_path / "there")), make(memory, to=str(tmp_path / "there"))
    path = f"{source.folder}/{stocked.PACK}"
    assert (first.folder / path).stat().st_ino == (second.folder / path).stat().st_ino
    assert second.copied_bytes < 100


def test_a_pack_that_is_written_to_is_copied(memory):
    source = stocked.source(memory, finished=False)
    made = make(memory)
    live = memory.folder / source.folder / stocked.PACK
    assert (made.folder / source.folder / stocked.PACK).stat().st_ino != live.stat().st_ino


def test_whoever_goes_on_with_a_pack_leaves_the_backup_as_it_is(memory):
    source = stocked.source(memory)
    made = make(memory)
    folder = memory.folder / source.folder
    length = (folder / stocked.PACK).stat().st_size - 1024
    with packs.open_pack(folder, stocked.PACK, length) as pack:
        pack.append("000000009000.webp", b"more")
        pack.sync()
    assert backup.verify(*stocked.lying(made)).good


def test_a_pack_that_grows_while_it_is_encrypted_is_kept_as_of_one_size(memory, key):
    source = stocked.source(memory, finished=False)
    stop = threading.Event()

    def grow():
        with (memory.folder / source.folder / stocked.PACK).open("ab", buffering=0) as pack:
            while not stop.is_set():
                pack.write(b"x")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        made = make(memory, recipients=(key[0],))
    finally:
        stop.set()
        writer.join()
    assert backup.verify(*stocked.lying(made), identity=key[1]).problems == ()


def test_a_pack_that_was_damaged_since_its_capture_is_named(memory):
    source = stocked.source(memory)
    assert make(memory).damaged == ()
    pack = memory.folder / source.folder / stocked.PACK
    data = bytearray(pack.read_bytes())
    data[3000] ^= 1
    pack.write_bytes(data)
    assert make(memory).damaged == (f"{source.folder}/{stocked.PACK}",)


@pytest.mark.parametrize("place", ["a file/kept", "/proc/kept"])
def test_a_place_that_cannot_be_written_is_named(place, memory, tmp_path):
    (tmp_path / "a file").touch()
    with pytest.raises(Unwritable, match="cannot be written"):
        make(memory, to=str(tmp_path / place))


def test_a_place_on_the_same_disk_is_said_to_be_so(memory, tmp_path):
    assert make(memory, to=str(tmp_path / "there")).same_disk is True


def test_one_that_is_stopped_leaves_nothing(memory):
    stocked.source(memory)
    with pytest.raises(Stopped):
        backup.create(memory, Wish(), chores.silently, lambda: True)
    root = backup.of(memory)
    assert backup.listed(root) == []
    assert [path.name for path in root.folder.iterdir()] == [".lock"]
    assert list((memory.folder / "tmp").glob("backup-*")) == []


def test_one_that_was_cut_short_is_not_listed_and_goes_with_the_next(memory):
    root = backup.of(memory)
    (root.folder / ".mem-20260101T000000Z.part" / "sources").mkdir(parents=True)
    made = make(memory)
    assert [one.name for one in backup.listed(root)] == [made.name]
    assert not (root.folder / ".mem-20260101T000000Z.part").exists()


def test_two_at_once_are_refused(memory):
    root = backup.of(memory)
    with root.alone(), pytest.raises(Conflict):
        make(memory)


@pytest.mark.parametrize("where", ["database/mem.duckdb", stocked.PACK, "source.json", manifest.NAME])
def test_a_flipped_byte_is_found(where, memory):
    source = stocked.source(memory)
    made = make(memory)
    file = made.folder / (where if "/" in where or where == manifest.NAME else f"{source.folder}/{where}")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.unlink()
    file.write_bytes(data)
    assert not backup.verify(*stocked.lying(made)).good
    assert backup.latest(memory).good is False


def test_a_missing_file_is_found(memory):
    source = stocked.source(memory)
    made = make(memory)
    (made.folder / source.folder / stocked.PACK).unlink()
    assert "missing" in backup.verify(*stocked.lying(made)).problems[0]


def test_a_pack_that_was_lost_before_is_named_and_does_not_hinder(memory):
    source = stocked.source(memory)
    (memory.folder / source.folder / stocked.PACK).unlink()
    made = make(memory)
    assert made.missing == (f"{source.folder}/{stocked.PACK}",)
    assert backup.verify(*stocked.lying(made)).good


def test_an_encrypted_one_tells_nothing_without_its_key(memory, key):
    recipient, identity = key
    stocked.source(memory, name="secret-name.mp4")
    made = make(memory, recipients=(recipient,))
    held = b"".join(path.read_bytes() for path in made.folder.rglob("*") if path.is_file())
    assert b"secret-name" not in held
    assert b"bicycle" not in held
    assert backup.verify(*stocked.lying(made)).rows is False
    assert backup.verify(*stocked.lying(made), identity=identity).rows is True


def test_another_key_opens_nothing(memory, key, tmp_path):
    stocked.source(memory)
    made = make(memory, recipients=(key[0],))
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    with pytest.raises(SealedBackup):
        backup.verify(*stocked.lying(made), identity=other)


def test_what_is_no_key_is_refused(memory):
    with pytest.raises(BadRequest):
        make(memory, recipients=("age1nothing",))


def test_backups_do_not_go_among_the_recordings(memory):
    with pytest.raises(BadRequest):
        make(memory, to=str(memory.folder / "sources" / "backups"))


def test_originals_go_along_where_that_is_wished(memory):
    source = stocked.source(memory, original="original.mp4", path=None)
    (memory.folder / source.folder / "original.mp4").write_bytes(b"film" * 250)
    without, along = make(memory), make(memory, originals=True)
    assert not (without.folder / source.folder / "original.mp4").exists()
    assert (along.folder / source.folder / "original.mp4").read_bytes() == b"film" * 250


def test_the_portable_form_holds_every_row(memory):
    stocked.source(memory)
    made = make(memory, portable=True)
    file = made.folder / "portable" / "frames.parquet"
    assert duckdb.sql(f"select count(*) from '{file}'").fetchone() == (4,)


def test_prune_keeps_the_newest_and_does_not_count_damaged_ones(memory):
    stocked.source(memory)
    names = [make(memory).name for _ in range(3)]
    root = backup.of(memory)
    (root.folder / names[2] / "database" / "mem.duckdb").unlink()
    backup.verify(root, names[2])
    assert backup.prune(root, 1) == [names[0]]
    assert {one.name for one in backup.listed(root)} == set(names[1:])


def test_under_writes_it_is_one_committed_state(memory):
    """Each writer adds a recording and its note in one transaction; no backup has one without the other."""
    stopped = threading.Event()

    def write():
        while not stopped.is_set():
            with memory.db.write() as w:
                made = rows.source(w)
                rows.tiles(w, made.id, [rows.at(0), rows.at(1)])

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        held = [whole_of(make(memory).folder) for _ in range(2)]
    finally:
        stopped.set()
        for writer in writers:
            writer.join()
    assert all(one["sources"].rows == one["frames"].rows == one["spans"].rows for one in held)


def whole_of(folder):
    with duck_session.reading(folder / "database" / "mem.duckdb") as session:
        return whole.digests(session, whole.tables(session))


def test_files_are_the_owners_alone(memory):
    stocked.source(memory)
    made = make(memory)
    modes = {oct(path.stat().st_mode & 0o077) for path in [made.folder, *made.folder.rglob("*")]}
    assert modes == {"0o0"}
