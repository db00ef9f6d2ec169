"""Asks every route with odd values in every place: `python -m benchmarks.attacking [--engine postgres]`.

A token that is limited to one recording asks, one that is limited to a time, one that may write, somebody
without a token, and last the owner. No answer may be a server error, and none that a limited token gets may
hold a word of what it may not see. Before that, the limited ones ask a memory with and one without what they
may not see: every answer must be the same. Ends with status 1 where anything else comes.
"""

import argparse
import contextlib
import itertools
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.fuzz_api import settings
from mem import config as mem_config
from mem.api.app import serving
from mem.memory import Memory, open_memory
from mem.ops import tokens
from mem.types import Limits, Source
from tests.api.seed import NOON, Seed, at
from tests.store.conftest import Server, running_postgres

HIDDEN = ("zebra", "quagga", "hidden", "2026-11-20T15:")
VALUES: tuple[str, ...] = (
    "", "0", "-1", "1", "2", "3", "+1", "1.5", "1e9", "0x1", "NaN", "null", "true", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "9" * 400, "'", "' or '1'='1", "1; drop table jobs", "%",
    "_", "\\", "*", "a*", '"zebra', '"zebra quagga"', "zebra", "zebr~", "quagga~", "-meadow", "source:hidden",
    "location:hidden", "zebra OR meadow", "../../../../etc/passwd", "..%2f..%2fserver.json", "\0", "a\0b",
    "\u202e", "é" * 300, "🦓", "a" * 5000, "{}", "[]", "[[[[", "<script>", "${jndi:x}", "{{7*7}}",
    "2026-11-20T12:00:00Z", "2026-11-20T15:00:20Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
    "2026-11-20T12:00:00", "2026-11-20T12:00:00+23:59", "2026-02-30T00:00:00Z", "-1h", "2026-W47-5",
    "WyJqb2JzIiwzXQ",
)  # fmt: skip
BODIES: tuple[Any, ...] = (
    None, True, 0, 1, 2, -1, 1.5, 2**63 - 1, 2**63, 2**70, "", "a", "a\0b", "2026-11-20T15:00:20Z",
    "0001-01-01T00:00:00Z", "../../etc/passwd", "gnu", "x" * 30_000, [], [1], [[1]], ["a"] * 2000, {},
    {"a": 1},
    {"a": {"a": {"a": None}}}, "\ud800",
)  # fmt: skip
KNOWN = {"id": "1", "q": "meadow", "form": "json", "which": "writer", "at": "2026-11-20T15:00:20Z"}
RANGE = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
_OWN = re.compile(r'"request_id":"[^"]*"')  # of each answer
ENDLESS = ("/api/events", "/api/jobs/{id}/events")


def filled(memory: Memory, *, hidden: bool = True) -> int:
    """What may be seen at noon and something else at three; gives the id of the first recording."""
    seed = Seed(memory)
    seen = seed.source(NOON, name="open.mp4", path="/videos/open.mp4", content_hash="1" * 64)
    _recorded(seed, seen, "a horse in the meadow")
    if hidden:
        facts = {"name": "hidden.mp4", "path": "/hidden.mp4", "location": "hidden"}
        _recorded(seed, seed.source(NOON + timedelta(hours=3), **facts), "a zebra, a quagga in the meadow")
        seed.note("zebra at large", at(3 * 3600))
    return seen.id


def _recorded(seed: Seed, source: Source, said: str) -> None:
    seed.frames(source, [0, 20, 60])
    seed.say(source, 20, said)
    seed.read(source, (source.started_at - NOON).total_seconds() + 22, f"to be read: {said}")
    seed.note(f"note: {said}", source.started_at, source=source)
    seed.finish(seed.claimed(source), result={"said": said})


def limited(memory: Memory, source_id: int) -> dict[str, str]:
    """The secrets of a token that is limited to a recording, and of one that is limited to its time."""
    limits = {
        "limited to a recording": Limits(source_ids=(source_id,)),
        "limited to a time": Limits(start=NOON, end=NOON + timedelta(hours=1)),
    }
    return {
        name: tokens.create(memory, name=name, scopes=["read", "write"], limits=each)[1]
        for name, each in limits.items()
    }


