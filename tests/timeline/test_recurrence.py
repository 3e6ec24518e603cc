"""Series give the dates that python-dateutil gives, by jumping to them."""

import sys
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rruleset, rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from booking.timeline import cycles, recurrence, rule
from booking.timeline.interval import to_minute
from booking.timeline.recurrence import (
    Occurrence,
    RuleError,
    Series,
    aligned,
    first_start,
    is_occurrence,
    last_end,
    make_series,
    occurrences,
    occurrences_from,
    rule_text,
    spans,
    split,
    with_overrides,
)

PARIS = ZoneInfo("Europe/Paris")
ZONES = ["Europe/Paris", "America/Miquelon", "Indian/Reunion", "Pacific/Marquesas"]
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@st.composite
def patterns(draw: st.DrawFn, start: date) -> str:
    """The FREQ and BY parts of a rule that dateutil understands as RFC 5545 does."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.sampled_from([1, 1, 2, 3, 5, 12]))}"]
    weekdays = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=5, unique=True))
    nth = draw(st.lists(st.sampled_from([1, 2, 3, 4, 5, -1, -2, -5]), min_size=1, max_size=3))
    nth_weekdays = [f"{n}{draw(st.sampled_from(DAYS))}" for n in nth]
    month_days = draw(st.lists(st.sampled_from([1, 15, 28, 29, 30, 31, -1, -2, -31]), min_size=1, max_size=3))
    positions = draw(st.lists(st.sampled_from([1, 2, -1, 7]), min_size=1, max_size=2))
    months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=3))

    def listed(name: str, values: list[Any]) -> str:
        return f"{name}=" + ",".join(str(value) for value in values)

    forms = {
        "DAILY": [[], [listed("BYDAY", weekdays)]],
        "WEEKLY": [
            [],
            [listed("BYDAY", weekdays)],
            [listed("BYDAY", weekdays), f"WKST={draw(st.sampled_from(DAYS))}"],
        ],
        "MONTHLY": [
            [],
            [listed("BYMONTHDAY", month_days)],
            [listed("BYDAY", nth_weekdays)],
            [listed("BYDAY", weekdays), listed("BYSETPOS", positions)],
            [listed("BYDAY", weekdays), listed("BYMONTHDAY", month_days)],
            [listed("BYMONTHDAY", month_days), listed("BYMONTH", months)],
        ],
        "YEARLY": [
            [],
            [listed("BYMONTH", months), listed("BYMONTHDAY", month_days)],
            [listed("BYMONTH", months), listed("BYDAY", nth_weekdays)],
            [listed("BYMONTHDAY", month_days)],
        ],
    }
    return ";".join(parts + draw(st.sampled_from(forms[frequency])))


STARTS = st.one_of(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)),
    st.sampled_from(
        [
            datetime(2024, 2, 29, 9),
            datetime(2026, 3, 29, 2, 30),
            datetime(2026, 10, 25, 2, 30),
            datetime(2027, 3, 14, 2, 15),
            datetime(2026, 1, 31, 23, 45),
        ]
    ),
).map(lambda moment: moment.replace(second=0, microsecond=0))


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, str, datetime]:
    """A rule as we read it, the same as dateutil reads it beside a naive start, and the start."""
    start = draw(STARTS)
    text = draw(patterns(start.date()))
    end = draw(st.sampled_from(["", "", "count", "date", "local"]))
    until = start + timedelta(minutes=draw(st.integers(-2000, 1_200_000)))
    if end == "count":
        text += f";COUNT={draw(st.integers(1, 40))}"
    elif end == "date":
        return f"{text};UNTIL={until:%Y%m%d}", f"{text};UNTIL={until:%Y%m%d}T235959", start
    elif end == "local":
        text += f";UNTIL={until:%Y%m%dT%H%M%S}"
    return text, text, start


@st.composite
def windows(draw: st.DrawFn, start: datetime, zone: ZoneInfo) -> tuple[int, int]:
    first = to_minute(start, zone) + draw(st.integers(-50_000, 1_000_000))
    return first, first + draw(st.integers(1, 200_000))


def series_of(text: str, start: datetime, zone: ZoneInfo = PARIS, minutes: int = 60) -> Series:
    return make_series(start, minutes, text, [], zone)


def window_of(first: datetime, last: datetime, zone: ZoneInfo = PARIS) -> tuple[int, int]:
    return to_minute(first, zone), to_minute(last, zone)


def starts_of(found: list[Occurrence]) -> list[datetime]:
    return [one.start for one in found]


@settings(max_examples=400, deadline=None)
@given(rules(), st.sampled_from(ZONES), st.integers(1, 3000), st.data())
def test_the_dates_are_those_of_dateutil(
    given_rule: tuple[str, str, datetime], zone_name: str, minutes: int, data: st.DataObject
) -> None:
    ours, theirs, start = given_rule
    zone = ZoneInfo(zone_name)
    window = data.draw(windows(start, zone))
    series = make_series(start, minutes, ours, [], zone)
    found = occurrences(series, window)
    oracle = []
    for wall in rrulestr(theirs, dtstart=start):
        begin = to_minute(wall, zone)
        if begin > window[1] + 3000:
            break
        if begin < window[1] and begin + minutes > window[0]:
            oracle.append(Occurrence(wall, wall, (begin, begin + minutes)))
    assert found == oracle
    assert spans(series, window) == [one.span for one in found]


@settings(max_examples=100, deadline=None)
@given(STARTS, st.sampled_from(ZONES), st.integers(-2000, 200_000), st.data())
def test_until_in_utc_ends_where_dateutil_ends_it(
    start: datetime, zone_name: str, reach: int, data: st.DataObject
) -> None:
    zone = ZoneInfo(zone_name)
    until = start.replace(tzinfo=zone).astimezone(UTC) + timedelta(minutes=reach)
    text = f"{data.draw(patterns(start.date()))};UNTIL={until:%Y%m%dT%H%M%SZ}"
    first = to_minute(start, zone)
    found = occurrences(make_series(start, 60, text, [], zone), (first, first + 300_000))
    oracle = rrulestr(text, dtstart=start.replace(tzinfo=zone))
    assert starts_of(found) == [moment.replace(tzinfo=None) for moment in oracle]


@pytest.mark.parametrize("start", [datetime(2026, 1, 1, 9), datetime(2026, 1, 20, 9), datetime(2024, 2, 29, 9)])
@pytest.mark.parametrize(
    "pattern",
    [
        *("FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;INTERVAL=2;BYDAY=MO,TH", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO,FR"),
        *("FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=10", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1"),
        *("FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=-31", "FREQ=MONTHLY;BYMONTHDAY=-28"),
        *("FREQ=MONTHLY;BYDAY=1TU", "FREQ=MONTHLY;BYDAY=-4TU", "FREQ=MONTHLY;BYDAY=5TU"),
        *("FREQ=MONTHLY;BYDAY=1TU,3TU", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "FREQ=YEARLY"),
        "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU",
    ],
)
@pytest.mark.parametrize("count", [1, 2, 13])
def test_a_count_gives_exactly_that_many_dates(pattern: str, start: datetime, count: int) -> None:
    text = f"{pattern};COUNT={count}"
    window = window_of(start - timedelta(days=9), start + timedelta(days=40_000))
    assert starts_of(occurrences(series_of(text, start), window)) == list(rrulestr(text, dtstart=start))


@settings(max_examples=100, deadline=None)
@given(rules(), st.data())
def test_exceptions_take_dates_out_and_count_still_counts_them(
    given_rule: tuple[str, str, datetime], data: st.DataObject
) -> None:
    ours, theirs, start = given_rule
    window = data.draw(windows(start, PARIS))
    whole = occurrences(series_of(ours, start), window)
    assume(whole)
    out = data.draw(st.lists(st.sampled_from(whole), max_size=3))
    as_dates = [one.start.date().isoformat() for one in out[:1]] + [one.start.isoformat() for one in out[1:]]
    series = make_series(start, 60, ours, as_dates, PARIS)
    oracle = rruleset()
    oracle.rrule(rrulestr(theirs, dtstart=start))  # type: ignore[arg-type]
    for one in out:
        oracle.exdate(one.start)
    wanted = [one for one in islice(oracle, 3000) if to_minute(one, PARIS) < window[1]]
    assert starts_of(occurrences(series, window)) == [one for one in wanted if to_minute(one, PARIS) + 60 > window[0]]


@settings(max_examples=100, deadline=None)
@given(rules())
def test_a_rule_means_the_same_when_it_has_been_written_and_read_again(
    given_rule: tuple[str, str, datetime],
) -> None:
    text, _, start = given_rule
    once = rule.parse_rule(text, start, PARIS)
    assert rule.parse_rule(rule_text(once, start, PARIS), start, PARIS) == once


@settings(max_examples=150, deadline=None)
@given(rules(), st.integers(-10, 900), st.data())
def test_a_split_series_has_the_dates_of_the_whole(
    given_rule: tuple[str, str, datetime], after: int, data: st.DataObject
) -> None:
    text, _, start = given_rule
    window = (to_minute(start, PARIS) - 1, to_minute(start, PARIS) + 1_500_000)
    whole = occurrences(series_of(text, start), window)
    out = data.draw(st.lists(st.sampled_from(whole), max_size=3)) if whole else []
    series = make_series(start, 60, text, [one.start.date() for one in out], PARIS)
    on = start.date() + timedelta(days=after)
    head, tail = split(series, on)
    before = occurrences(head, window) if head else []
    following = occurrences(tail, window) if tail else []
    assert before + following == occurrences(series, window)
    assert all(one.start.date() < on for one in before)
    assert all(one.start.date() >= on for one in following)
    assert (head is None) == (not before)
    if tail and tail.rule and following:
        assert tail.start == following[0].start


@settings(max_examples=80, deadline=None)
@given(rules())
def test_an_aligned_series_starts_with_its_first_date_and_has_them_all(
    given_rule: tuple[str, str, datetime],
) -> None:
    text, _, start = given_rule
    series = series_of(text, start)
    window = (to_minute(start, PARIS) - 1, to_minute(start, PARIS) + 1_500_000)
    same = aligned(series)
    found = occurrences(series, window)
    assert (occurrences(same, window) if same else []) == found
    if found:
        assert same is not None
        assert same.start == first_start(series) == found[0].start


@settings(max_examples=80, deadline=None)
@given(rules())
def test_after_its_last_end_a_series_has_nothing(given_rule: tuple[str, str, datetime]) -> None:
    text, _, start = given_rule
    series = series_of(text, start)
    end = last_end(series)
    assert (end is None) == ("COUNT" not in text and "UNTIL" not in text)
    if end is not None:
        assert occurrences(series, (end, end + 5_000_000)) == []


def test_without_a_rule_there_is_one_occurrence() -> None:
    series = make_series(datetime(2027, 1, 19, 10), 60, None, [], PARIS)
    window = window_of(datetime(2020, 1, 1), datetime(2030, 1, 1))
    assert starts_of(occurrences(series, window)) == [series.start]
    assert split(series, date(2027, 1, 19)) == (None, series)
    assert split(series, date(2027, 1, 20)) == (series, None)


def test_a_start_that_does_not_match_its_rule_is_no_occurrence() -> None:
    series = series_of("FREQ=WEEKLY;BYDAY=TU;COUNT=2", datetime(2027, 1, 18, 9))
    window = window_of(datetime(2027, 1, 1), datetime(2028, 1, 1))
    assert starts_of(occurrences(series, window)) == [datetime(2027, 1, 19, 9), datetime(2027, 1, 26, 9)]


def test_mondays_keep_their_wall_clock_over_the_change() -> None:
    series = make_series(
        datetime(2027, 3, 22, 9), 180, "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270628T070000Z", ["2027-03-29"], PARIS
    )
    found = occurrences(series, window_of(datetime(2027, 3, 1), datetime(2027, 4, 10)))
    assert [one.span[0] % 1440 // 60 for one in found] == [8, 7]
    assert last_end(series) == to_minute(datetime(2027, 6, 28, 12), PARIS)


def test_minutes_are_elapsed_over_the_change_of_clocks() -> None:
    series = make_series(datetime(2027, 3, 28, 1), 180, None, [], PARIS)
    span = occurrences(series, window_of(datetime(2027, 3, 28), datetime(2027, 3, 29)))[0].span
    assert span[1] == to_minute(datetime(2027, 3, 28, 5), PARIS)


def test_the_29th_of_february_comes_in_leap_years_only() -> None:
    series = series_of("FREQ=YEARLY", datetime(2024, 2, 29, 9))
    window = window_of(datetime(2024, 1, 1), datetime(2036, 12, 31))
    assert [one.start.year for one in occurrences(series, window)] == [2024, 2028, 2032, 2036]


def test_an_occurrence_that_began_before_the_window_is_in_it_while_it_lasts() -> None:
    series = series_of("FREQ=DAILY", datetime(2027, 1, 1, 22), minutes=1440)
    noon = to_minute(datetime(2027, 1, 10, 12), PARIS)
    assert starts_of(occurrences(series, (noon, noon + 1))) == [datetime(2027, 1, 9, 22)]


def test_the_next_five_dates_can_be_shown() -> None:
    series = series_of("FREQ=MONTHLY;BYDAY=1TU", datetime(2020, 1, 7, 9))
    since = to_minute(datetime(2027, 1, 18), PARIS)
    assert [f"{one.start:%d/%m}" for one in islice(occurrences_from(series, since), 5)] == [
        *("02/02", "02/03", "06/04", "04/05", "01/06"),
    ]


def test_single_dates_are_cancelled_moved_away_and_moved_here() -> None:
    series = series_of("FREQ=WEEKLY", datetime(2027, 1, 5, 9))
    tuesdays = [datetime(2027, 1, day, 9) for day in (5, 12, 19, 26)]
    changes: dict[datetime, recurrence.Override] = {
        tuesdays[0]: None,
        tuesdays[1]: (datetime(2027, 3, 1, 9), 60),
        datetime(2027, 3, 2, 9): (datetime(2027, 1, 20, 14), 90),
        datetime(2027, 1, 6, 9): (datetime(2027, 1, 7, 9), 60),
    }
    found = with_overrides(series, changes, window_of(datetime(2027, 1, 1), datetime(2027, 2, 1)))
    assert [(one.original, one.start, one.span[1] - one.span[0]) for one in found] == [
        (tuesdays[2], tuesdays[2], 60),
        (datetime(2027, 3, 2, 9), datetime(2027, 1, 20, 14), 90),
        (tuesdays[3], tuesdays[3], 60),
    ]


def test_only_the_exact_start_of_a_date_that_stands_is_an_occurrence() -> None:
    series = make_series(datetime(2027, 1, 5, 9), 60, "FREQ=WEEKLY", ["2027-01-12"], PARIS)
    asked = [datetime(2027, 1, day, hour) for day, hour in ((19, 9), (19, 10), (20, 9), (12, 9), (5, 9))]
    assert [is_occurrence(series, one) for one in asked] == [True, False, False, False, True]


@pytest.mark.parametrize("text", ["2027-02-10T14:30", "2027-02-10T14:00Z", "10/02/2027", ""])
def test_an_exception_that_is_no_start_of_an_occurrence_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match="exdates"):
        make_series(datetime(2027, 1, 6, 14), 180, "FREQ=WEEKLY", [text], PARIS)


@pytest.mark.parametrize("text", ["FREQ=DAILY;INTERVAL=999999", "FREQ=YEARLY;INTERVAL=999999;COUNT=999999"])
def test_rules_that_leave_the_calendar_end_quietly(text: str) -> None:
    series = series_of(text, datetime(2027, 1, 4, 9))
    assert first_start(series) == series.start
    assert len(list(islice(occurrences_from(series, 0), 10))) <= 10
    assert split(series, date(9999, 12, 31))[1] is None


def test_a_rule_that_never_matches_has_no_dates() -> None:
    series = series_of("FREQ=DAILY;INTERVAL=7;BYDAY=TU;COUNT=3", datetime(2027, 1, 4, 9))
    assert first_start(series) is None
    assert split(series, date(2027, 6, 1)) == (None, None)
    assert aligned(series) is None


def lines_run(action: Any) -> int:
    """How many lines of the recurrence arithmetic an action executes, its memory emptied first."""
    for name in [*vars(recurrence).values(), *vars(cycles).values()]:
        if hasattr(name, "cache_clear"):
            name.cache_clear()
    count = 0

    def on_line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line" and frame.f_code.co_filename in (recurrence.__file__, cycles.__file__)
        return on_line

    before = sys.gettrace()
    sys.settrace(on_line)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("count", ["", ";COUNT=99999", ";UNTIL=20991231"])
@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH",
        "FREQ=MONTHLY;BYDAY=1TU",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
    ],
)
def test_an_old_series_costs_no_more_steps_than_a_young_one(text: str, count: str) -> None:
    window = window_of(datetime(2027, 1, 1), datetime(2027, 2, 12))

    def search(start: datetime) -> list[tuple[int, int]]:
        return spans(series_of(text + count, start), window)

    old, young = datetime(1990, 1, 2, 9), datetime(2026, 12, 1, 9)
    assert search(old)
    assert lines_run(lambda: search(old)) <= lines_run(lambda: search(young)) + 100


def test_a_count_that_must_be_walked_is_walked_once() -> None:
    fifths = rule.parse_rule("FREQ=MONTHLY;BYDAY=5TU;COUNT=2000", datetime(1990, 1, 2, 9), PARIS)

    def build() -> Series:
        return Series(datetime(1990, 1, 2, 9), 60, fifths, frozenset(), PARIS)

    once = lines_run(build)
    assert once > 2000
    assert lines_run(lambda: [build() for _ in range(10)]) < once + 300


def test_the_way_to_count_steps_notices_a_walk() -> None:
    old = series_of("FREQ=DAILY", datetime(1990, 1, 2, 9))
    decade = window_of(datetime(2000, 1, 1), datetime(2010, 1, 1))
    month = window_of(datetime(2027, 1, 1), datetime(2027, 2, 1))
    assert lines_run(lambda: spans(old, decade)) > 50 * lines_run(lambda: spans(old, month))
