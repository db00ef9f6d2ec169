"""A deletion that was cut short is finished at the next start."""

from mem import types
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import receipts


def test_the_folder_of_a_source_whose_rows_are_gone_goes_too(config):
    folder = config.data_dir / "sources" / "2026" / "11" / "20" / "7"
    with open_memory(config) as memory:
        folder.mkdir(parents=True)
        (folder / "frames-000001.tar").write_bytes(b"x")
        with memory.db.write() as w:
            begun = receipts.begin(w, kind="source", asked={"source": 7}, by="local", now=types.now())
            receipts.add(w, begun.id, {"sources": 1}, [("sources/2026/11/20/7", 1)])
    with open_memory(config) as memory, worker.running(memory):
        assert receipts.get(memory.db, begun.id).state == "done"
        assert not folder.exists()
        assert not (config.data_dir / "sources" / "2026").exists()
        assert list((config.data_dir / "tmp").iterdir()) == []


def test_a_receipt_never_removes_what_lies_elsewhere(config, tmp_path):
    outside = tmp_path / "precious"
    outside.mkdir()
    (outside / "file").write_text("x")
    with open_memory(config) as memory:
        (memory.folder / "sources" / "link").symlink_to(outside)
        with memory.db.write() as w:
            begun = receipts.begin(w, kind="source", asked={"source": 7}, by="local", now=types.now())
            names = ["../precious", "../precious/file", "sources", "sources/link/file", "mem.duckdb"]
            receipts.add(w, begun.id, {}, [(name, 1) for name in names])
    with open_memory(config) as memory, worker.running(memory):
        assert receipts.get(memory.db, begun.id).state == "done"
        assert (outside / "file").exists()
        assert (memory.folder / "sources").is_dir()
        assert (memory.folder / "mem.duckdb").exists()
