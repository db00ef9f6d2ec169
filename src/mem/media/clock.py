"""When a recording began: the most trustworthy of what is known, how sure it is, and why.

The caller's word counts before a sidecar, that before the file's name, that before the container,
and the file's own time comes last. A time without zone is read in the owner's. Where two sources
contradict each other the order stands, the confidence falls, and the evidence names both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from mem import types
from mem.errors import NaiveTime
from mem.media import names, sidecar, stamps
from mem.media.stamps import Stamp
from mem.types import Confidence, Media, StartTime, TimeSource

_NEAR = timedelta(seconds=5)  # between writing the last byte of a file and its time
_LONG = timedelta(seconds=15)  # recordings whose start and end are told apart
_AGREE = timedelta(minutes=5)  # clocks of one device, and the time that a recorder needs to begin
_APART = timedelta(minutes=30)  # the least error of a wrong zone; beyond it two sources contradict each other
# The first is written with its zone by the phone itself; the others say UTC, and often are not.
_TAGS = ("com.apple.quicktime.creationdate", "date_recorded", "creation_time", "creationdate", "date")
_LOWER: dict[Confidence, Confidence] = {"high": "medium", "medium": "low", "low": "low"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one source says about the start."""

    source: TimeSource
    start: datetime  # aware
    confidence: Confidence
    evidence: str  # a sentence without its full stop
    stamp: Stamp | None = None


def resolve(
    *,
    name: str,
    media: Media,
    mtime: datetime,
    sidecars: Mapping[str, str],
    caller: datetime | None,
    zone: ZoneInfo,
) -> StartTime:
    """When the recording `name` began.

    `mtime` is when the file was last written, aware. `sidecars` maps the names of files beside it
    to their text. `caller` is what a person or program said; it must be aware (else NaiveTime).
    """
    if caller is not None:
        if caller.utcoffset() is None:
            raise NaiveTime(caller)
        said = f"The caller said {caller.isoformat()}"
        return _settled(Reading(source="caller", start=caller, confidence="high", evidence=said))
    last_year = types.now().year + 1
    found = (
        from_sidecars(sidecars, zone, last_year),
        from_name(name, zone, last_year),
        from_container(media, mtime, zone, last_year),
    )
    first, *rest = [*filter(None, found), from_mtime(media, mtime)]
    if first.stamp is not None and first.stamp.precision == "day":
        return _settled(_within_day(first, first.stamp, rest, zone))
    if rest and rest[0].source != "mtime":
        return _settled(_compared(first, rest[0], media, zone))
    return _settled(first)


def from_sidecars(files: Mapping[str, str], zone: ZoneInfo, last_year: int) -> Reading | None:
    """What the first sidecar with a start time says."""
    for name, text in files.items():
        if stamp := sidecar.read(name, text, last_year):
            return _reading("sidecar", stamp, f"{name[-60:]} says", zone)
    return None


def from_name(name: str, zone: ZoneInfo, last_year: int) -> Reading | None:
    """What the file's name says."""
    stamp = names.read(name, last_year)
    return None if stamp is None else _reading("filename", stamp, "The name says", zone)


def from_container(media: Media, mtime: datetime, zone: ZoneInfo, last_year: int) -> Reading | None:
    """What the container's tags say; one that carries a zone counts before `creation_time`."""
    tags = {key.lower(): value for key, value in media.tags.items()}
    stamps_by_tag = {tag: stamps.read(tags[tag], last_year) for tag in _TAGS if tag in tags}
    for tag, stamp in stamps_by_tag.items():
        if stamp is None or stamp.precision == "day":
            continue
        reading = _reading("container", stamp, f"{tag} in the file is", zone)
        trusted = tag == _TAGS[0] or stamp.time.tzinfo is None
        return reading if trusted else _checked(reading, media, mtime, zone)
    return None


def from_mtime(media: Media, mtime: datetime) -> Reading:
    """The file's last change less the duration: right only if nobody copied or changed it."""
    written = (
        f"Only its last change, {mtime.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, says when it was recorded"
    )
    evidence = written if media.duration_ms else f"{written}, and its length is unknown"
    return Reading(source="mtime", start=mtime - _duration(media), confidence="low", evidence=evidence)


