"""A backup that somebody else wrote: whatever its manifest and its rows say, nothing is written elsewhere."""

import json
from pathlib import Path

import duckdb
import pytest

from mem.errors import BackupDamaged
from mem.memory import open_memory
from mem.ops import backup, chores, restore
from mem.ops.backup import Wish, copying, manifest
from mem.store import duck_session, whole
from tests import stocked

GOOD = {"path": "sources/x", "size": 1, "sha256": None, "stored_size": 1, "stored_sha256": "a" * 64}


@pytest.fixture
def kept(config, tmp_path) -> Path:
    """A backup of one recording."""
    with open_memory(config) as memory:
        stocked.source(memory)
        made = backup.create(memory, Wish(to=str(tmp_path / "kept")), chores.silently, chores.never)
    return made.folder


def rewritten(folder: Path, **changed: object) -> None:
    """Let the manifest say something else, with a digest that fits."""
    file = folder / manifest.NAME
    body = json.loads(file.read_bytes()) | changed
    del body["sha256"]
    body["sha256"] = manifest._digest(body)
    file.write_text(json.dumps(body))


def everything(root: Path) -> set[Path]:
    return set(root.rglob("*"))


def refused(config, folder: Path, root: Path) -> str:
    """What is said of the backup; nothing has changed outside of the data directory's folder for such."""
    before = everything(root)
    with pytest.raises(BackupDamaged) as told:
        restore.restore(config, folder)
    assert {path for path in everything(root) - before if config.data_dir not in path.parents} == set()
    return told.value.detail


@pytest.mark.parametrize(
    "path",
    [
        "sources/../../../outside", "../outside", "/tmp/outside", "sources//outside", "sources/./a", "",
        "sources/", "sources/a\0b", f"sources/{'a' * 256}", 7, None,
    ],
)  # fmt: skip
def test_a_file_has_its_place_in_the_backup(config, kept, tmp_path, path):
    rewritten(kept, files=[GOOD | {"path": path, "origin": [1, 1, 1]}])
    assert "manifest.json cannot be read" in refused(config, kept, tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stored_sha256": "../../etc/passwd"},
        {"stored_sha256": 5},
        {"stored_sha256": "A" * 64},
        {"sha256": "x"},
        {"size": -1},
        {"stored_size": "9"},
        {"stored_size": 1e9},
        {"origin": 3},
        {"extra": 1},
    ],
)
def test_a_file_has_a_size_and_a_digest(config, kept, tmp_path, wrong):
    rewritten(kept, files=[GOOD | {"origin": [1, 1, 1]} | wrong])
    assert "manifest.json cannot be read" in refused(config, kept, tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"files": [GOOD | {"origin": [1, 1, 1]}] * 2},
        {"files": [GOOD | {"origin": [1, 1, 1], "path": path} for path in ("sources/a/b", "sources/a")]},
        {"tables": {}},
        {"tables": {"sources": {"rows": -1, "digest": ""}, "frames": {"rows": 0, "digest": ""}}},
        {"engine": "other"},
        {"made_at": "2026-11-20T12:00:00"},
        {"recipients": [1]},
        {"missing": 3},
        {"name": ["a"]},
        {"originals": "yes"},
    ],
)
def test_what_no_mem_wrote_is_refused_and_listed_as_such(config, kept, tmp_path, wrong):
    rewritten(kept, **wrong)
    assert "manifest.json cannot be read" in refused(config, kept, tmp_path)
    with open_memory(config) as memory:
        (found,) = backup.listed(backup.Folder(kept.parent))
        assert (found.good, found.made_at) == (False, None)
        assert memory.db.read("sources.get", 1)


def test_a_manifest_that_is_nested_without_end_is_refused(config, kept, tmp_path):
    (kept / manifest.NAME).write_text("[" * 200_000)
    assert "manifest.json cannot be read" in refused(config, kept, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        "update sources set folder = '../../..'",
        "update sources set folder = '/etc'",
        "update sources set folder = 'sources'",
        "update sources set original = 'original./../../../../secret'",
        "update sources set original = '/etc/passwd'",
        "update frames set pack = '../../../server.json'",
    ],
)
def test_rows_that_put_files_elsewhere_are_refused(config, kept, tmp_path, change):
    """Or deleting such a recording, which retention does by itself, would remove what lies there."""
    rows = kept / manifest.DATABASE["duckdb"]
    rows.chmod(0o600)
    with duckdb.connect(str(rows)) as connection:
        connection.execute(change)
    with duck_session.reading(rows) as session:
        held = whole.digests(session, whole.tables(session))
    files = json.loads((kept / manifest.NAME).read_bytes())["files"]
    for file in files:
        if file["path"] == manifest.DATABASE["duckdb"]:
            digest = copying.sha256(rows)
            file |= {"stored_sha256": digest, "sha256": digest, "stored_size": rows.stat().st_size}
    tables = {name: {"rows": one.rows, "digest": one.digest} for name, one in held.items()}
    rewritten(kept, files=files, tables=tables)
    assert "where none belong" in refused(config, kept, tmp_path)
