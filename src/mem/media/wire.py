"""Messages between Mem and the process that decodes media.

On the wire: the header's length as 4 bytes, big-endian; the header, a JSON object with `kind` and
`body` (the length of what follows) beside the message's own fields; then the body. Nothing that is
read is ever executed, and both lengths are bounded before anything is allocated for them.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from mem.errors import MediaError, MemError

HEADER_LIMIT = 4 * 2**20  # bytes; an hour's stretch of spans at ten looks a second is 2 MiB
BODY_LIMIT = 256 * 2**20  # bytes; an 8K picture and its thumbnail, or the state of a stretch

_LENGTH = struct.Struct(">I")


class Malformed(ValueError):
    """What was read is not a message."""


class Readable(Protocol):
    """A stream whose `read` returns exactly `size` bytes, or fewer only at its end."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One message: what it is, its JSON fields, and raw bytes."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""


def pack(kind: str, fields: Mapping[str, Any], body: bytes = b"") -> bytes:
    """The bytes that go before the body: length and header. Raises ValueError for what cannot be sent."""
    if not fields.keys().isdisjoint(("kind", "body")):
        raise ValueError('"kind" and "body" cannot be fields of a message')
    whole = {**fields, "kind": kind, "body": len(body)}
    header = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(header) > HEADER_LIMIT or len(body) > BODY_LIMIT:
        raise ValueError(f"a {kind} message of {len(header)} + {len(body)} bytes is beyond the limits")
    return _LENGTH.pack(len(header)) + header


def send(file: BinaryIO, kind: str, fields: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one message and flush it."""
    file.write(pack(kind, fields, body))
    file.write(body)
    file.flush()


def receive(file: Readable) -> Message | None:
    """The next message, None at a clean end. Raises Malformed for anything else."""
    start = file.read(_LENGTH.size)
    if not start:
        return None
    if len(start) < _LENGTH.size:
        raise Malformed("the stream ended inside a message")
    (length,) = _LENGTH.unpack(start)
    if not 2 <= length <= HEADER_LIMIT:
        raise Malformed(f"a header of {length} bytes")
    kind, fields, size = _header(_exactly(file, length))
    return Message(kind, fields, _exactly(file, size))


def error(fields: Mapping[str, Any]) -> MemError:
    """The error that a child told by its code."""
    kind = _by_code(MemError).get(str(fields.get("code")), MediaError)
    made = kind.__new__(kind)  # some say their detail from other arguments
    detail, hint = fields.get("detail"), fields.get("hint")
    MemError.__init__(made, str(detail) if detail else None, hint=str(hint) if hint else None)
    return made


def _by_code(kind: type[MemError]) -> dict[str, type[MemError]]:
    table = {kind.code: kind}
    for narrower in kind.__subclasses__():
        table = _by_code(narrower) | table
    return table


def _exactly(file: Readable, size: int) -> bytes:
    data = file.read(size) if size else b""
    if len(data) < size:
        raise Malformed("the stream ended inside a message")
    return data


def _header(data: bytes) -> tuple[str, dict[str, Any], int]:
    try:
        fields = json.loads(data.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"a header that is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise Malformed("a header that is not an object")
    kind, size = fields.pop("kind", None), fields.pop("body", None)
    if not isinstance(kind, str) or type(size) is not int or not 0 <= size <= BODY_LIMIT:
        raise Malformed(f"a header with kind {kind!r:.40} and body {size!r:.40}")
    return kind, fields, size


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a number")
