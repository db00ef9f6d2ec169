"""Disturbs a real server at random and by plan: `python -m benchmarks.faults kills|full|points`.

    kills    `kill -9` of the server or of a child at random instants, while someone uploads (in one go
             and by tus), captures and writes notes
    full     the disk of a small file system is filled by somebody else at the n-th step between two durable
             writes, n from 1 on, and emptied after a while
    points   a kill at every failpoint, at its first, second and third passage

Whatever was acknowledged must be there in the end, every job must end, and what remains must be what an
undisturbed run leaves. Exits 1 when it is not. Parts of one long run, each with `--tally FILE --minutes N`,
add up to that run.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks.household import DAY, FACTS, NOTES, Household
from mem import machine
from tests import servers
from tests.faults import stage
from tests.faults.stage import Play, Stage
from tests.faults.test_failpoints import CUTS, make_media
from tests.processes import children

FEW_NOTES = 6
KILLS_IN_A_ROUND = 20
VOLUME = "64m"
_UNTOLD = re.compile(r"no room for server.json url=(\S+)")


@dataclasses.dataclass
class Tally:
    """What was done so far, and what was wrong with it."""

    seed: int
    rounds: int = 0
    done: int = 0
    kinds: dict[str, int] = dataclasses.field(default_factory=dict)
    acknowledged: int = 0
    exits: dict[str, int] = dataclasses.field(default_factory=dict)  # how servers ended that nobody killed
    longest: float = 0.0  # seconds from the disturbance's end until all was done
    wrong: list[str] = dataclasses.field(default_factory=list)
    cpu: float = 0.0

    def count(self, kind: str) -> None:
        self.done += 1
        self.kinds[kind] = self.kinds.get(kind, 0) + 1


def kills(tally: Tally, playing: Stage, media: Path, place: Path) -> None:
    """A round of kills over one memory."""
    wanted = undisturbed(playing, media, place)
    chance = random.Random(f"{tally.seed} {tally.rounds}")
    with fresh(place) as data:
        home = Household(data, media)
        home.start()
        for _ in range(KILLS_IN_A_ROUND):
            if home.finished.wait(chance.uniform(0.1, 2.0)):
                break
            server = home.up()
            if chance.random() < 0.35 and (there := sorted(machine.children(server.process.pid))):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(there), signal.SIGKILL)
                tally.count("child")
            else:
                server.kill()
                tally.count("server")
        settle(tally, home, playing, media, wanted, f"round {tally.rounds}")


def full(tally: Tally, playing: Stage, media: Path, place: Path) -> None:
    """The disk of a memory that exists is full from the n-th step on, until reading was seen to go on."""
    wanted = undisturbed(playing, media, place, notes=FEW_NOTES)
    number, template = tally.done + 1, place / "template"
    if not template.exists():
        with servers.running(template, **FACTS):
            pass
    with mounted(place / "volume") as volume:
        shutil.copytree(template, volume / "data")
        home = Household(volume / "data", media, FEW_NOTES, failpoint=f"*:{number}:stop")
        thread = threading.Thread(target=_fill, args=(home, volume, tally, number))
        thread.start()
        home.start()
        thread.join()
        settle(tally, home, playing, media, wanted, f"step {number}")


def _fill(home: Household, volume: Path, tally: Tally, number: int) -> None:
    """When the server halts, fill its disk, let it go on, look whether it answers, and make room again."""
    pid = _halted(home)
    if pid is None:
        tally.count("not reached")
        return
    ballast = volume / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(2**16))
    os.kill(pid, signal.SIGCONT)
    tally.count("filled")
    answered, limit = 0, time.monotonic() + 20
    while answered < 3 and time.monotonic() < limit:
        for address in _addresses(home):
            with contextlib.suppress(httpx.TransportError):
                asked = [
                    httpx.get(f"{address}/api/sources", timeout=30),
                    httpx.get(f"{address}/api/notes", params=httpx.QueryParams(DAY), timeout=30),
                    httpx.get(f"{address}/api/search", params={"q": "note"}, timeout=30),
                ]
                answered += all(one.is_success for one in asked)
        time.sleep(0.2)
    if answered < 3:
        tally.wrong.append(f"step {number}: reading went on {answered} times of 3 while the disk was full")
    ballast.unlink()


def _addresses(home: Household) -> list[str]:
    """Where its server is or was, and one that came after it and had no room to say so but in its log."""
    known = [] if home.server is None else [home.server.url]
    told = _UNTOLD.findall((home.data.parent / "serve.log").read_text())
    return known + told[-1:]


def _halted(home: Household) -> int | None:
    """The server's process once it halted; None when all is done without."""
    while not home.finished.is_set():
        for pid in children():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
                    return pid
        time.sleep(0.01)
    return None


