"""Busy time without events."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from random import Random

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ical_feeds import BusyPeriod, write_freebusy
from ical_feeds.freebusy import STRENGTHS, merged
from tests.ical_feeds.entries import lines_named, unfolded

START = datetime(2027, 1, 18, tzinfo=UTC)
END = START + timedelta(days=7)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def busy(begin: float, finish: float, strength: str = "busy") -> BusyPeriod:
    return BusyPeriod(at(begin), at(finish), strength)


def written(*periods: BusyPeriod, name: str = "Lou") -> str:
    return write_freebusy(periods, uid="lou-1", stamp=START, start=START, end=END, name=name)


def test_periods_that_overlap_or_touch_are_written_as_one() -> None:
    """W15."""
    text = written(busy(9, 10), busy(9.5, 11), busy(11, 12), busy(14, 15))
    assert lines_named(text, "FREEBUSY") == [
        "FREEBUSY;FBTYPE=BUSY:20270118T090000Z/20270118T120000Z",
        "FREEBUSY;FBTYPE=BUSY:20270118T140000Z/20270118T150000Z",
    ]


def test_the_type_of_busy_time_is_the_strength_of_the_claim() -> None:
    """W15."""
    text = written(busy(9, 10), busy(9, 11, "busy-tentative"), busy(9, 12, "busy-unavailable"))
    assert lines_named(text, "FREEBUSY") == [
        "FREEBUSY;FBTYPE=BUSY:20270118T090000Z/20270118T100000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270118T090000Z/20270118T110000Z",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270118T090000Z/20270118T120000Z",
    ]


def test_periods_are_cut_to_the_window() -> None:
    """W15."""
    assert merged([busy(-2, 1), busy(-5, -3), busy(167, 300)], START, END) == [busy(0, 1), busy(167, 168)]


def test_periods_of_other_offsets_are_written_in_utc() -> None:
    """W15."""
    reunion = timezone(timedelta(hours=4))
    period = BusyPeriod(at(9).astimezone(reunion), at(10).astimezone(reunion))
    assert written(period) == written(busy(9, 10))


PERIODS = st.builds(
    lambda begin, length, strength: busy(begin, begin + length, strength),
    st.integers(-5, 40),
    st.integers(0, 10),
    st.sampled_from(STRENGTHS),
)


@given(st.lists(PERIODS, max_size=12))
def test_an_hour_is_busy_when_some_claim_of_that_strength_holds_it(periods: list[BusyPeriod]) -> None:
    """W15."""
    window_end = at(30)
    for strength in STRENGTHS:
        for hour in range(-6, 50):
            taken = any(p.strength == strength and p.start <= at(hour) < p.end for p in periods)
            shown = [p for p in merged(periods, START, window_end) if p.strength == strength]
            assert any(p.start <= at(hour) < p.end for p in shown) == (taken and 0 <= hour < 30)


@given(st.lists(PERIODS, max_size=12))
def test_written_periods_of_one_strength_neither_overlap_nor_touch(periods: list[BusyPeriod]) -> None:
    """W15."""
    for strength in STRENGTHS:
        shown = [p for p in merged(periods, START, END) if p.strength == strength]
        assert all(one.end < other.start for one, other in pairwise(shown))


@given(st.lists(PERIODS, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_claims_does_not_show(periods: list[BusyPeriod], die: Random) -> None:
    """W14."""
    shuffled = periods[:]
    die.shuffle(shuffled)
    assert written(*shuffled) == written(*periods)


def test_icalendar_reads_the_window_the_stamp_and_the_periods() -> None:
    """W15."""
    component = icalendar.Calendar.from_ical(written(busy(9, 10))).walk("VFREEBUSY")[0]
    assert component["dtstamp"].dt == component["dtstart"].dt == START
    assert component["dtend"].dt == END
    assert component["uid"] == "lou-1"
    assert component["freebusy"].dt == (at(9), at(10))


def test_a_planted_name_adds_no_line() -> None:
    """W2."""
    assert len(unfolded(written(name="Lou\r\nBEGIN:VEVENT"))) == len(unfolded(written()))


def test_no_title_and_no_person_is_written() -> None:
    """W13, P."""
    names = {line.split(":")[0].split(";")[0] for line in unfolded(written(busy(9, 10)))}
    assert names == {
        "BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "NAME", "X-WR-CALNAME", "REFRESH-INTERVAL",
        "X-PUBLISHED-TTL", "UID", "DTSTAMP", "DTSTART", "DTEND", "FREEBUSY",
    }  # fmt: skip


def test_an_empty_window_is_refused() -> None:
    """W15."""
    with pytest.raises(ValueError, match="ends after it starts"):
        write_freebusy([], uid="u", stamp=START, start=START, end=START, name="Lou")


def test_a_naive_instant_or_unknown_strength_is_refused() -> None:
    """W15."""
    with pytest.raises(ValueError, match="aware instants"):
        BusyPeriod(START.replace(tzinfo=None), END)
    with pytest.raises(ValueError, match="unknown strength"):
        BusyPeriod(START, END, "free")
