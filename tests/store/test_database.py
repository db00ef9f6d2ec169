import re
import threading
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from pathlib import Path

import pytest

import mem.store
from mem.errors import DatabaseFailed, NaiveTime
from mem.store import database, engines, frames, sources, texts
from tests.store import rows
from tests.store.rows import NOON, at


class Broken(RuntimeError):
    """Raised by a test inside a transaction."""


def _fill_and_break(db):
    with db.write() as w:
        source = rows.source(w)
        rows.tiles(w, source.id, [at(0), at(1)])
        texts.add_many(w, source.id, [rows.new_segment(at(0), at(1))])
        rows.job(w, source_id=source.id)
        assert sources.extent(w, source.id)["frames"] == 1
        raise Broken


def test_a_transaction_that_fails_leaves_nothing(db):
    with pytest.raises(Broken):
        _fill_and_break(db)
    assert sources.page(db, 9) == []
    assert frames.stats(db).frames == 0
    assert list(texts.of_source(db, 1)) == []
    with db.write() as w:
        rows.source(w)
    assert len(sources.page(db, 9)) == 1


def test_a_statement_that_fails_leaves_nothing_and_the_database_goes_on(db):
    def break_off():
        with db.write() as w:
            rows.source(w)
            w.script("insert into no_such values (1)")

    with pytest.raises(Exception, match=r"(?i)no_such"):
        break_off()
    with db.write() as w:
        rows.source(w)
    assert len(sources.page(db, 9)) == 1


def test_nothing_is_seen_before_it_is_committed(db):
    seen = []

    def look():
        seen.append(len(sources.page(db, 9)))

    with db.write() as w:
        rows.source(w)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(30)
        assert len(sources.page(w, 9)) == 1
    look()
    assert seen == [0, 1]


def test_many_threads_read_while_others_write(db):
    extents, done = set(), threading.Event()

    def read():
        while not done.is_set():
            for source in sources.page(db, 50):
                extents.add(sources.extent(db, source.id)["frames"])
        extents.add("read to the end")

    def write():
        for _ in range(5):
            with db.write() as w:
                rows.tiles(w, rows.source(w).id, [at(0), at(1), at(2)])

    readers = [threading.Thread(target=read) for _ in range(3)]
    writers = [threading.Thread(target=write) for _ in range(2)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    for thread in readers:
        thread.join(60)
    assert extents == {2, "read to the end"}
    assert sources.counts(db) == {"new": 10}


def test_a_transaction_inside_another_is_a_mistake_and_does_not_hang(db):
    with db.write() as w:
        rows.source(w)
        with pytest.raises(RuntimeError, match="already"), db.write():
            pass
    assert len(sources.page(db, 9)) == 1


def test_times_keep_their_instant_whatever_zone_they_come_in(db):
    elsewhere = timezone(timedelta(hours=5, minutes=45))
    moment = datetime(2026, 3, 29, 1, 30, 0, 123000, tzinfo=UTC)  # as clocks change in Europe
    with db.write() as w:
        source = rows.source(w, moment.astimezone(elsewhere))
    stored = sources.get(db, source.id).started_at
    assert stored == moment
    assert stored.tzinfo is UTC


def test_a_time_without_zone_is_refused(db):
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(NaiveTime):
        frames.at(db, naive)
    with pytest.raises(NaiveTime), db.write() as w:
        rows.source(w, naive)
    with pytest.raises(NaiveTime), db.write() as w:
        frames.add_many(w, 1, [rows.new_frame(naive)])


@pytest.mark.parametrize("year", [1, 1969, 2000, 9999])
def test_any_year_can_be_stored(db, year):
    moment = datetime(year, 2, 28, 23, 59, 59, 999000, tzinfo=UTC)
    with db.write() as w:
        source = rows.source(w, moment)
        rows.tiles(w, source.id, [moment - timedelta(seconds=1), moment])
    assert sources.get(db, source.id).started_at == moment


def test_what_was_committed_is_there_after_opening_again(url, tmp_path):
    for count in (1, 2):
        db = engines.open_database(url, folder=tmp_path, memory_limit=2**28, threads=1)
        with db.write() as w:
            ids = frames.add_many(w, rows.source(w).id, [rows.new_frame(NOON)])
        assert frames.stats(db).frames == count
        assert len(frames.by_ids(db, range(1, ids[0] + 1))) == count
        db.check_alive()
        assert db.size_bytes() > 0
        db.close()
        db.close()


def test_a_closed_database_says_so(db):
    db.close()
    with pytest.raises(DatabaseFailed):
        db.check_alive()
    with pytest.raises(DatabaseFailed):
        sources.page(db, 1)
    with pytest.raises(DatabaseFailed), db.write():
        pass


def test_more_rows_than_fit_one_statement_are_added_in_order(db):
    count = database.BULK_ROWS + 10
    with db.write() as w:
        source = rows.source(w)
        ids = frames.add_many(w, source.id, [rows.new_frame(at(n), n) for n in range(count)])
    last = frames.get(db, ids[-1])
    assert last.first_seen == at(count - 1)
    assert frames.stats(db).frames == count


def _blocks():
    folder = Path(str(resources.files(mem.store))) / "queries"
    for file in sorted(folder.glob("*.sql")):
        if "postgres" in file.stem:  # for that engine alone
            continue
        parts = re.split(r"^-- (\w+) --$", file.read_text(), flags=re.MULTILINE)
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            yield pytest.param(text, id=f"{file.stem}.{name}")


@pytest.mark.parametrize("text", list(_blocks()))
def test_every_query_says_why_and_means_the_same_on_both_engines(text):
    lines = text.strip().splitlines()
    assert re.match(r"-- \w", lines[0])
    sql = "\n".join(line for line in lines if not line.startswith("--")).lower()
    assert "select *" not in sql
    for order in re.findall(r"order by (.+?)(?=\blimit\b|\)|$)", sql, flags=re.DOTALL):
        keys = order.replace("\n", " ").split(",")
        assert all("nulls last" in key or key.strip() == "number" for key in keys), order


def test_every_query_is_used():
    code = "\n".join(file.read_text() for file in Path(mem.store.__file__).parents[1].rglob("*.py"))
    called = {re.sub(r"{[^}]*}", r"\\w+", name) for name in re.findall(r'"(\w+\.[\w{}.]+)"', code)}
    pattern = re.compile("|".join(called | {r"view\.\w+"}))  # each stands for a table, by its name
    assert {name for name in database.load_queries("postgres") if not pattern.fullmatch(name)} == set()


def test_an_engine_replaces_only_queries_that_exist():
    assert set(database.load_queries("duckdb")) == set(database.load_queries("postgres"))
