"""Assistants over HTTP, asked by the protocol's own client over a real socket."""

import base64
import io
import json
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from mem.api.app import serving
from mem.types import Limits
from tests import loops

from .access import secret
from .seed import at

TOOLS = {"search", "timeline", "moment", "frame", "transcript", "sources"}


@pytest.fixture
def told(memory, seed):
    """One recording with two frames, words, a line on screen and a note."""
    source = seed.source(name="evening.mp4")
    seed.frames(source, [0, 20, 60])
    seed.say(source, 5, "The invoice is overdue")
    seed.read(source, 22, "Invoice 2381")
    seed.note("call the bank", at(30))
    return source


@pytest.fixture
def asking(memory):
    """Run a conversation with a server: gives what it returns."""

    def run(talk, token=None, mode="auto"):
        async def conversation(url):
            async with connected(url, token, mode) as client:
                return await talk(client)

        with serving(memory, worker=False) as (url, _):
            return url, loops.called(anyio.run, conversation, url)

    return run


@asynccontextmanager
async def connected(url, token, mode="auto"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=20) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


def call(asking, name, token=None, **arguments):
    """The answer of one tool, as data; where it fails, its text."""

    async def talk(client):
        return await client.call_tool(name, arguments)

    url, result = asking(talk, token)
    if result.is_error:
        return url, result.content[0].text
    return url, result.structured_content


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_all_tools_are_offered_and_none_of_them_changes_anything(asking, mode):
    async def talk(client):
        return (await client.list_tools()).tools, client.instructions

    tools, instructions = asking(talk, mode=mode)[1]
    assert {tool.name for tool in tools} == TOOLS
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)
    assert "Cite" in instructions


def test_what_is_found_can_be_cited_with_times_and_links(asking, told):
    url, found = call(asking, "search", query="invoice")
    hits = {hit["kind"]: hit for moment in found["moments"] for hit in moment["hits"]}
    assert hits["speech"]["text"] == "The invoice is overdue"
    assert hits["speech"]["start"] == "2026-11-20T12:00:05.000Z"
    assert hits["speech"]["page"] == f"{url}/?at=2026-11-20T12:00:05.000Z&source={told.id}"
    assert hits["screen"]["box"]["width"] > 0
    assert found["moments"][0]["picture"].startswith(f"{url}/api/frames/")
    assert (found["total_hits"], found["more"]) == (2, False)


def test_a_search_keeps_to_kind_range_and_source(asking, told):
    assert call(asking, "search", query="invoice", kinds=["screen"])[1]["total_hits"] == 1
    assert call(asking, "search", query="invoice", end="2026-11-20T12:00:20Z")[1]["total_hits"] == 1
    assert call(asking, "search", query="invoice", source_id=told.id + 1)[1]["total_hits"] == 0


def test_a_moment_has_what_stood_and_what_was_said_around_it(asking, told):
    _, found = call(asking, "moment", at="2026-11-20T13:00:25+01:00", seconds=10)
    assert [one["start"] for one in found["on_screen"]] == ["2026-11-20T12:00:20.000Z"]
    assert found["said"] == []
    assert [line["text"] for line in found["text_on_screen"]] == ["Invoice 2381"]
    assert [note["text"] for note in found["notes"]] == ["call the bank"]


def test_a_range_is_told_page_by_page(asking, told):
    range_ = {"start": "2026-11-20T12:00:00Z", "end": "2026-11-20T12:01:00Z"}
    _, first = call(asking, "timeline", **range_, limit=1)
    _, rest = call(asking, "timeline", **range_, cursor=first["cursor"])
    frames = [one["frame_id"] for page in (first, rest) for one in page["on_screen"]]
    assert len(frames) == len(set(frames)) == 2
    assert rest["cursor"] is None
    assert first["sources"] == {str(told.id): "evening.mp4"}


