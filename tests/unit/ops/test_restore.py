"""Bringing a backup back: all of it or nothing, wherever it is cut short."""

import shutil
from dataclasses import replace

import pyrage
import pytest

from mem import config as mem_config
from mem.errors import BackupDamaged, Locked, NotFound, SealedBackup
from mem.memory import open_memory
from mem.ops import backup, check, chores, rebuild, restore
from mem.ops.backup import Wish
from mem.store import frames, notes, sources, whole
from tests import cutting, stocked

_JOBLESS = ("sources", "frames", "spans", "segments", "notes", "checkpoints")


def held(config, *names):
    """What the memory holds, in numbers."""
    with open_memory(config) as memory, memory.db.session() as session:
        return whole.digests(session, names or _JOBLESS)


@pytest.fixture
def kept(config, tmp_path):
    """A backup of two recordings, in a memory that has changed since."""
    with open_memory(config) as memory:
        stocked.source(memory)
        stocked.source(memory, seed=1, name="b.mp4")
        made = backup.create(memory, Wish(to=str(tmp_path / "kept")), chores.silently, chores.never)
    then = held(config)
    with open_memory(config) as memory:
        stocked.source(memory, seed=2, name="c.mp4")
    return made.folder, then


def other(config, tmp_path):
    return mem_config.load({"data_dir": str(tmp_path / "other"), "storage.min_free_bytes": 0}, environ={})


def test_a_backup_brings_back_the_same_rows_and_bytes(config, kept):
    folder, then = kept
    restored = restore.restore(config, folder)
    assert held(config) == then
    assert (restored.sources, restored.frames) == (2, 8)
    with open_memory(config) as memory:
        assert check.check(memory, "deep").findings == ()


def test_what_was_there_stays_beside(config, kept):
    now = held(config)
    restored = restore.restore(config, kept[0])
    older = mem_config.load({"data_dir": str(restored.before)}, environ={})
    assert held(older) == now


def test_it_works_into_an_empty_directory(config, kept, tmp_path):
    folder, then = kept
    restored = restore.restore(other(config, tmp_path), folder)
    assert restored.before is None
    assert held(other(config, tmp_path)) == then


def test_words_are_found_again(config, kept):
    restore.restore(config, kept[0])
    with open_memory(config) as memory:
        assert memory.index.counts()["speech"] == 2


def test_it_is_refused_while_the_memory_is_open(config, kept):
    with open_memory(config), pytest.raises(Locked):
        restore.restore(config, kept[0])


def test_a_damaged_one_changes_nothing(config, kept):
    now = held(config)
    pack = next(kept[0].rglob("*.tar"))
    data = bytearray(pack.read_bytes())
    data[700] ^= 1
    pack.unlink()
    pack.write_bytes(data)
    with pytest.raises(BackupDamaged):
        restore.restore(config, kept[0])
    assert held(config) == now
    assert list(config.data_dir.glob("before-*")) == []


def test_a_damaged_database_does_not_hinder(config, kept):
    folder, then = kept
    (config.data_dir / "mem.duckdb").write_bytes(b"broken" * 5000)
    restore.restore(config, folder)
    assert held(config) == then


def test_a_rows_file_alone_leaves_the_recordings(config, kept):
    folder, _ = kept
    restored = restore.restore(config, folder / "database" / "mem.duckdb")
    assert restored.sources == 2
    assert len(list((config.data_dir / "sources").rglob("*.tar"))) == 3


def test_an_encrypted_one_needs_its_key(config, kept, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(identity))
    wish = Wish(to=str(tmp_path / "sealed"), recipients=(str(identity.to_public()),))
    now = held(config)
    with open_memory(config) as memory:
        made = backup.create(memory, wish, chores.silently, chores.never)
    with pytest.raises(SealedBackup):
        restore.restore(other(config, tmp_path), made.folder)
    restore.restore(other(config, tmp_path), made.folder, identity=tmp_path / "key")
    assert held(other(config, tmp_path)) == now


