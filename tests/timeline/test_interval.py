"""Intervals behave as sets of minutes, and walls and instants agree with the zone database."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.timeline.interval import (
    clip,
    covers,
    from_aware,
    from_utc,
    intersect,
    local_date,
    local_day,
    local_days,
    merge,
    minute_of_day,
    overlap,
    subtract,
    to_aware,
    to_minute,
    to_wall,
    utc_offset,
    widen,
)
from tests.timeline.naive import clock_at, minutes_of
from tests.timeline.worlds import HARD_DAYS

PARIS = ZoneInfo("Europe/Paris")
MIQUELON = ZoneInfo("America/Miquelon")
SOME = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6)


def well_formed(spans: list[tuple[int, int]]) -> bool:
    return all(a < b for a, b in spans) and all(one[1] < other[0] for one, other in pairwise(spans))


@given(SOME)
def test_merging_keeps_the_minutes_in_as_few_intervals_as_can_be(spans: list[tuple[int, int]]) -> None:
    merged = merge(spans)
    assert minutes_of(merged) == minutes_of(spans)
    assert well_formed(merged)


@given(SOME, SOME)
def test_subtracting_takes_away_exactly_the_other_minutes(
    spans: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    left = subtract(spans, taken)
    assert minutes_of(left) == minutes_of(spans) - minutes_of(taken)
    assert well_formed(left)


@given(SOME, SOME)
def test_intersecting_keeps_the_minutes_of_both(spans: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    assert minutes_of(intersect(spans, others)) == minutes_of(spans) & minutes_of(others)


@given(SOME, st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_clipping_keeps_what_lies_in_the_window(spans: list[tuple[int, int]], window: tuple[int, int]) -> None:
    assert minutes_of(clip(spans, window)) == minutes_of(spans) & minutes_of([window])


@given(SOME, st.tuples(st.integers(0, 59), st.integers(1, 30)))
def test_covering_is_holding_every_minute(spans: list[tuple[int, int]], wanted: tuple[int, int]) -> None:
    span = (wanted[0], wanted[0] + wanted[1])
    assert covers(merge(spans), span) == (minutes_of([span]) <= minutes_of(spans))


def test_intervals_that_touch_do_not_overlap() -> None:
    assert not overlap((0, 10), (10, 20))


def test_widening_puts_minutes_on_both_sides() -> None:
    assert widen((10, 20), 3, 4) == (7, 24)


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        ("2027-01-19T10:00", "Europe/Paris", "2027-01-19T09:00"),
        ("2027-03-28T01:59", "Europe/Paris", "2027-03-28T00:59"),
        ("2027-03-28T02:30", "Europe/Paris", "2027-03-28T01:30"),
        ("2027-03-28T03:00", "Europe/Paris", "2027-03-28T01:00"),
        ("2026-10-25T02:30", "Europe/Paris", "2026-10-25T00:30"),
        ("2026-10-25T03:00", "Europe/Paris", "2026-10-25T02:00"),
        ("2027-03-14T02:15", "America/Miquelon", "2027-03-14T05:15"),
        ("2027-11-07T01:15", "America/Miquelon", "2027-11-07T03:15"),
        ("2027-01-18T09:00", "Pacific/Marquesas", "2027-01-18T18:30"),
        ("2027-01-18T09:00", "Indian/Reunion", "2027-01-18T05:00"),
    ],
)
def test_a_wall_clock_time_means_this_instant(wall: str, zone: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert from_utc(to_minute(datetime.fromisoformat(wall), ZoneInfo(zone))) == expected


def test_of_a_time_shown_twice_the_first_is_meant_even_when_marked_as_the_second() -> None:
    wall = datetime(2026, 10, 25, 2, 30)
    assert to_minute(wall.replace(fold=1), PARIS) == to_minute(wall, PARIS)


def test_an_instant_in_the_second_of_two_equal_hours_keeps_its_mark() -> None:
    wall = to_wall(to_minute(datetime(2026, 10, 25, 2, 30), PARIS) + 60, PARIS)
    assert (wall, wall.fold) == (datetime(2026, 10, 25, 2, 30), 1)


def test_a_wall_clock_time_with_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        to_minute(datetime(2027, 1, 1, tzinfo=UTC), PARIS)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="with zone"):
        from_aware(datetime(2027, 1, 1))


@settings(max_examples=300)
@given(st.integers(20_000_000, 40_000_000), st.sampled_from(sorted({name for name, *_ in HARD_DAYS.values()})))
def test_instants_are_shown_as_the_zone_database_shows_them(minute: int, name: str) -> None:
    zone = ZoneInfo(name)
    shown = clock_at(minute, zone)
    offset = shown.utcoffset()
    assert to_wall(minute, zone) == shown.replace(tzinfo=None)
    assert from_aware(shown) == minute == from_aware(to_aware(minute, zone))
    assert offset == timedelta(minutes=utc_offset(minute, zone))
    if not shown.fold:
        assert to_minute(to_wall(minute, zone), zone) == minute


@pytest.mark.parametrize("name", HARD_DAYS)
def test_the_fast_way_from_a_day_and_its_clock_is_the_plain_one(name: str) -> None:
    zone_name, *day = HARD_DAYS[name]
    zone = ZoneInfo(zone_name)
    for ordinal in range(date(*day).toordinal() - 1, date(*day).toordinal() + 2):
        for clock in range(0, 1440, 10):
            wall = datetime.fromordinal(ordinal) + timedelta(minutes=clock)
            assert minute_of_day(ordinal, clock, zone) == to_minute(wall, zone)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), PARIS, 23),
        (date(2026, 10, 25), PARIS, 25),
        (date(2027, 3, 28), PARIS, 23),
        (date(2027, 3, 28), MIQUELON, 24),
        (date(2027, 3, 14), MIQUELON, 23),
        (date(2027, 11, 7), MIQUELON, 25),
        (date(2028, 2, 29), PARIS, 24),
        (date(2027, 3, 28), ZoneInfo("Indian/Reunion"), 24),
    ],
)
def test_a_local_day_has_this_many_hours(day: date, zone: ZoneInfo, hours: int) -> None:
    start, end = local_day(day, zone)
    assert end - start == hours * 60
    assert (local_date(start, zone), local_date(end - 1, zone), local_date(end, zone)) == (
        day,
        day,
        day + timedelta(days=1),
    )


def test_the_local_days_of_a_window_are_those_it_has_a_minute_of() -> None:
    first, _ = local_day(date(2027, 3, 27), PARIS)
    _, last = local_day(date(2027, 3, 28), PARIS)
    assert list(local_days((first - 1, last), PARIS)) == [
        date(2027, 3, 26),
        date(2027, 3, 27),
        date(2027, 3, 28),
    ]
    assert list(local_days((first, first), PARIS)) == []