@pytest.mark.parametrize("asked", [{"frame_id": 1}, {"at": "2026-11-20T12:00:01Z"}])
def test_a_frame_comes_as_a_picture_with_what_is_known_of_it(asking, told, asked):
    async def talk(client):
        return await client.call_tool("frame", {**asked, "width": 400})

    image, facts = asking(talk)[1].content
    assert (image.type, image.mime_type) == ("image", "image/webp")
    assert Image.open(io.BytesIO(base64.b64decode(image.data))).width == 400
    said = json.loads(facts.text)
    assert said["stood"] == [{"start": "2026-11-20T12:00:00.000Z", "end": "2026-11-20T12:00:20.000Z"}]
    assert said["next_frame_id"] == 2


def test_what_was_said_of_the_call_is_not_taken_for_what_the_tool_asks(memory, told):
    """A proxy may ask for what it does not have yet, or for a part: of the call, not of the picture."""
    asked = {"name": "frame", "arguments": {"frame_id": 1}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}
    headers = {"Accept": "application/json, text/event-stream", "If-None-Match": "*", "Range": "bytes=0-1"}
    with serving(memory, worker=False) as (url, _):
        answer = httpx2.post(f"{url}/mcp", json=body, headers=headers)
    assert [one["type"] for one in answer.json()["result"]["content"]] == ["image", "text"]


def test_a_transcript_goes_on_where_its_first_part_ended(asking, told, seed):
    seed.say(told, 40, "and then goodbye")
    _, first = call(asking, "transcript", source_id=told.id, limit=1)
    assert [one["text"] for one in first["said"]] == ["The invoice is overdue"]
    _, rest = call(asking, "transcript", source_id=told.id, start=first["next_start"])
    assert [one["text"] for one in rest["said"]] == ["and then goodbye"]
    assert rest["next_start"] is None


def test_recordings_say_how_sure_their_times_are(asking, told):
    _, found = call(asking, "sources")
    assert [(one["name"], one["time_confidence"]) for one in found["sources"]] == [("evening.mp4", "high")]


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("moment", {"at": "yesterday"}, "bad_time"),
        ("moment", {"at": "2026-11-20T12:00:00"}, "naive_time"),
        ("frame", {"frame_id": 99}, "not_found"),
        ("frame", {}, "not_found"),
        ("frame", {"at": "2020-01-01T00:00:00Z"}, "not_found"),
        ("transcript", {"source_id": 99}, "not_found"),
        ("timeline", {"start": "2026-11-21T00:00:00Z", "end": "2026-11-20T00:00:00Z"}, "bad_time"),
    ],
)
def test_what_cannot_be_answered_is_told_with_its_code(asking, name, arguments, code):
    assert f"{code}:" in call(asking, name, **arguments)[1]


def test_a_token_sees_through_tools_what_it_sees_otherwise(asking, memory, seed, told):
    other = seed.source(at(3600), name="other.mp4")
    seed.say(other, 5, "another invoice")
    token = secret(memory, "read", limits=Limits(source_ids=(other.id,)))
    _, found = call(asking, "search", token, query="invoice")
    assert [hit["text"] for moment in found["moments"] for hit in moment["hits"]] == ["another invoice"]
    assert "not_found" in call(asking, "transcript", token, source_id=told.id)[1]
    assert [one["name"] for one in call(asking, "sources", token)[1]["sources"]] == ["other.mp4"]


def test_a_token_within_a_time_sees_nothing_outside_it(asking, memory, told):
    token = secret(memory, "read", limits=Limits(start=at(20), end=at(60)))
    _, found = call(asking, "search", token, query="invoice")
    assert [hit["kind"] for moment in found["moments"] for hit in moment["hits"]] == ["screen"]


@pytest.mark.parametrize("scope", [None, "capture"])
def test_without_the_right_to_read_no_tool_is_even_named(memory, scope):
    text = secret(memory, scope) if scope else secret(memory, "read") and None
    with serving(memory, worker=False) as (url, _):
        headers = {"Authorization": f"Bearer {text}"} if text else {}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        answer = httpx2.post(f"{url}/mcp", json=body, headers=headers)
    assert answer.status_code == (403 if scope else 401)
    assert answer.headers["content-type"] == "application/problem+json"
