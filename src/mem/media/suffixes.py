"""Which files look like recordings, by the end of their name."""

_NAMES = (
    "mp4 m4v mov qt 3gp 3g2 mkv mk3d webm ts mts m2ts mpg mpeg vob avi divx flv f4v wmv asf ogv ogm mxf dv "
    "mp3 m4a m4b aac wav flac wma mka ogg oga opus aif aiff caf"
)
RECORDINGS = frozenset(f".{name}" for name in _NAMES.split())
SIDECARS = frozenset((".json", ".xml"))  # files beside a recording that tell about it


def of(name: str) -> str:
    """The end of a file name in lower case, with its dot; empty when it has none."""
    stem, dot, end = name.rpartition(".")
    return f".{end.lower()}" if dot and stem else ""
