"""`mem mcp`, spoken to as an assistant does: by the protocol's own client over stdin and stdout."""

import sys

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from mem.api.app import serving
from mem.api.serverfile import written
from mem.memory import open_memory
from mem.types import Limits
from tests import loops
from tests.api.access import secret
from tests.api.seed import Seed


@pytest.fixture
def told(config):
    """A memory with words in two recordings; gives its folder, and a token for one of the two."""
    with open_memory(config) as memory:
        seed = Seed(memory)
        one, two = seed.source(name="one.mp4"), seed.source(name="two.mp4")
        seed.frames(one, [0, 60])
        seed.say(one, 5, "the first invoice")
        seed.say(two, 5, "the second invoice")
        token = secret(memory, "read", limits=Limits(source_ids=(two.id,)))
    return config, token


def asked(folder, *words, tool, **arguments):
    """What a tool of the program answers."""
    words = ("-m", "mem", "mcp", "--data-dir", str(folder), *words)
    started = StdioServerParameters(command=sys.executable, args=list(words))

    async def talk():
        async with Client(stdio_client(started)) as client:
            return await client.call_tool(tool, arguments)

    return loops.called(anyio.run, talk)


def test_an_assistant_that_starts_the_program_can_search(told):
    found = asked(told[0].data_dir, tool="search", query="first invoice").structured_content
    (moment,) = found["moments"]
    assert moment["hits"][0]["text"] == "the first invoice"
    assert moment["hits"][0]["page"].startswith("http://127.0.0.1:")


def test_it_asks_the_server_that_runs_and_shows_pictures(told):
    config, _ = told
    with (
        open_memory(config) as memory,
        serving(memory, worker=False) as (url, key),
        written(memory.folder, url, key),
    ):
        image, facts = asked(config.data_dir, tool="frame", frame_id=1).content
    assert image.mime_type == "image/webp"
    assert f"{url}/?at=" in facts.text


def test_with_a_token_it_sees_what_the_token_may(told, tmp_path):
    config, token = told
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    words = ("--token-file", str(file))
    found = asked(config.data_dir, *words, tool="search", query="invoice").structured_content
    assert [hit["text"] for moment in found["moments"] for hit in moment["hits"]] == ["the second invoice"]


def test_a_token_file_that_is_not_there_is_told(mem):
    result = mem("mcp", "--token-file", "nothing")
    assert result.exit_code == 1
    assert "nothing cannot be read" in result.stderr
