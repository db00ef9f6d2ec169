"""Backups in a bucket of a real S3: whole or none, sent once, and what is wrong with one is said."""

import dataclasses
import json
import threading

import pyrage
import pytest
from typer.testing import CliRunner

from mem.cli.app import app
from mem.errors import BackupDamaged, BadRequest, Conflict, Locked, SealedBackup, Stopped, StorageFailed
from mem.ops import backup, chores, restore
from mem.ops.backup import Wish, manifest
from mem.store import copies, duck_session, whole
from tests import stocked
from tests.objects import weed


@pytest.fixture
def settings(settings):
    """The memory itself lies here; only its backups go to the bucket."""
    root = settings.pop("storage.frames").removesuffix("/frames")
    del settings["storage.originals"]
    return settings | {"storage.backups": f"{root}/backups"}


@pytest.fixture
def key(tmp_path):
    made = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"{made}\n")
    return str(made.to_public()), file


def make(memory, stopped=chores.never, **wish):
    return backup.create(memory, Wish(**wish), chores.silently, stopped)


def verified(memory, made, **given):
    return backup.verify(backup.of(memory), made.name, **given)


def objects(memory):
    """Key and size of all that lies below the memory's own prefix."""
    bucket, prefix = bucket_of(memory)
    return {one.key.removeprefix(f"{prefix}/"): one.size for one in bucket.listed(prefix)}


def bucket_of(memory):
    name, _, prefix = memory.config.storage.backups.removeprefix("s3://").partition("/")
    return memory.remote.bucket(name), prefix


def object_of(memory, made, path):
    """The key of the object that holds a file of a backup."""
    digest = backup.manifest_of(backup.of(memory), made.name).find(path).stored_sha256
    return f"{bucket_of(memory)[1]}/objects/{digest[:2]}/{digest}"


def test_a_backup_is_what_was_written_and_nothing_else_lies_there(memory):
    stocked.source(memory)
    made = make(memory)
    verdict = verified(memory, made)
    assert (verdict.good, verdict.rows, verdict.files, made.frames) == (True, True, made.files, 4)
    assert (made.folder, made.same_disk) == (None, False)
    assert made.copied_bytes == made.bytes
    assert {name.partition("/")[0] for name in objects(memory)} == {made.name, "objects"}


def test_the_newest_is_known_here_while_the_bucket_is_away(memory, proxy):
    made = make(memory)
    assert backup.latest(memory).good is None
    verified(memory, made)
    backup.note_latest(memory)
    proxy.errors = 1.0
    found = backup.latest(memory)
    assert (found.name, found.place, found.good) == (made.name, made.place, True)


def test_what_is_there_already_is_not_sent_again(memory, proxy):
    source = stocked.source(memory)
    make(memory)
    later = stocked.source(memory, content_hash="2" * 64, seed=2)
    proxy.asked.clear()
    second = make(memory)
    assert 0 < second.copied_bytes < second.bytes
    sent = [path for method, path, _ in proxy.asked if method == "PUT" and "/objects/" in path]
    packs = [object_of(memory, second, f"{one.folder}/{stocked.PACK}") for one in (source, later)]
    assert [any(path.endswith(pack) for path in sent) for pack in packs] == [False, True]


def test_what_one_that_was_cut_short_sent_is_used_by_the_next(memory, proxy):
    stocked.source(memory)

    def one_is_there():
        return any(method == "PUT" and "/objects/" in path for method, path, _ in proxy.asked)

    with pytest.raises(Stopped):
        make(memory, stopped=one_is_there)
    assert backup.listed(backup.of(memory)) == []
    assert {name.partition("/")[0] for name in objects(memory)} == {"objects"}
    made = make(memory)
    assert made.copied_bytes < made.bytes
    assert verified(memory, made).good


def test_a_bucket_that_goes_away_in_the_middle_leaves_no_backup(memory, proxy):
    stocked.source(memory)
    fate, count = proxy.fate, iter(range(10_000))
    proxy.fate = lambda: "errors" if next(count) > 12 else fate()
    with pytest.raises(StorageFailed):
        make(memory)
    proxy.fate = fate
    bucket_of(memory)[0]._quiet_until = 0.0
    assert backup.listed(backup.of(memory)) == []
    assert make(memory).name