def asked(
    document: Mapping[str, Any], *, only: str | None = None, always: Mapping[str, str] = RANGE
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every method of every route, each with one odd value in one place: query, address, or body.

    `only` one method; what `always` has is said wherever there is a place for it, so that nothing depends on
    the present time.
    """
    for path, methods in document["paths"].items():
        if path in ENDLESS:
            continue
        for method, told in methods.items():
            if only not in (None, method):
                continue
            places = [one for one in told.get("parameters", ()) if one["in"] in ("query", "path")]
            names = {one["name"]: one["in"] for one in places} | dict.fromkeys(("nothing",), "query")
            wanted = {one["name"] for one in places if one.get("required")}
            usual = {name: KNOWN.get(name, "1") for name in wanted}
            usual |= {name: value for name, value in always.items() if name in names}
            body = _body(document, told)
            for name, value in itertools.product(names, VALUES):
                yield method, *_request(path, names, usual | {name: value}, body)
            for odd in _bodies(document, told):
                yield method, *_request(path, names, usual, odd)


def _request(
    path: str, names: dict[str, str], given: dict[str, str], body: Any
) -> tuple[str, dict[str, Any]]:
    for name, value in given.items():
        if names[name] == "path":
            path = path.replace(f"{{{name}}}", httpx.URL("http://a/", params={"a": value}).query.decode()[2:])
    query = {name: value for name, value in given.items() if names[name] == "query"}
    content = (
        {} if body is None else {"content": _text(body), "headers": {"Content-Type": "application/json"}}
    )
    return path, {"params": query, **content}


def _text(body: Any) -> bytes:
    return json.dumps(body).encode()


def _schema(document: Mapping[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            found: dict[str, Any] = document["components"]["schemas"][one["$ref"].rpartition("/")[2]]
            return found
    return {}


def _body(document: Mapping[str, Any], told: dict[str, Any]) -> dict[str, Any] | None:
    """What is to be there, at least."""
    schema = _schema(document, told)
    usual = {"start": "2026-11-20T12:00:20Z", "from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00Z"}
    return {name: usual.get(name, "a") for name in schema.get("required", ())} if schema else None


def _bodies(document: Mapping[str, Any], told: dict[str, Any]) -> Iterator[Any]:
    schema = _schema(document, told)
    if not schema:
        return
    yield from BODIES
    usual = _body(document, told) or {}
    for name, value in itertools.product(schema.get("properties", ()), BODIES):
        yield usual | {name: value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server, and who may ask it."""

    url: str
    key: str  # the owner's
    secrets: Mapping[str, str]  # of the limited tokens
    writer: str
    document: Mapping[str, Any]  # what it says of itself


@contextlib.contextmanager
def served(postgres: Server | None = None, *, hidden: bool) -> Iterator[Served]:
    """A server over a memory, with or without what limited tokens may not see."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mem-attack-")))
        facts = settings(folder / "data")
        if postgres is not None:
            name = "mem_full" if hidden else "mem_bare"
            postgres.run(f"create database {name} template mem_template")
            facts["database.url"] = postgres.url(name)
        memory = stack.enter_context(open_memory(mem_config.load(facts, environ={})))
        secrets = limited(memory, filled(memory, hidden=hidden))
        writer = tokens.create(memory, name="writer", scopes=["write", "capture"])[1]
        url, key = stack.enter_context(serving(memory, worker=False))
        document = httpx.get(f"{url}/openapi.json", headers={"Authorization": f"Bearer {key}"}).json()
        yield Served(url=url, key=key, secrets=secrets, writer=writer, document=document)


def attack(url: str, who: str, bearer: str | None, document: Mapping[str, Any], until: float) -> Counter[str]:
    """How often each status came, and what was wrong, by request."""
    came: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as caller:
        for method, path, facts in asked(document, always={}):
            if time.monotonic() > until:
                came["OUT OF TIME"] += 1
                break
            answer = caller.request(method, path, **facts)
            came[str(answer.status_code)] += 1
            where = f"{who}: {method} {path[:60]} {str(facts)[:160]}"
            if answer.status_code >= 500 and answer.status_code not in (503, 507):
                came[f"WRONG {answer.status_code} {where}"] += 1
            if who.startswith("limited"):
                came.update(f"LEAK {word} {where}" for word in _leaked(answer, facts))
    return came


def told_apart(full: Served, bare: Served, who: str, *, every: int = 1) -> tuple[int, list[str]]:
    """How many questions somebody asked of two servers, and those that were answered differently."""
    count, different = 0, []
    with contextlib.ExitStack() as stack:
        callers = []
        for one in (full, bare):
            headers = {"Authorization": f"Bearer {one.secrets[who]}"}
            callers.append(stack.enter_context(httpx.Client(base_url=one.url, headers=headers, timeout=60)))
        for method, path, facts in itertools.islice(asked(full.document, only="get"), 0, None, every):
            said = [_said(caller.request(method, path, **facts)) for caller in callers]
            count += 1
            if said[0] != said[1]:
                different.append(f"DIFFERENT {who}: {path[:60]} {str(facts)[:160]}")
    return count, different


def _said(answer: httpx.Response) -> str:
    return _OWN.sub("", f"{answer.status_code} {answer.headers.get('etag')} {answer.text}")


def _leaked(answer: httpx.Response, facts: dict[str, Any]) -> list[str]:
    """The hidden words in an answer that were not in the question."""
    question = str(facts).lower()
    return [word for word in HIDDEN if word in answer.text.lower() and word.lower() not in question]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("duckdb", "postgres"), default="duckdb")
    parser.add_argument(
        "--part", choices=("same", "odd"), help="only compare answers, or only ask what is odd"
    )
    parser.add_argument("--seconds", type=float, default=230)
    given = parser.parse_args()
    until = time.monotonic() + given.seconds
    came: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(running_postgres()) if given.engine == "postgres" else None
        full, bare = (stack.enter_context(served(postgres, hidden=hidden)) for hidden in (True, False))
        for who in full.secrets if given.part != "odd" else ():
            count, different = told_apart(full, bare, who)
            print(f"{who}: {count} questions with and without what is hidden, {len(different)} told apart")
            came.update(different)
            came["200"] += 2 * count
        everybody = {**full.secrets, "a writer": full.writer, "nobody": None, "the owner": full.key}
        for who, bearer in everybody.items() if given.part != "same" else ():
            found = attack(full.url, who, bearer, full.document, until)
            print(f"{who}: {dict(sorted((k, n) for k, n in found.items() if k.isdigit()))}", flush=True)
            came += found
    wrong = {what: times for what, times in came.items() if not what.isdigit()}
    for what, times in sorted(wrong.items()):
        print(f"{what}: {times} times")
    requests = sum(times for what, times in came.items() if what.isdigit())
    print(f"{requests} requests on {given.engine}, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