def points(tally: Tally, playing: Stage, media: Path, place: Path) -> None:
    """A kill at one passage of one failpoint."""
    plan = [(story, name) for story, names in CUTS.items() for name in names]
    story, name = plan[tally.done // 3]
    point, _, nth = name.partition(":")
    nth = nth or str(tally.done % 3 + 1)
    with fresh(place) as data:
        play = Play(story=story, data=str(data), media=str(media), trap=f"{point}:{nth}:kill")
        status = playing.play(play)
        tally.count("killed" if status == -signal.SIGKILL else f"passed fewer than {nth} times")
        after = dataclasses.replace(play, trap="")
        what = f"{story}, {point}:{nth}"
        if status not in (0, -signal.SIGKILL) or playing.play(after) != 0:
            tally.wrong.append(f"{what}: the story did not go on")
        elif playing.remains(after) != undisturbed(playing, media, place, story):
            tally.wrong.append(f"{what}: something else remains")


def settle(tally: Tally, home: Household, playing: Stage, media: Path, wanted: Any, what: str) -> None:
    """Let everything come to its end, and compare."""
    began = time.monotonic()
    try:
        home.join()
        home.stop()
        found = playing.remains(Play(story="", data=str(home.data), media=str(media)))
        if found != wanted:
            differing = [key for key in wanted if found.get(key) != wanted[key]]
            tally.wrong.append(f"{what}: other {differing}: {str({k: found[k] for k in differing})[:600]}")
    except (AssertionError, subprocess.TimeoutExpired) as error:
        tally.wrong.append(f"{what}: {str(error)[:600]}")
        if home.server is not None and home.server.process.poll() is None:
            home.server.kill()
    tally.longest = max(tally.longest, time.monotonic() - began)
    tally.acknowledged += home.acknowledged
    for status, count in home.exits.items():
        tally.exits[status] = tally.exits.get(status, 0) + count


_known: dict[str, Any] = {}


def undisturbed(
    playing: Stage, media: Path, place: Path, story: str | None = None, notes: int = NOTES
) -> Any:
    """What remains where nothing is disturbed: of a story, or of all that `Household` does."""
    name = story or "household"
    if name not in _known:
        with fresh(place) as data:
            play = Play(story=story or "", data=str(data), media=str(media))
            if story is not None:
                playing.whole(play)
            else:
                home = Household(data, media, notes)
                home.start()
                home.join()
                home.stop()
            _known[name] = playing.remains(play)
    return _known[name]


@contextlib.contextmanager
def fresh(place: Path) -> Iterator[Path]:
    """A data directory of its own."""
    folder = Path(tempfile.mkdtemp(dir=place))
    try:
        yield folder / "data"
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """A small file system."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={VOLUME}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


WAYS = {"kills": (kills, 200), "full": (full, 100), "points": (points, 3 * sum(map(len, CUTS.values())))}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--times", type=int, help="kills, steps or passages instead of all of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many")
    parser.add_argument("--tally", type=Path, help="file that counts over several runs; goes on behind it")
    options = parser.parse_args()
    disturb, times = WAYS[options.way]
    goal, tally = options.times or times, Tally(options.seed)
    if options.tally is not None and options.tally.exists():
        tally = Tally(**json.loads(options.tally.read_text()))
    until, used = time.monotonic() + 60 * options.minutes, tally.cpu
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        stage.opened(Path(folder) / "log") as playing,
    ):
        place = Path(folder)
        media = make_media(place)
        while tally.done < goal and time.monotonic() < until:
            disturb(tally, playing, media, place)
            tally.rounds += 1
            tally.cpu = used + cpu()
            if options.tally is not None:
                options.tally.write_text(json.dumps(dataclasses.asdict(tally)))
    print(f"{options.way}: {tally.done} of {goal} {tally.kinds} in {tally.rounds} rounds", end="; ")
    print(f"{tally.acknowledged} acknowledged writes; settled within {tally.longest:.1f} s", end="; ")
    print(f"servers that ended by themselves, by status: {tally.exits}; {tally.cpu:.0f} CPU-s")
    for text in tally.wrong:
        print(f"WRONG {text}")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
