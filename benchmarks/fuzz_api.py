"""Asks the API what its own description allows, and what it does not: `python -m benchmarks.fuzz_api`.

Schemathesis makes the requests from /openapi.json. Each answer must be described there (status, media type,
shape) and none may be a server error. Runs with the owner's key, with a reading token and without any.
"""

import argparse
import collections
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import requests
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mem import config as mem_config
from mem.api.app import serving
from mem.memory import Memory, open_memory
from mem.ops import tokens

ENDLESS = r"/events$"  # streams that end with their listener
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
RATES = ("read", "search", "write", "failures")


def settings(folder: Path) -> dict[str, object]:
    """A memory that is asked as fast as can be."""
    rates = {f"api.rate.{name}": "1000000/second" for name in RATES}
    return {"data_dir": str(folder), "storage.min_free_bytes": 0, "whisper.model": "tiny.en", **rates}


@contextlib.contextmanager
def server(memory: Memory) -> Iterator[tuple[Any, str, str]]:
    """A running server: its description, its address and its owner's key."""
    with serving(memory, worker=False) as (url, key):
        headers = {"Authorization": f"Bearer {key}"}
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json", headers=headers)
        yield schema.exclude(path_regex=ENDLESS), url, key


def ask(
    schema, url: str, headers: dict[str, str], cases: int, seed: int, until: float
) -> Iterator[tuple[str, str]]:
    """Ask each operation so many cases; gives its name and what was wrong, or an empty text for each case."""
    session = requests.Session()
    for found in schema.get_all_operations():
        operation = found.ok()
        if time.monotonic() > until:
            return
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            yield from _one(operation, mode, (session, url, headers), cases // 2, seed, until)


def _one(operation, mode, asking, cases, seed, until) -> Iterator[tuple[str, str]]:
    results: list[tuple[str, str]] = []
    session, url, headers = asking
    name = f"{operation.method.upper()} {operation.path}"

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=max(cases, 1),
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def asked(case) -> None:
        if time.monotonic() > until:
            return
        session.cookies.clear()
        response = case.call(base_url=url, session=session, headers=headers)
        try:
            case.validate_response(response, checks=CHECKS)
            results.append((name, ""))
        except FailureGroup as wrong:
            results.append((name, wrong.message))

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # nothing wrong can be sent to it
        asked()
    yield from results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="requests in all")
    parser.add_argument("--seconds", type=float, default=220)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    until = time.monotonic() + given.seconds
    count, wrong = 0, collections.Counter[tuple[str, str]]()
    with (
        tempfile.TemporaryDirectory(prefix="mem-fuzz-") as folder,
        open_memory(mem_config.load(settings(Path(folder) / "data"), environ={})) as memory,
    ):
        reader = tokens.create(memory, name="reader", scopes=["read"])[1]
        with server(memory) as (schema, url, key):
            number = sum(1 for _ in schema.get_all_operations())
            each = -(-given.cases // (2 * number))
            for bearer in (key, reader, None):
                headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
                most = each if bearer == key else each // 2
                for name, failure in ask(schema, url, headers, most, given.seed, until):
                    count += 1
                    if failure:
                        wrong[name, failure[:1500]] += 1
    for (name, failure), times in wrong.most_common():
        print(f"--- {name}, {times} times\n{failure}")
    print(f"{count} cases over {number} operations (seed {given.seed}), {wrong.total()} wrong answers")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
