"""Times, durations, sums and rows as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from labeljob.jobs.text import aligned, dollars, duration, moment


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min 0 s"),
        (252, "4 min 12 s"),
        (3_600, "1 h"),
        (3_784, "1 h 3 min"),
        (90_061, "1 d 1 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, told: str) -> None:
    assert duration(timedelta(seconds=seconds)) == told


def test_a_time_is_told_in_utc() -> None:
    assert moment(datetime(2026, 2, 3, 10, 11, 12, tzinfo=UTC)) == "2026-02-03 10:11:12 UTC"
    assert (
        moment(datetime(2026, 2, 3, 10, 11, 12, tzinfo=timezone(timedelta(hours=2))))
        == "2026-02-03 08:11:12 UTC"
    )


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("0.036", "$0.036"),
        ("0.12", "$0.12"),
        ("12.96", "$12.96"),
        ("1234567.5", "$1,234,567.50"),
        ("0", "$0.00"),
    ],
)
def test_dollars_show_tenths_of_a_cent_where_there_are_any(amount: str, told: str) -> None:
    assert dollars(Decimal(amount)) == told


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned([("a", "bbb", "c"), ("aaaa", "b"), ("", "", "x")]) == [
        "a     bbb  c",
        "aaaa  b",
        "           x",
    ]
