"""Two API processes over one database and one data directory are one server to those who ask."""

import time

import httpx
import pytest

from mem import types
from mem.api import rates, shared
from mem.errors import TooManyRequests
from mem.store import jobs
from tests import loops, servers
from tests.scale import fleet as fleets


def _pair(fleet):
    first = fleet.server()
    noted = (fleet.data / "server.json").read_text()
    second = servers.start_beside(fleet.data, first, **fleet.settings)
    fleet.also(second.process)
    assert (fleet.data / "server.json").read_text() == noted  # the first one's, for as long as it lives
    return first, second


def test_what_one_takes_in_is_followed_at_the_other_and_replayed(fleet):
    first, second = _pair(fleet)
    memory = fleet.memory()
    with httpx.stream("GET", f"{second.url}/api/events", timeout=30) as stream:
        lines = stream.iter_lines()
        job = fleets.queue(memory, 1)[0]
        assert any(line == "event: queued" for line in lines)
        headers = {"Authorization": f"Bearer {first.key}"}
        httpx.post(f"{first.url}/api/jobs/{job}/cancel", headers=headers).raise_for_status()
        assert any(line == "event: cancelled" for line in lines)
    with httpx.stream("GET", f"{first.url}/api/jobs/{job}/events", timeout=30) as stream:
        events = [line for line in stream.iter_lines() if line.startswith("event: ")]
    assert events == ["event: queued", "event: cancelled"]
    last = jobs.latest_event(memory.db)
    again = {"Last-Event-ID": str(last - 1)}
    with httpx.stream("GET", f"{second.url}/api/jobs/{job}/events", headers=again, timeout=30) as stream:
        events = [line for line in stream.iter_lines() if line.startswith("event: ")]
    assert events == ["event: cancelled"]


def test_two_servers_count_a_caller_together(fleet, redis):
    fleet.settings |= {"api__rate__shared_url": redis.url, "api__rate__write": "2/hour"}
    first, second = _pair(fleet)
    near = 20  # times as often, for callers on this machine
    answers = [
        httpx.post(f"{server.url}/api/jobs/1/cancel").status_code
        for _ in range(near + 1)
        for server in (first, second)
    ]
    assert answers[: 2 * near] == [404] * (2 * near)
    assert answers[2 * near :] == [429, 429]
    redis.stop()
    assert httpx.post(f"{first.url}/api/jobs/1/cancel").status_code == 404  # it counts by itself


def test_a_shared_bucket_fills_again(redis):
    loops.run(_fill_and_wait(redis))


async def _fill_and_wait(redis):
    counted = shared.Shared(redis.url)
    rate = rates.parse("2/second")
    assert await counted.take("read", rate, "a", 1)
    assert await counted.take("read", rate, "a", 1)
    with pytest.raises(TooManyRequests) as refused:
        await counted.take("read", rate, "a", 1)
    assert refused.value.retry_after == 1
    assert await counted.take("read", rate, "b", 1)
    time.sleep(0.6)
    assert await counted.take("read", rate, "a", 1)
    await counted.close()
    redis.stop()
    other = shared.Shared(redis.url)
    assert not await other.take("read", rate, "a", 1)
    await other.close()


def test_a_token_revoked_at_one_is_refused_at_the_other(fleet):
    first, second = _pair(fleet)
    owner = {"Authorization": f"Bearer {first.key}"}
    made = httpx.post(f"{first.url}/api/tokens", headers=owner, json={"name": "a", "scopes": ["read"]}).json()
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    limit = time.monotonic() + 10
    while httpx.get(f"{second.url}/api/sources", headers=bearer).status_code != 200:
        assert time.monotonic() < limit
        time.sleep(0.1)
    gone = httpx.delete(f"{first.url}/api/tokens/{made['token']['id']}", headers=owner)
    assert gone.status_code < 300, gone.text
    while httpx.get(f"{second.url}/api/sources", headers=bearer).status_code != 401:
        assert time.monotonic() < limit, types.now()
        time.sleep(0.1)