def test_recordings_that_the_backup_lacks_stay_or_are_said_to_be_gone(config, tmp_path):
    with open_memory(config) as memory:
        for seed, name in enumerate(("a.mp4", "b.mp4")):
            source = stocked.source(memory, seed=seed, name=name, original="original.mp4", path=None)
            (memory.folder / source.folder / "original.mp4").write_bytes(b"f" * 1000)
        made = backup.create(memory, Wish(to=str(tmp_path / "kept")), chores.silently, chores.never)
        (memory.folder / source.folder / "original.mp4").unlink()
    restored = restore.restore(config, made.folder)
    assert (restored.originals_kept, restored.originals_gone) == (1, 1)


def test_what_is_no_backup_is_refused(config, tmp_path):
    with pytest.raises(NotFound):
        restore.restore(config, tmp_path / "nothing")


@pytest.mark.parametrize("nth", [1, 8, 22, 27, 29, 31])
def test_cut_short_anywhere_it_is_the_old_state_or_the_new(nth, config, kept):
    folder, then = kept
    now = held(config)
    cutting.run(nth, config.data_dir, "restore", str(folder))
    assert held(config) in (then, now)
    with open_memory(config) as memory:
        assert [one.code for one in check.check(memory).findings] in ([], ["copy_differs"])


def test_the_database_is_made_anew_from_the_folders_alone(config):
    with open_memory(config) as memory:
        stocked.source(memory)
        stocked.source(memory, seed=1)
        from mem.ops import notes as writing
        from tests.store import rows

        writing.add(
            memory,
            [
                writing.Draft(
                    source_id=None, start=rows.at(1), end=rows.at(2), text="loud", tags=("x",), author="me"
                )
            ],
        )
    now = held(config)
    (config.data_dir / "mem.duckdb").unlink()
    shutil.rmtree(config.data_dir / "index")
    rebuilt = rebuild.rebuild(config)
    assert (rebuilt.sources, rebuilt.frames, rebuilt.notes, rebuilt.damaged) == (2, 8, 3, [])
    assert held(config) == now
    with open_memory(config) as memory:
        assert check.check(memory, "deep").findings == ()


def test_new_numbers_do_not_meet_old_ones(config):
    with open_memory(config) as memory:
        stocked.source(memory)
    rebuild.rebuild(config)
    with open_memory(config) as memory:
        made = stocked.source(memory, seed=3)
        assert made.id == 2
        assert (
            len({frame.id for frame in frames.between(memory.db, made.added_at, made.ended_at, limit=99)})
            == 8
        )


def test_an_unfinished_recording_comes_back_from_its_packs(config):
    with open_memory(config) as memory:
        source = stocked.source(memory, finished=False)
        before = frames.between(memory.db, source.started_at, source.ended_at, limit=99)
    rebuilt = rebuild.rebuild(config)
    assert rebuilt.unfinished == [source.folder]
    with open_memory(config) as memory:
        after = frames.between(memory.db, source.started_at, source.ended_at, limit=99)
        assert [replace(frame, id=0) for frame in after] == [replace(frame, id=0) for frame in before]
        spans = frames.spans_between(memory.db, source.started_at, source.ended_at, limit=99)
        assert [(span.end - span.start).total_seconds() for span in spans] == [1, 1, 1, 1]
        assert sources.get(memory.db, source.id).state == "partial"


def test_a_folder_that_is_damaged_is_named_and_the_others_come_back(config):
    with open_memory(config) as memory:
        source = stocked.source(memory)
        stocked.source(memory, seed=1)
    (config.data_dir / source.folder / "source.json").write_text("{")
    rebuilt = rebuild.rebuild(config)
    assert rebuilt.sources == 1
    assert source.folder in rebuilt.damaged[0]
    with open_memory(config) as memory:
        assert len(list(notes.of_source(memory.db, 2))) == 1
