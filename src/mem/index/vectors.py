"""What texts mean, as a file of vectors beside the index: derived, made again when it is missing.

`rows.bin` holds records of one size, each the vector of one text; a free one is all zeros, so that what is
taken out is gone from the disk. The sign of each number is kept in memory as one bit: the nearest are
looked for among the bits first (500,000 texts: 24 MB, 13 ms of CPU) and the best then compared exactly.
"""

import json
import os
import shutil
import threading
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mem.errors import NoMeaning
from mem.index import embedding
from mem.index.embedding import DIMENSIONS, Vector
from mem.index.hits import TEXT_KINDS, Numbers, numbers
from mem.types import TextKind

_RECORD = np.dtype([("key", "<i8"), ("digest", "<i8"), ("vector", "<f2", (DIMENSIONS,))])
_WORDS = DIMENSIONS // 64  # of bits
_GROWTH = 8_192  # records by which the file grows
_COMPARED = 2_000  # of those that are nearest by their bits


def key(kind: TextKind, number: int) -> int:
    """What a text is kept under; never 0."""
    return (number + 1) * len(TEXT_KINDS) + TEXT_KINDS.index(kind)


def parted(key_: int) -> tuple[TextKind, int]:
    """The kind and the id of the text that is kept under a key."""
    return TEXT_KINDS[key_ % len(TEXT_KINDS)], key_ // len(TEXT_KINDS) - 1


def digest(text: str) -> int:
    """A number that is another for another text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), signed=True)


class Vectors:
    """The vectors in `folder`. Its methods may be called from any thread; writers take turns."""

    def __init__(self, folder: Path) -> None:
        self._turn = threading.RLock()
        self._file = folder / "rows.bin"
        mark, make = folder / "make.json", json.dumps([1, embedding.NAME])
        if not (mark.is_file() and mark.read_text(errors="replace") == make and self._file.is_file()):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True)
            self._file.touch(mode=0o600)
            mark.write_text(make)
        self._open(self._file.stat().st_size // _RECORD.itemsize or _GROWTH)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._keys))

    def held(self) -> tuple[Numbers, Numbers]:
        """The keys that are there, in ascending order, and the digests of their texts."""
        with self._turn:
            places = np.flatnonzero(self._keys)
            places = places[np.argsort(self._keys[places])]
            return self._keys[places], self._rows["digest"][places]

    def put(self, key_: int, text_digest: int, vector: Vector) -> None:
        """Keep a vector, in place of what had its key."""
        with self._turn:
            place = self._place(key_)
            self._bits[:, place] = _bits(vector[None])[:, 0]
            self._rows[place] = (key_, text_digest, vector)
            self._keys[place] = key_

    def remove(self, keys: Sequence[int] | Numbers) -> None:
        """Take these out, off the disk too."""
        with self._turn:
            places = np.flatnonzero(np.isin(self._keys, np.asarray(keys, np.int64)) & (self._keys != 0))
            if len(places):
                self._keys[places] = 0
                self._rows[places] = np.zeros((), _RECORD)
                self._rows.flush()

    def nearest(self, vector: Vector, count: int, least: float, among: Numbers | None = None) -> list[int]:
        """The keys of at most `count` texts that mean something alike, the nearest first.

        `least`: the cosine from which on they do. `among`: keys to choose from.
        """
        rows, keys, bits = self._rows, self._keys, self._bits
        able = keys != 0 if among is None else np.isin(keys, among) & (keys != 0)
        places = np.flatnonzero(able)
        if len(places) > _COMPARED:
            apart = _apart(bits, _bits(vector[None])[:, 0])
            apart[~able] = DIMENSIONS + 1
            places = np.argpartition(apart, _COMPARED)[:_COMPARED]
        if not len(places):
            return []
        return _exactly(rows["vector"][np.sort(places)], keys[np.sort(places)], vector, count, least)

    def close(self) -> None:
        """Write down what is not on disk yet."""
        with self._turn:
            self._rows.flush()

    def _open(self, size: int) -> None:
        with self._file.open("r+b") as file:
            os.truncate(file.fileno(), size * _RECORD.itemsize)
        rows = np.memmap(self._file, _RECORD, "r+", shape=(size,))
        keys = np.array(rows["key"])
        bits = np.zeros((_WORDS, size), np.uint64)
        for first in range(0, size, _GROWTH):
            bits[:, first : first + _GROWTH] = _bits(rows["vector"][first : first + _GROWTH])
        self._rows, self._keys, self._bits = rows, keys, bits

    def _place(self, key_: int) -> int:
        """Where a key is kept, or could be."""
        for wanted in (key_, 0):
            if len(found := np.flatnonzero(self._keys == wanted)):
                return int(found[0])
        before = len(self._keys)
        self._grow(before + max(_GROWTH, before // 8))
        return before

    def _grow(self, size: int) -> None:
        """More room; those who are looking go on with what they have."""
        self._rows.flush()
        with self._file.open("r+b") as file:
            os.truncate(file.fileno(), size * _RECORD.itemsize)
        more = size - len(self._keys)
        self._rows = np.memmap(self._file, _RECORD, "r+", shape=(size,))
        self._bits = np.concatenate((self._bits, np.zeros((_WORDS, more), np.uint64)), axis=1)
        self._keys = np.concatenate((self._keys, numbers([0]).repeat(more)))


def _bits(vectors: npt.NDArray[np.float16]) -> npt.NDArray[np.uint64]:
    """The signs of vectors, 64 in a word: a column for each vector."""
    packed = np.packbits(vectors > 0, axis=1)
    return np.ascontiguousarray(packed.view(np.uint64).T)


def _apart(bits: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
    """In how many signs each column differs from the wanted one."""
    apart = np.zeros(bits.shape[1], np.uint16)
    for word, own in zip(bits, wanted, strict=True):
        apart += np.bitwise_count(word ^ own)
    return apart


def _exactly(
    vectors: npt.NDArray[np.float16], keys: Numbers, vector: Vector, count: int, least: float
) -> list[int]:
    """The keys of the nearest by the cosine of their angle."""
    try:
        from usearch.compiled import MetricKind
        from usearch.index import search
    except ImportError as error:
        raise NoMeaning(f"The extra `semantic` cannot be loaded: {error}.") from None
    found = search(
        np.ascontiguousarray(vectors), vector, min(count, len(keys)), MetricKind.Cos, exact=True, threads=1
    )
    near = 1 - found.distances >= least
    return [int(keys[place]) for place in found.keys[near]]
