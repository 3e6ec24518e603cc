"""Quarters: read, shown, counted."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.timeline.quarters import (
    Quarter,
    first_day,
    label,
    last_day,
    next_quarter,
    parse_quarter,
    previous_quarter,
    quarter_of,
)

QUARTERS = st.builds(Quarter, st.integers(1900, 2200), st.integers(1, 4))


def test_a_quarter_is_written_with_its_year_and_a_t() -> None:
    assert str(parse_quarter("2027-T1")) == "2027-T1"


@pytest.mark.parametrize("text", ["2027-T5", "2027-T0", "2027-Q1", "27-T1", "2027-T1 ", "", "2027", "0000-T1"])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quarter"):
        parse_quarter(text)


@pytest.mark.parametrize(
    ("text", "french", "english"),
    [
        ("2027-T1", "1er trimestre 2027", "Q1 2027"),
        ("2027-T2", "2e trimestre 2027", "Q2 2027"),
        ("2026-T4", "4e trimestre 2026", "Q4 2026"),
    ],
)
def test_a_quarter_is_shown_in_both_languages(text: str, french: str, english: str) -> None:
    quarter = parse_quarter(text)
    assert (label(quarter), label(quarter, "en_GB")) == (french, english)


def test_the_first_quarter_of_2027_has_these_days() -> None:
    quarter = Quarter(2027, 1)
    assert (first_day(quarter), last_day(quarter)) == (date(2027, 1, 1), date(2027, 3, 31))


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_every_date_lies_in_its_quarter(day: date) -> None:
    quarter = quarter_of(day)
    assert first_day(quarter) <= day <= last_day(quarter)


@given(QUARTERS)
def test_quarters_follow_each_other_without_a_gap(quarter: Quarter) -> None:
    assert first_day(next_quarter(quarter)) == last_day(quarter) + timedelta(days=1)
    assert previous_quarter(next_quarter(quarter)) == quarter < next_quarter(quarter)


@given(QUARTERS)
def test_a_quarter_is_read_back_as_it_is_written(quarter: Quarter) -> None:
    assert parse_quarter(str(quarter)) == quarter