@pytest.mark.parametrize("where", ["database/mem.duckdb", stocked.PACK])
@pytest.mark.parametrize("harm", ["flipped", "short", "missing"])
def test_a_harmed_object_is_named(memory, where, harm):
    source = stocked.source(memory)
    made = make(memory)
    path = where if "/" in where else f"{source.folder}/{where}"
    name, bucket = object_of(memory, made, path), bucket_of(memory)[0]
    data = bytearray(bucket.read(name))
    data[len(data) // 2] ^= 1
    bucket.delete(name)
    if harm != "missing":
        bucket.put_bytes(name, bytes(data) if harm == "flipped" else bytes(data)[:-1])
    said = {"flipped": "is not what was written", "short": "bytes and not", "missing": "is missing"}[harm]
    (problem,) = verified(memory, made).problems
    assert path in problem
    assert said in problem
    (found,) = backup.listed(backup.of(memory))
    assert found.good is False


def test_a_harmed_object_is_sent_again_by_the_next_backup(memory):
    source = stocked.source(memory)
    path = f"{source.folder}/{stocked.PACK}"
    first = make(memory)
    bucket_of(memory)[0].delete(object_of(memory, first, path))
    assert not verified(memory, first).good
    assert verified(memory, make(memory)).good


def test_prune_removes_only_what_no_kept_backup_needs(memory):
    stocked.source(memory)
    old = make(memory)
    alone = object_of(memory, old, "database/mem.duckdb")
    stocked.source(memory, content_hash="2" * 64, seed=2)
    kept = make(memory)
    assert backup.prune(backup.of(memory), 1) == [old.name]
    needed = {one.stored_sha256 for one in backup.manifest_of(backup.of(memory), kept.name).files}
    assert {name.rpartition("/")[2] for name in objects(memory) if name.startswith("objects/")} == needed
    assert alone.rpartition("/")[2] not in needed
    assert verified(memory, kept).good


def test_a_prune_that_is_cut_short_is_finished_by_the_next(memory, monkeypatch):
    stocked.source(memory)
    old, kept = make(memory), make(memory)
    place = backup.of(memory)
    monkeypatch.setattr(type(place), "release", lambda *_: (_ for _ in ()).throw(StorageFailed()))
    with pytest.raises(StorageFailed):
        backup.prune(place, 1)
    monkeypatch.undo()
    assert [one.name for one in backup.listed(place)] == [kept.name]
    before = len(objects(memory))
    assert backup.prune(place, 1) == []
    assert len(objects(memory)) < before
    assert verified(memory, kept).good
    assert old.name not in {name.partition("/")[0] for name in objects(memory)}


def test_nothing_shared_goes_while_a_kept_manifest_cannot_be_read(memory):
    stocked.source(memory)
    gone, newer = make(memory), make(memory)
    bucket, prefix = bucket_of(memory)
    name = f"{prefix}/{newer.name}/{manifest.NAME}"
    body = json.loads(bucket.read(name)) | {"format": 99}
    bucket.put_bytes(name, json.dumps(body).encode())
    held = {one for one in objects(memory) if one.startswith("objects/")}
    make(memory)
    assert gone.name not in backup.prune(backup.of(memory), 2)
    assert held <= set(objects(memory))


def test_two_memories_do_not_change_one_place_at_once(memory, opened, tmp_path):
    with (
        opened(data_dir=str(tmp_path / "other")) as other,
        backup.of(other).alone(),
        pytest.raises(Conflict, match="Another memory"),
    ):
        make(memory)
    assert make(memory).name


def test_two_at_once_of_one_memory_are_refused(memory):
    with backup.of(memory).alone(), pytest.raises(Conflict):
        make(memory)


def test_an_encrypted_one_tells_nothing_without_its_key(memory, key):
    recipient, identity = key
    source = stocked.source(memory, name="secret-name.mp4")
    made = make(memory, recipients=(recipient,))
    bucket, prefix = bucket_of(memory)
    held = b"".join(bucket.read(f"{prefix}/{name}") for name in objects(memory))
    assert b"secret-name" not in held
    assert b"bicycle" not in held
    assert verified(memory, made).rows is False
    assert verified(memory, made, identity=identity).rows is True
    again = make(memory, recipients=(recipient,))
    path = f"{source.folder}/{stocked.PACK}"
    assert object_of(memory, again, path) == object_of(memory, made, path)


def test_a_growing_pack_is_kept_as_of_one_instant(memory):
    source = stocked.source(memory, finished=False)
    stop = threading.Event()

    def grow():
        with (memory.folder / source.folder / stocked.PACK).open("ab", buffering=0) as pack:
            while not stop.is_set():
                pack.write(b"x")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        made = make(memory)
    finally:
        stop.set()
        writer.join()
    assert verified(memory, made).good


def rows_of(config):
    with duck_session.reading(config.data_dir / "mem.duckdb") as session:
        return whole.digests(session, whole.tables(session))


@pytest.mark.parametrize("sealed", [False, True])
def test_a_lost_memory_comes_back_on_another_machine(opened, tmp_path, key, sealed):
    with opened() as memory:
        source = stocked.source(memory, original="original.mp4", path=None)
        (memory.folder / source.folder / "original.mp4").write_bytes(b"film" * 250)
        made = make(memory, originals=True, recipients=(key[0],) if sealed else ())
        pack = (memory.folder / source.folder / stocked.PACK).read_bytes()
        config = memory.config
    there = config.model_copy(update={"data_dir": tmp_path / "new"})
    identity = key[1] if sealed else None
    restored = restore.restore(there, made.place, identity=identity)
    assert (restored.backup, restored.frames, restored.before) == (made.name, 4, None)
    assert (tmp_path / "new" / source.folder / stocked.PACK).read_bytes() == pack
    assert (tmp_path / "new" / source.folder / "original.mp4").read_bytes() == b"film" * 250
    assert rows_of(there)["frames"] == rows_of(config)["frames"]
    assert list((tmp_path / "new" / "tmp").iterdir()) == []


def test_a_restore_keeps_the_old_state_and_finds_the_name_alone(opened):
    with opened() as memory:
        source = stocked.source(memory)
        made = make(memory)
        stocked.source(memory, content_hash="2" * 64, seed=2)
        config = memory.config
    restored = restore.restore(config, made.name)
    assert (restored.backup, restored.sources) == (made.name, 1)
    assert (restored.before / "mem.duckdb").exists()
    with opened() as memory:
        assert len(list(copies.frames_of(memory.db, source.id))) == 4


def test_a_damaged_or_sealed_one_changes_nothing(opened, key):
    with opened() as memory:
        source = stocked.source(memory)
        made, sealed = make(memory), make(memory, recipients=(key[0],))
        bucket_of(memory)[0].delete(object_of(memory, made, f"{source.folder}/{stocked.PACK}"))
        config = memory.config
    before = rows_of(config)
    with pytest.raises(BackupDamaged, match="missing"):
        restore.restore(config, made.name)
    with pytest.raises(SealedBackup):
        restore.restore(config, sealed.name)
    assert rows_of(config) == before
    assert list(config.data_dir.glob("before-*")) == []


def test_a_restore_under_a_running_owner_is_refused(memory):
    made = make(memory)
    with pytest.raises(Locked):
        restore.restore(memory.config, made.place)


@pytest.mark.parametrize("to", ["s3:/bucket/x", "s3://B/x", "s3://bucket/a b"])
def test_what_is_no_place_is_refused(memory, to):
    with pytest.raises(BadRequest):
        make(memory, to=to)


def test_the_secret_is_in_no_object_and_no_note(memory):
    make(memory)
    bucket, prefix = bucket_of(memory)
    held = b"".join(bucket.read(f"{prefix}/{name}") for name in objects(memory))
    held += (memory.folder / "backups" / ".latest.json").read_bytes()
    assert weed.SECRET.encode() not in held


def test_a_folder_may_be_the_memorys_own_place(opened, tmp_path):
    with opened(storage__backups=str(tmp_path / "nas")) as memory:
        made = make(memory)
        assert made.folder == tmp_path / "nas" / made.name
        assert backup.latest(memory).name == made.name
        config = memory.config
    assert restore.restore(config, made.name).backup == made.name


def test_another_place_is_not_taken_for_the_newest(memory, tmp_path):
    made = make(memory)
    make(memory, to=str(tmp_path / "elsewhere"))
    assert backup.latest(memory).name == made.name
    changed = memory.config.storage.model_copy(update={"backups": "s3://mem-tests/elsewhere"})
    config = memory.config.model_copy(update={"storage": changed})
    assert backup.latest(dataclasses.replace(memory, config=config)) is None


def test_every_command_reaches_the_bucket(settings, monkeypatch, tmp_path):
    for name, value in settings.items():
        monkeypatch.setenv(f"MEM_{name.upper().replace('.', '__')}", str(value))

    def mem(*words):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        return done.stdout

    made = json.loads(mem("backup", "create", "--json"))
    assert made["place"].startswith(settings["storage.backups"])
    assert "is what was written" in mem("backup", "verify")
    assert "is what was written" in mem("backup", "verify", made["place"])
    assert made["name"] in mem("backup", "list")
    again = json.loads(mem("backup", "create", "--json"))["name"]
    assert made["name"] in mem("backup", "prune", "--keep", "1")
    monkeypatch.setenv("MEM_DATA_DIR", str(tmp_path / "new"))
    assert f"Restored {again}" in mem("restore", again)
    assert "good" in mem("doctor")
