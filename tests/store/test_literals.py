"""What is written into a query comes out as what it was."""

from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.errors import NaiveTime
from mem.store import literals

CURSOR = duckdb.connect()
BARE = datetime(2026, 1, 1)  # noqa: DTZ001 - as it is stored


def asked(sql: str, *params: object) -> object:
    text, bound = literals.written(sql, params)
    return CURSOR.execute(text, bound).fetchone()[0]


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_number_is_itself(number: int):
    assert asked("select $1::bigint", number) == number


@given(st.datetimes(BARE.replace(year=1000), BARE.replace(year=9000)))
def test_an_instant_is_itself(moment: datetime):
    assert asked("select $1::timestamp", moment.replace(tzinfo=UTC)) == moment


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_text_is_bound_whatever_it_says(text: str):
    assert literals.written("select $1", [text])[0] == "select $1"
    assert asked("select $1", text) == text


def test_places_may_repeat_and_mix():
    assert asked("select $2 || $1 || $2 || $10", 1, "a", *range(7), "z") == "a1az"


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, "bigint", None),
        (True, "boolean", True),
        (1.5, "double", 1.5),
        ([1, -2], "bigint[]", [1, -2]),
        ((), "bigint[]", []),
        (["a'b", "$1"], "varchar[]", ["a'b", "$1"]),
        (b"\0'", "blob", b"\0'"),
        (
            datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))),
            "timestamp",
            BARE.replace(hour=10),
        ),
    ],
)
def test_other_values(value: object, kind: str, expected: object):
    assert asked(f"select $1::{kind}", value) == expected


def test_a_time_without_zone_is_refused():
    with pytest.raises(NaiveTime):
        literals.written("select $1", [BARE])
