"""Rows change their database; what lies in the bucket stays and is found from both."""

from mem import folders, pictures
from mem.memory import open_memory
from mem.objects import pointer
from mem.ops import check, delete, move, offload
from mem.store import copies
from tests import stocked
from tests.objects.test_offload import empty_cache, gone_there
from tests.store.conftest import postgres_server, postgres_url  # noqa: F401 - fixtures


def test_files_in_the_bucket_are_there_for_postgresql_too(opened, postgres_url):  # noqa: F811
    with opened() as memory:
        source, frames = gone_there(memory)
        config = memory.config
    move.move(config, postgres_url)
    database = config.database.model_copy(update={"url": postgres_url})
    with open_memory(config.model_copy(update={"database": database})) as memory:
        empty_cache(memory, source)
        for frame, data in frames:
            assert pictures.read(memory, frame, None)[0] == data
        later = stocked.source(memory, content_hash="2" * 64, seed=2)
        assert offload.source(memory, later.id)
        assert pointer.read(folders.of(memory, later) / stocked.PACK)
        assert check.check(memory, "deep").good
        assert offload.collect(memory) == 0
        delete.source(memory, source.id)
        assert list(copies.frames_of(memory.db, later.id))
