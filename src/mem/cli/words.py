"""Numbers in words that a person reads at a glance."""

from collections.abc import Mapping


def count(number: int, noun: str, plural: str | None = None) -> str:
    """For example "1 frame" and "1,204 frames"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: float) -> str:
    """Bytes, for example "1.4 GiB"."""
    value = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def duration(seconds: float) -> str:
    """A length of time, for example "1:02:03" or "4:05"; below a minute "12 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def share(part: float) -> str:
    """A share of 0 to 1 in per cent; never rounded up to all of it."""
    percent = part * 100
    return f"{min(percent, 99.9):.1f} %" if 99 <= percent < 100 else f"{percent:.0f} %"


def times(factor: float) -> str:
    """How many times as fast, for example "38x"."""
    return f"{factor:.1f}x" if factor < 10 else f"{factor:.0f}x"


def first(name: str, limit: int = 60) -> str:
    """A text cut to `limit` characters, the cut shown."""
    return name if len(name) <= limit else name[: limit - 1] + "…"


def removed(counts: Mapping[str, int]) -> str:
    """What a deletion removes, for example "1 source, 5 frames, 2 screen texts"."""
    parts = [f"{n:,} {_noun(name, n)}" for name, n in counts.items() if n and not name.startswith("job_")]
    return ", ".join(parts) or "nothing"


def _noun(name: str, number: int) -> str:
    text = name.replace("_", " ")
    return text.removesuffix("s") if number == 1 else text
