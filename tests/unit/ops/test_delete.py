"""A deletion that was cut short is finished at the next start."""

from mem.jobs import worker
from mem.memory import open_memory


def test_the_folder_of_a_source_whose_rows_are_gone_goes_too(config):
    folder = config.data_dir / "sources" / "2026" / "11" / "20" / "7"
    with open_memory(config):
        folder.mkdir(parents=True)
        (folder / "frames-000001.tar").write_bytes(b"x")
        (config.data_dir / "tmp" / "deleting-7").write_text("sources/2026/11/20/7")
    with open_memory(config) as memory, worker.running(memory):
        assert not folder.exists()
        assert not (config.data_dir / "sources" / "2026").exists()
        assert list((config.data_dir / "tmp").iterdir()) == []
