"""A clash says what stands in the way, when it is over, and what comes nearest."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.timeline.clashes import (
    Clash,
    Standing,
    find_clashes,
    free_from,
    free_from_everywhere,
    nearest,
    own_clashes,
)
from tests.timeline.naive import minute_at, minutes_of
from tests.timeline.worlds import spans

PARIS = ZoneInfo("Europe/Paris")
TUESDAY = minute_at(PARIS, 2027, 1, 19)
NINE, TEN, NOON = TUESDAY + 540, TUESDAY + 600, TUESDAY + 720
A_DAY = 1440


def same(minute: int) -> int:
    return minute


def test_a_claim_that_meets_a_wanted_time_of_its_calendar_is_a_clash() -> None:
    van = Standing("kangoo", NINE, TEN, "tour")
    assert find_clashes({"kangoo": [(TEN - 1, NOON)]}, [van]) == [Clash(van, (TEN - 1, NOON))]


def test_the_clash_tells_which_minutes_both_want() -> None:
    assert Clash(Standing("kangoo", NINE, TEN, "tour"), (TEN - 30, NOON)).shared == (TEN - 30, TEN)


def test_a_claim_that_only_touches_is_no_clash() -> None:
    assert find_clashes({"kangoo": [(TEN, NOON)]}, [Standing("kangoo", NINE, TEN, "tour")]) == []


def test_a_claim_of_another_calendar_is_no_clash() -> None:
    assert find_clashes({"salle": [(NINE, NOON)]}, [Standing("kangoo", NINE, TEN, "tour")]) == []


def test_what_is_being_moved_does_not_clash_with_itself() -> None:
    assert find_clashes({"kangoo": [(NINE, NOON)]}, [Standing("kangoo", NINE, TEN, "tour")], ["tour"]) == []


def test_a_request_that_wants_one_calendar_twice_at_once_excludes_itself() -> None:
    wanted = {"salle": [(NINE, TEN), (TEN - 1, NOON)], "kangoo": [(NINE, TEN), (TEN, NOON)]}
    assert own_clashes(wanted) == [("salle", (NINE, TEN), (TEN - 1, NOON))]


def test_free_from_is_the_wanted_start_when_nothing_stands() -> None:
    assert free_from([(NINE, TEN)], (TEN, NOON)) == TEN


def test_free_from_passes_gaps_that_are_too_short() -> None:
    assert free_from([(NINE, TEN), (TEN + 30, NOON)], (NINE, NINE + 45)) == NOON


@settings(max_examples=100, deadline=None)
@given(spans(0, 300, most=4, longest=60), st.integers(0, 300), st.integers(1, 60))
def test_free_from_is_the_first_minute_that_fits(taken: list[tuple[int, int]], start: int, minutes: int) -> None:
    minute_by_minute = minutes_of(taken)
    first = start
    while any(minute in minute_by_minute for minute in range(first, first + minutes)):
        first += 1
    assert free_from(taken, (start, start + minutes)) == first


@settings(max_examples=100, deadline=None)
@given(spans(0, 200, most=3, longest=50), spans(0, 200, most=3, longest=50), st.integers(0, 30))
def test_adviser_and_van_move_by_the_least_that_frees_both(
    adviser: list[tuple[int, int]], van: list[tuple[int, int]], buffer: int
) -> None:
    taken = {"adviser": adviser, "van": van}
    wanted = {"adviser": (50, 80), "van": (50 - buffer, 80 + buffer)}
    shift = 0
    while any(
        set(range(start + shift, end + shift)) & minutes_of(taken[calendar])
        for calendar, (start, end) in wanted.items()
    ):
        shift += 1
    assert free_from_everywhere(taken, wanted) == shift


def test_alternatives_of_the_same_day_come_first_and_then_the_nearest() -> None:
    candidates = [NINE - A_DAY, NINE + A_DAY, TUESDAY + 1410, NINE + 15, NINE - 15, NINE + 3 * A_DAY]
    assert nearest(NINE, candidates, same, PARIS) == [NINE - 15, NINE + 15, TUESDAY + 1410]


def test_another_day_fills_up_when_the_day_itself_has_too_few() -> None:
    candidates = [NINE + 7 * A_DAY, NINE + A_DAY, NINE + 60]
    assert nearest(NINE, candidates, same, PARIS) == [NINE + 60, NINE + A_DAY, NINE + 7 * A_DAY]


def test_the_same_day_is_that_of_the_place_and_not_of_greenwich() -> None:
    late = minute_at(ZoneInfo("Pacific/Marquesas"), 2027, 1, 18, 15)
    same_day, next_day = late + 400, late + 590
    before = late - 950
    assert nearest(late, [before, next_day, same_day], same, ZoneInfo("Pacific/Marquesas"), 2) == [
        same_day,
        next_day,
    ]
