import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.media import wire

names = st.text(max_size=10).filter(lambda name: name not in ("kind", "body"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def received(data: bytes) -> wire.Message | None:
    return wire.receive(io.BytesIO(data))


def framed(header: object, body: bytes = b"") -> bytes:
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(data)) + data + body


@given(kind=st.text(max_size=20), fields=st.dictionaries(names, values, max_size=4), body=st.binary())
def test_what_is_sent_is_received(kind, fields, body):
    file = io.BytesIO()
    wire.send(file, kind, fields, body)
    wire.send(file, "next", {})
    file.seek(0)
    assert wire.receive(file) == wire.Message(kind, fields, body)
    assert wire.receive(file) == wire.Message("next")
    assert wire.receive(file) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0",
        struct.pack(">I", 0),
        struct.pack(">I", wire.HEADER_LIMIT + 1) + b"{}",
        struct.pack(">I", 0xFFFFFFFF),
        framed(b"not json"),
        framed(b"\xff\xfe"),
        framed(b"[" * 100_000),
        framed([]),
        framed({}),
        framed({"kind": "frame"}),
        framed({"kind": 3, "body": 0}),
        framed({"kind": "frame", "body": -1}),
        framed({"kind": "frame", "body": True}),
        framed({"kind": "frame", "body": 1.5}),
        framed({"kind": "frame", "body": wire.BODY_LIMIT + 1}),
        framed({"kind": "frame", "body": 5}, b"four"),
        framed(b'{"kind": "frame", "body": 0, "x": NaN}'),
        framed(b'{"kind": "frame", "body": 0')[:-3],
    ],
    ids=range(18),
)
def test_what_is_no_message_is_refused(data):
    with pytest.raises(wire.Malformed):
        received(data)


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_ends(data):
    try:
        message = received(data)
    except wire.Malformed:
        return
    assert message is None or isinstance(message.kind, str)


def test_a_message_beyond_the_limits_is_not_sent():
    with pytest.raises(ValueError, match="beyond the limits"):
        wire.pack("frame", {"text": "x" * wire.HEADER_LIMIT})


@pytest.mark.parametrize("fields", [{"number": float("nan")}, {"kind": "x"}, {"body": 3}])
def test_fields_that_could_not_be_read_back_are_not_sent(fields):
    with pytest.raises(ValueError):
        wire.pack("frame", fields)
