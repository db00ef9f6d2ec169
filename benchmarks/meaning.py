"""What searching by meaning costs: a query, a text, a scan of a year, and a whole search.

    python -m benchmarks.meaning [--quick] [--json]

The year is that of `mem bench search`. Its texts get vectors drawn by chance, which cost as much to look
through as real ones; making real ones is measured on a few and told as CPU time for a year.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mem import search
from mem.bench import Measure, year
from mem.bench.corpus import Corpus
from mem.bench.timing import milliseconds, percentile
from mem.index.embedding import DIMENSIONS, NAME, Embedding
from mem.index.vectors import _RECORD, Vectors, digest, key
from mem.meaning import Meaning
from mem.memory import Memory, open_memory
from mem.search import Query
from mem.store import entries

QUESTIONS = (
    "who pays for the broken window", "trouble with the heating", "when do we leave for the airport",
    "somebody was ill and stayed at home", "what did the customer complain about", "plans for the summer",
    "the delivery that came too late", "discussion about money and salaries",
    "a decision about the new office",    "problems after the update of the software",
)  # fmt: skip


def fill(folder: Path, keys: np.ndarray) -> None:
    """Write vectors by chance for the keys, as the file has them."""
    chance = np.random.default_rng(1)
    folder.mkdir(parents=True)
    (folder / "make.json").write_text(json.dumps([1, NAME]))
    with (folder / "rows.bin").open("wb") as out:
        for first in range(0, len(keys), 50_000):
            rows = np.zeros(len(keys[first : first + 50_000]), _RECORD)
            vectors = chance.standard_normal((len(rows), DIMENSIONS), np.float32)
            rows["vector"] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            rows["key"] = keys[first : first + 50_000]
            out.write(rows.tobytes())


def run(*, quick: bool) -> Iterator[Measure]:
    """Every figure, as it is taken."""
    model = Embedding()
    yield from making(model)
    with tempfile.TemporaryDirectory(prefix="meaning-") as name:
        folder = Path(name)
        year.build(folder, 30 if quick else 365, lambda _: None)
        with open_memory(year.config(folder)) as memory:
            yield from asking(memory, model, folder / "vectors")


def making(model: Embedding) -> Iterator[Measure]:
    """What a question and a text cost."""
    taken = milliseconds(model.vector, QUESTIONS * 20)
    yield figure("query to vector p50", percentile(taken, 0.5), "ms", 5.0, "200 questions, 1 thread")
    corpus = Corpus(3)
    said = [corpus.sentence() for _ in range(300)]
    began = time.process_time()
    for text in said:
        model.vector(text)
        digest(text)
    each = (time.process_time() - began) * 1000 / len(said)
    yield figure("a text to its vector, CPU", each, "ms", None, "300 sentences of the year's kind")


def asking(memory: Memory, model: Embedding, folder: Path) -> Iterator[Measure]:
    """What looking through the year costs."""
    keys = [key("speech", row["id"]) for page in entries.pages(memory.db, "speech") for row in page]
    fill(folder, np.array(keys))
    opened = time.process_time()
    vectors = Vectors(folder)
    how = f"{len(vectors):,} segments"
    yield figure("open the vectors, CPU", time.process_time() - opened, "s", None, how)
    asked = [model.vector(text) for text in QUESTIONS] * 10
    taken = milliseconds(lambda vector: vectors.nearest(vector, 100, -1.0), asked)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        yield figure(f"the nearest 100 {name}", percentile(taken, share), "ms", 30.0, f"{how}, 1 thread")
    meaning = Meaning(memory.db, folder)

    def ask(query: Query) -> object:
        return search.ask(memory.db, memory.index, query, meaning=meaning)

    for by_meaning in (False, True):
        queries = [Query(text=text, meaning=by_meaning) for text in QUESTIONS]
        milliseconds(ask, queries)
        taken = milliseconds(ask, queries * 10)
        kind = "words and meaning" if by_meaning else "words alone"
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            yield figure(f"search by {kind} {name}", percentile(taken, share), "ms", 30.0, how)


def figure(name: str, value: float, unit: str, target: float | None, how: str) -> Measure:
    """A figure that should not be above its target."""
    return Measure(measure=name, value=round(value, 2), unit=unit, target=target, how=how)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="measure the same on less")
    parser.add_argument("--json", action="store_true", help="print a list instead of lines")
    asked = parser.parse_args()
    if asked.json:
        print(json.dumps([asdict(one) for one in run(quick=asked.quick)], indent=1))
        return
    for one in run(quick=asked.quick):
        print(f"{one.measure}: {one.value:g} {one.unit} (target {one.target}; {one.how})", flush=True)


if __name__ == "__main__":
    main()
