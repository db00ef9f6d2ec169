"""What taking in a recording's picture costs: time, memory, and room on the disk."""

from dataclasses import dataclass
from pathlib import Path

from mem.bench import Measure, Tell, clips, footage, looking
from mem.bench.clips import Coded
from mem.bench.dedup import FIRST_SEED
from mem.bench.footage import Kind
from mem.bench.looking import Took
from mem.media.dedup import Keeper
from mem.media.news import RULES

_CLIP_SECONDS, _QUICK_CLIP_SECONDS = 50, 25  # whole GOPs of 250 pictures
_LAPS, _QUICK_LAPS = 72, 12  # an hour, five minutes
_DAYS_LOOKS, _QUICK_DAYS_LOOKS = 720, 180  # from which a day is reckoned
_FEW_PICTURES = 11  # of the 4K recording, one a second
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Clip:
    """A recording that is looked at."""

    path: Path
    once: Path  # one lap of it
    seconds: int
    lap: int  # seconds


def measure(quick: bool, tell: Tell, folder: Path) -> list[Measure]:
    """How fast recordings of each kind are looked at, beside the floor and FFmpeg, and what they leave."""
    tell("coding a camera's recording")
    static = _make(folder, "static", Coded(fps=clips.FPS, gop=2 * clips.FPS), quick)
    found, sizes, small = _speed_of_static(static, tell), dict[str, Took](), dict[str, Took]()
    for name, coded, target in (
        ("screen, x264's default GOP", Coded(fps=clips.FPS, gop=250, between=3, scenecut=True), 60),
        ("camera, x264's default GOP", Coded(fps=clips.FPS, gop=250, between=3), 50),
        ("camera, GOP of 10 s", Coded(fps=clips.FPS, gop=10 * clips.FPS), 26),
    ):
        tell(f"coding and looking: {name}")
        clip = _make(folder, name.split(",")[0] + str(coded.gop), coded, quick)
        took = sizes[name.split(",")[0]] = looking.whole(clip.path)
        found.append(_speed(f"{name}: whole frame path", took, clip, target))
        found.append(_memory(f"{name}: memory", took, 150))
        small[name.split(",")[0]] = looking.reeled(clip.path)
        clip.path.unlink()
    tell("deciding about days")
    looks = _QUICK_DAYS_LOOKS if quick else _DAYS_LOOKS
    found.append(_a_day("screen, 8 h of work", footage.screen, sizes["screen"], 8, looks, 55))
    found.append(_a_day("busy camera", footage.camera, sizes["camera"], 24, looks, 80))
    found.append(_a_day("screen, 8 h of work, as reels", footage.screen, small["screen"], 8, looks, 45))
    found.append(_a_day("busy camera, as reels", footage.camera, small["camera"], 24, looks, 20))
    return [*found, _large(folder, tell)]


def _make(folder: Path, name: str, coded: Coded, quick: bool) -> _Clip:
    lap = _QUICK_CLIP_SECONDS if quick else _CLIP_SECONDS
    times = _QUICK_LAPS if quick else _LAPS
    count = lap * coded.fps
    pictures = clips.desk(count, coded.fps) if name.startswith("screen") else clips.camera(count)
    once = clips.write(folder / f"{name}-once.mp4", pictures, coded)
    return _Clip(clips.repeated(once, folder / f"{name}.mp4", times, lap), once, lap * times, lap)


def _speed_of_static(clip: _Clip, tell: Tell) -> list[Measure]:
    """The camera that most people have: a keyframe every two seconds."""
    tell("looking at it")
    least, alone = looking.floor(clip.path), looking.sampled(clip.path)
    took = looking.whole(clip.path)
    tell("decoding all of it, as FFmpeg would")
    others = looking.thinned(clip.once)
    how = _how(took, clip)
    ratio = round((others.cpu / clip.lap) / (took.cpu / clip.seconds), 1)
    share = round((alone.cpu / alone.looks) / (least.cpu / least.looks), 3)
    per_day = round(took.size / clip.seconds * _DAY / 1e6, 1)
    theirs = round(others.size / clip.lap * _DAY / 1e6)
    reels = round(looking.reeled(clip.path).size / clip.seconds * _DAY / 1e6, 1)
    return [
        Measure(
            measure="camera, GOP of 2 s: looking, by the floor", value=share, unit="x", target=1.15,
            how=f"{alone.cpu:.2f} by {least.cpu:.2f} CPU-s: read all, decode the wanted keyframes",
        ),
        _speed("camera, GOP of 2 s: whole frame path", took, clip, 300),
        Measure(
            measure="camera, GOP of 2 s: by FFmpeg fps=1/5 and JPEG", value=ratio, unit="x", target=30,
            better="higher", how=f"{others.cpu:.2f} CPU-s for {clip.lap} s of it, one thread; {how}",
        ),
        _memory("camera, GOP of 2 s: memory", took, 150),
        Measure(measure="static camera: stored a day", value=per_day, unit="MB", target=15, how=how),
        Measure(
            measure="static camera, as reels: stored a day", value=reels, unit="MB", target=4,
            how="the same frames once storage.reel_after_days have passed",
        ),
        Measure(
            measure="static camera: FFmpeg fps=1/5 and JPEG, a day", value=theirs, unit="MB", target=None,
            how=f"{others.kept} pictures of quality 80",
        ),
    ]  # fmt: skip


def _a_day(name: str, kind: Kind, took: Took, hours: int, looks: int, target: float) -> Measure:
    """What a day leaves on which as many looks are kept as of footage, as large as a recording's frames."""
    keeper = Keeper(RULES["normal"])
    kept = sum(keeper.decide(look.thumb)[1] for look in kind(FIRST_SEED, looks))
    each = took.size / took.kept
    frames = round(kept / looks * hours * 3_600_000 / looking.EVERY_MS)
    how = f"{frames} frames of {each / 1000:.0f} kB: {kept} of {looks} looks at generated footage were kept"
    size = round(frames * each / 1e6, 1)
    return Measure(measure=f"{name}: stored a day", value=size, unit="MB", target=target, how=how)


def _large(folder: Path, tell: Tell) -> Measure:
    tell("looking at 4K")
    pictures = clips.camera(_FEW_PICTURES, 1, 3840, 2160)
    path = clips.write(folder / "large.mp4", pictures, Coded(fps=1, gop=5))
    return _memory("camera, 4K: memory", looking.whole(path), 400)


def _speed(name: str, took: Took, clip: _Clip, target: float) -> Measure:
    speed = round(clip.seconds / took.cpu, 1)
    return Measure(
        measure=name, value=speed, unit="x real time", target=target, better="higher", how=_how(took, clip)
    )


def _memory(name: str, took: Took, target: float) -> Measure:
    size = round(took.memory / 1e6)
    return Measure(
        measure=name, value=size, unit="MB", target=target, how="resident, at most, in the process"
    )


def _how(took: Took, clip: _Clip) -> str:
    return (
        f"{took.cpu:.2f} CPU-s for {clip.seconds} s of 1080p30 ({clip.path.name}): {took.looks} looks, "
        f"{took.kept} kept, {took.size / 1000:.0f} kB"
    )
