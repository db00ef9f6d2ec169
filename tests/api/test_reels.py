"""Reels over HTTP: begun by the owner, told in the status, and shown like any other picture."""

import io
import zipfile

import pytest
from PIL import Image

from mem import config as mem_config
from mem.memory import open_memory
from mem.ops import backup, check, chores, restore
from mem.ops.backup import Wish
from tests import reels as stock
from tests.api.test_backups import OWNER, done


@pytest.fixture
def config(tmp_path):
    settings = {
        "data_dir": str(tmp_path / "data"),
        "storage.min_free_bytes": 0,
        "storage.reel_after_days": 1,
        "capture.screen_text": "off",
    }
    return mem_config.load(settings, environ={})


def test_they_are_shown_exported_and_told(client, memory):
    source = stock.source(memory)
    report = done(client, "/api/database/reels")
    assert (report["looked"], report["written"]) == (1, 1)
    frame = stock.frames(memory, source)[5]
    answer = client.get(f"/api/frames/{frame.id}/image", headers=OWNER)
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (stock.WIDTH, stock.HEIGHT)
    stored = client.get("/api/status", headers=OWNER).json()["stored"]
    assert stored["reel_frames"] == 20
    assert stored["reel_saved_bytes"] > 0.5 * (report["bytes_before"] - report["bytes_after"])
    asked = {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T12:00:03Z"}
    export = client.get("/api/export", params=asked, headers=OWNER)
    with zipfile.ZipFile(io.BytesIO(export.content)) as archive:
        pictures = [name for name in archive.namelist() if "/frames/" in name]
        assert len(pictures) == 3
        assert Image.open(io.BytesIO(archive.read(pictures[2]))).format == "WEBP"


def test_a_backup_brings_them_back(client, memory, config, tmp_path):
    source = stock.source(memory)
    done(client, "/api/database/reels")
    before = stock.frames(memory, source)
    made = backup.create(memory, Wish(to=str(tmp_path / "kept")), chores.silently, chores.never)
    elsewhere = mem_config.load(
        {"data_dir": str(tmp_path / "other"), "storage.min_free_bytes": 0}, environ={}
    )
    restore.restore(elsewhere, made.folder)
    with open_memory(elsewhere) as other:
        assert stock.frames(other, source) == before
        assert check.check(other, "deep").findings == ()
