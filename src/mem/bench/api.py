"""Search, timeline and frames over HTTP, and what many clients at once get."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from mem import types
from mem.bench import Measure, Tell, questions, served, year
from mem.bench.served import Client, Server
from mem.bench.timing import milliseconds, percentile
from mem.memory import open_memory

_DAYS, _QUICK_DAYS = 365, 20
_COUNT, _QUICK_COUNT = 400, 100  # requests of each kind
_CLIENTS = 32
_CROWD_SECONDS, _QUICK_CROWD_SECONDS = 20.0, 6.0
_NEWS = 10  # new segments that are looked for
_POLL_SECONDS = 0.005
_PATIENCE_SECONDS = 10.0

Asking = Callable[[Client], int]  # puts one question and gives the status of its answer


def measure(quick: bool, tell: Tell, folder: Path) -> list[Measure]:
    """The times of each kind of request by one client, of all kinds by 32, and of news."""
    built = year.build(folder, _QUICK_DAYS if quick else _DAYS, tell)
    how = f"{built.segments:,} segments, {built.frames:,} frames; HTTP on loopback, the server on its own"
    tell("making the index")
    with open_memory(year.config(folder)):
        pass  # so that the server starts with one
    with served.running(folder) as server:
        found = []
        for name, asking, p50, p99 in _kinds(built):
            tell(f"asking: {name}")
            times = _alone(server, asking, _QUICK_COUNT if quick else _COUNT)
            for which, share, target in (("p50", 0.5, p50), ("p99", 0.99, p99)):
                value = round(percentile(times, share), 2)
                found.append(
                    Measure(
                        measure=f"{name} {which}",
                        value=value,
                        unit="ms",
                        target=target,
                        how=f"one client; {how}",
                    )
                )
        tell(f"{_CLIENTS} clients at once")
        found += _crowd(server, built, _QUICK_CROWD_SECONDS if quick else _CROWD_SECONDS, how)
        tell("looking for news")
        found.append(_news(server, how))
    return found


def _kinds(built: year.Built) -> list[tuple[str, Iterator[Asking], float, float]]:
    """Each kind of request with what it should take at p50 and p99, ms."""
    return [
        ("search", _searches(1), 8, 25),
        ("timeline page of a day", _days(built, 2), 8, 25),
        ("frame at an instant", _instants(built, 3), 5, 15),
        ("density of a month", _months(built, 4), 40, 90),
    ]


def _alone(server: Server, asking: Iterator[Asking], count: int) -> list[float]:
    """The times of `count` requests by one client, after some for warmth.

    Raises RuntimeError when one is not answered.
    """
    client = server.client()

    def ask(one: Asking) -> None:
        status = one(client)
        if status != 200:
            raise RuntimeError(f"the server answered with status {status}")

    milliseconds(ask, itertools.islice(asking, 20))
    times = milliseconds(ask, itertools.islice(asking, count))
    client.close()
    return times


def _crowd(server: Server, built: year.Built, seconds: float, how: str) -> list[Measure]:
    """Many clients, each asking again as soon as it has its answer, while stretches are being committed."""
    times: list[float] = []
    statuses: list[int] = []
    until = time.monotonic() + seconds

    def be_one(number: int) -> None:
        client = server.client()
        kinds = (_searches(number), _days(built, number), _instants(built, number))
        for asking in itertools.cycle(kinds):
            if time.monotonic() > until:
                break
            begin = time.perf_counter()
            statuses.append(next(asking)(client))
            times.append((time.perf_counter() - begin) * 1000)
        client.close()

    server.tell("write")
    threads = [threading.Thread(target=be_one, args=(number,)) for number in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.tell("rest")
    how = f"{_CLIENTS} clients without a pause, 60 frames and segments committed each second; {how}"
    wrong = sum(status not in (200, 503) for status in statuses)
    rate = round(len(times) / seconds, 1)
    return [
        Measure(
            measure="32 clients p99", value=round(percentile(times, 0.99), 1), unit="ms", target=250, how=how
        ),
        Measure(
            measure="32 clients p50", value=round(percentile(times, 0.5), 1), unit="ms", target=None, how=how
        ),
        Measure(measure="32 clients rate", value=rate, unit="answers/s", target=None, how=how),
        Measure(measure="32 clients errors but 503", value=wrong, unit="answers", target=0, how=how),
    ]


def _news(server: Server, how: str) -> Measure:
    """The longest time from the commit of a segment until a search finds it."""
    client, longest = server.client(), 0.0
    for number in range(_NEWS):
        word = f"novelty{number}xq"
        committed = server.tell("say", word)
        while not client.find(word):
            if time.monotonic() - committed > _PATIENCE_SECONDS:
                break
            time.sleep(_POLL_SECONDS)
        longest = max(longest, time.monotonic() - committed)
    client.close()
    return Measure(
        measure="a new segment is found after",
        value=round(longest, 3),
        unit="s",
        target=2,
        how=f"the longest of {_NEWS} from the end of its commit; {how}",
    )


def _searches(seed: int) -> Iterator[Asking]:
    while True:
        for text in itertools.chain.from_iterable(zip(*questions.asked(50, seed).values(), strict=True)):
            yield _asking("/api/search", q=text)


def _days(built: year.Built, seed: int) -> Iterator[Asking]:
    for start in _starts(built, seed, timedelta(days=1)):
        yield _asking("/api/timeline", from_=start, to=start + timedelta(days=1))


def _instants(built: year.Built, seed: int) -> Iterator[Asking]:
    for moment in _starts(built, seed, timedelta(seconds=1)):
        yield _asking("/api/frames", at=moment)


def _months(built: year.Built, seed: int) -> Iterator[Asking]:
    month = min(timedelta(days=30), timedelta(days=built.days))
    for start in _starts(built, seed, month):
        yield _asking("/api/timeline/density", from_=start, to=start + month, buckets=720)


def _starts(built: year.Built, seed: int, lasting: timedelta) -> Iterator[datetime]:
    """Instants, to the second, after which that much of the recordings lies."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    room = int((built.end - year.BEGIN - lasting).total_seconds())
    while True:
        yield year.BEGIN + timedelta(seconds=chance.randint(0, room))


def _asking(path: str, **asked: object) -> Asking:
    texts = {name: types.written(v) if isinstance(v, datetime) else v for name, v in asked.items()}
    return lambda client: client.get(path, **texts)[0]