def _reading(source: TimeSource, stamp: Stamp, says: str, zone: ZoneInfo) -> Reading:
    if stamp.time.tzinfo is not None:
        start, doubt, evidence = stamp.time, stamp.doubt, f"{says} {stamp.text}"
    else:
        start, doubt = stamps.place(stamp.time, zone)
        doubt = doubt or stamp.doubt
        evidence = f"{says} {stamp.text}, read as {zone.key} time"
    return Reading(
        source=source,
        start=start,
        confidence="low" if doubt else stamp.confidence,
        evidence=evidence if doubt is None else f"{evidence}; {doubt}",
        stamp=stamp,
    )


def _checked(reading: Reading, media: Media, mtime: datetime, zone: ZoneInfo) -> Reading:
    """`creation_time` against the moment the file was last written, which is the recording's end.

    It should be the start in UTC. Some recorders write the end, some the local time as if it were
    UTC, and some both.
    """
    start, length = reading.start, _duration(media)
    ahead = start.replace(tzinfo=zone).utcoffset() or timedelta()

    def as_read(moment: datetime, why: str, confidence: Confidence = "medium") -> Reading:
        return replace(reading, start=moment, confidence=confidence, evidence=reading.evidence + why)

    if abs(start + length - mtime) <= _NEAR:
        return as_read(start, "")
    if length >= _LONG and abs(start - mtime) <= _NEAR:
        return as_read(start - length, ", its end: the file was last written then")
    if ahead and abs(start - ahead + length - mtime) <= _NEAR:
        return as_read(start - ahead, f", {zone.key} time though it says UTC: the file was last written then")
    if ahead and abs(start - ahead - mtime) <= _NEAR:
        return as_read(start - ahead - length, f", its end in {zone.key} time though it says UTC")
    if start > mtime + _NEAR:
        return as_read(start, ", later than the file was last written", "low")
    return as_read(start, "")


def _compared(first: Reading, other: Reading, media: Media, zone: ZoneInfo) -> Reading:
    """`first`, with less confidence where `other` contradicts it."""
    if other.stamp is not None and other.stamp.precision == "day":
        apart = timedelta() if _local_day(first, zone) == other.stamp.time.date() else _APART * 2
    else:
        apart = min(abs(moment - first.start) for moment in _meanings(other, media, zone))
    if apart <= _AGREE:
        return first
    confidence = _LOWER[first.confidence] if apart > _APART else first.confidence
    return replace(first, confidence=confidence, evidence=f"{first.evidence}, but {_in_middle(other)}")


def _meanings(reading: Reading, media: Media, zone: ZoneInfo) -> list[datetime]:
    """The starts that a reading may mean: a container's time may be the end, or local, or both."""
    if reading.source != "container" or reading.stamp is None or reading.stamp.time.tzinfo is None:
        return [reading.start]
    local, _ = stamps.place(reading.stamp.time.replace(tzinfo=None), zone)
    length = _duration(media)
    return [reading.start, reading.stamp.time - length, local, local - length]


def _within_day(first: Reading, stamp: Stamp, rest: list[Reading], zone: ZoneInfo) -> Reading:
    """A date alone says only the day: the next source that falls into it says the time."""
    for other in rest:
        if _local_day(other, zone) == stamp.time.date():
            return replace(other, evidence=f"{other.evidence}, on the day that {_in_middle(first)}")
    if rest and rest[0].source != "mtime":
        return replace(first, evidence=f"{first.evidence}, but {_in_middle(rest[0])}")
    return first


def _in_middle(reading: Reading) -> str:
    """Its evidence as it reads inside a sentence."""
    return (
        reading.evidence
        if reading.source == "sidecar"
        else reading.evidence[0].lower() + reading.evidence[1:]
    )


def _local_day(reading: Reading, zone: ZoneInfo) -> date:
    return reading.start.astimezone(zone).date()


def _duration(media: Media) -> timedelta:
    return timedelta(milliseconds=media.duration_ms or 0)


def _settled(reading: Reading) -> StartTime:
    start = reading.start.astimezone(UTC)
    return StartTime(
        started_at=start.replace(microsecond=start.microsecond // 1000 * 1000),
        time_source=reading.source,
        confidence=reading.confidence,
        evidence=f"{reading.evidence}.",
    )
