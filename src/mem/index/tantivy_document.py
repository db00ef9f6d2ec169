"""A text as tantivy keeps it: what it is found by, and what an answer shows of it."""

import json
import struct
from importlib.metadata import version

import tantivy

from mem import index
from mem.index import Shown, words
from mem.index.tantivy_query import KINDS


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("key", "kind", "source"):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    for name in ("start", "end"):
        builder.add_integer_field(name, fast=True)
    builder.add_float_field("recency", fast=True)
    for name in ("body", "stands"):
        builder.add_bytes_field(name, stored=True)
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("parts", tokenizer_name="whitespace", index_option="freq")
    for name in ("name", "place"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    for name in ("language", "tag"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    return builder.build()


_FIELDS = "3: key kind source start end recency body stands text parts name place language tag"
SCHEMA = _schema()
# tantivy weighs a score with log2(2 + recency): 1 in 1970, 1.01 a century later. So among equally good
# hits the newer come first, to within the five hours that a score's 24 bits can tell apart.
_RECENCY_SCALE = 100 * 365.25 * 86_400_000 / (2**1.01 - 2)
_STANDS = struct.Struct("<q4i")  # a frame's id; x, y, width and height in its pixels


def make() -> str:
    """What an index must have been made by to be used: fields, word rules and tantivy."""
    return json.dumps([_FIELDS, words.rules(), version("tantivy")])


def document(key: int, entry: index.Entry) -> tantivy.Document:
    """An entry as it goes into the index."""
    made = tantivy.Document()
    add_unsigned, add_text = made.add_unsigned, made.add_text
    text, start = entry.text, entry.start
    add_unsigned("key", key)
    add_unsigned("kind", KINDS[entry.kind])
    add_unsigned("source", entry.source_id)
    made.add_integer("start", start)
    made.add_integer("end", max(entry.end, start + 1))
    made.add_float("recency", max(start, 0) / _RECENCY_SCALE)
    if entry.kind == "source":
        add_text("name", words.spaced(text))
        add_text("place", words.spaced(entry.location))
        return made
    made.add_bytes("body", text.encode())
    if entry.stands:
        made.add_bytes("stands", _STANDS.pack(*entry.stands))
    add_text("text", words.spaced(text))
    if entry.also:
        add_text("text", words.spaced(entry.also))
        text = f"{text}\n{entry.also}"
    if parts := words.part_texts(text):
        add_text("parts", " ".join(sorted(parts)))
    if entry.language:
        add_text("language", index.tag(entry.language))
    for tag in entry.tags:
        add_text("tag", tag if tag == index.SUSPECT else index.tag(tag))
    return made


def shown(found: tantivy.Document) -> Shown:
    """What an answer shows of a stored document."""
    stands = found.get_first("stands")
    text = bytes(found.get_first("body") or b"").decode()
    return Shown(text) if stands is None else Shown(text, _STANDS.unpack(bytes(stands)))
