"""Deletions: what each was asked for, how far it is, and what it removed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mem.errors import NotFound
from mem.store.database import Reader, Row, Writer, build, to_json
from mem.types import Receipt, ReceiptKind

Pending = tuple[str, int]  # a path below the data directory, and the bytes that its removal gives back


def begin(w: Writer, *, kind: ReceiptKind, asked: Mapping[str, object], by: str, now: datetime) -> Receipt:
    """Note that a deletion begins; from here on it is finished, whatever happens."""
    return get(w, w.run("receipts.begin", kind, to_json(dict(asked)), by, now)[0]["id"])


def add(
    w: Writer, receipt_id: int, removed: Mapping[str, int], pending: Sequence[Pending] = (), freed: int = 0
) -> None:
    """Count rows that go in this transaction, `freed` bytes, and name the files that are to go after it.

    The bytes of `pending` count from here on: the files go for certain.
    """
    before, waiting = get(w, receipt_id), files(w, receipt_id)
    sums = {**before.removed}
    for name, number in removed.items():
        if number:
            sums[name] = sums.get(name, 0) + number
    total = before.freed_bytes + freed + sum(size for _, size in pending)
    w.run("receipts.add", receipt_id, to_json(sums), total, to_json([*waiting, *pending]))


def files(r: Reader, receipt_id: int) -> list[Pending]:
    """What a deletion has still to remove, though its rows are gone."""
    rows = r.read("receipts.files", receipt_id)
    return [(str(path), int(size)) for path, size in rows[0]["pending"]] if rows else []


def cleared(w: Writer, receipt_id: int) -> None:
    """Note that the files are gone."""
    w.run("receipts.cleared", receipt_id)


def finish(w: Writer, receipt_id: int, now: datetime) -> Receipt:
    """Note that all is done."""
    w.run("receipts.finish", receipt_id, now)
    return get(w, receipt_id)


def get(r: Reader, receipt_id: int) -> Receipt:
    """The receipt with this id. Raises NotFound."""
    rows = r.read("receipts.get", receipt_id)
    if not rows:
        raise NotFound(f"There is no receipt {receipt_id}.")
    return _receipt(rows[0])


def page(r: Reader, limit: int, before: int | None = None) -> list[Receipt]:
    """Receipts, the newest first; `before` is the id of the last one seen."""
    return [_receipt(row) for row in r.read("receipts.page", limit, before)]


def unfinished(r: Reader, limit: int = 1_000) -> list[Receipt]:
    """Deletions that were cut short, the oldest first."""
    return [_receipt(row) for row in r.read("receipts.unfinished", limit)]


def latest(r: Reader, kind: ReceiptKind) -> Receipt | None:
    """The newest deletion of a kind."""
    rows = r.read("receipts.latest", kind)
    return _receipt(rows[0]) if rows else None


def _receipt(row: Row) -> Receipt:
    return build(Receipt, row, by=row["asker"], rows_in_file=False)
