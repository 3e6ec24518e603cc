"""Slots by masks are the slots of the definition, read minute by minute."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.timeline.interval import local_day
from booking.timeline.slots import (
    STEPS,
    Candidate,
    Choices,
    Line,
    Need,
    busy_starts,
    busy_starts_by,
    choices,
    common,
    how_many,
    make_grid,
    offered,
    open_starts,
    slots,
    start_minutes,
)
from tests.timeline import naive
from tests.timeline.naive import World, clock_at, minute_at
from tests.timeline.worlds import HARD_DAYS, grid_of, line_of, spans, worlds

PARIS = ZoneInfo("Europe/Paris")
TUESDAY = minute_at(PARIS, 2027, 1, 19)
NINE, NOON = TUESDAY + 540, TUESDAY + 720
EASTER_MONDAY = local_day(date(2027, 3, 29), PARIS)


def clocks(minutes: list[int]) -> list[str]:
    return [clock_at(minute, PARIS).strftime("%H:%M") for minute in minutes]


def starts(need: Need, openings: list[tuple[int, int]], busy: list[tuple[int, int]] = []) -> list[str]:  # noqa: B006
    grid = make_grid((TUESDAY, TUESDAY + 1440), need.minutes, TUESDAY, 15, PARIS)
    mask = open_starts(grid, need, openings) & ~busy_starts(grid, need, busy)
    return clocks(list(start_minutes(grid, mask)))


@settings(max_examples=400, deadline=None)
@given(worlds())
def test_one_adviser_is_offered_exactly_the_slots_of_the_definition(world: World) -> None:
    found = slots([line_of(world)], world.minutes)
    assert [(one.start, one.rooms, one.vehicles) for one in found] == naive.slots(world)


@settings(max_examples=120, deadline=None)
@given(worlds(advisers=2))
def test_two_advisers_together_are_offered_what_is_a_slot_for_each(world: World) -> None:
    found = slots([line_of(world)], world.minutes)
    assert [(one.start, one.rooms, one.vehicles) for one in found] == naive.slots(world)


@pytest.mark.parametrize("name", HARD_DAYS)
@pytest.mark.parametrize("step", STEPS)
def test_the_grid_is_the_local_hour_divided_by_the_step(name: str, step: int) -> None:
    zone_name, *day = HARD_DAYS[name]
    zone = ZoneInfo(zone_name)
    centre = minute_at(zone, *day)
    window = (centre - 1000, centre + 1000)
    grid = make_grid(window, 30, window[0] + 7, step, zone)
    wanted = [m for m in range(window[0] + 7, window[1] - 29) if clock_at(m, zone).minute % step == 0]
    assert list(start_minutes(grid, grid.valid)) == wanted


def test_the_hours_of_the_marquesas_begin_half_an_hour_off() -> None:
    grid = make_grid((0, 1440), 60, 0, 60, ZoneInfo("Pacific/Marquesas"))
    assert grid.origin == 30


def test_a_window_too_short_for_the_appointment_has_no_start() -> None:
    assert make_grid((TUESDAY, TUESDAY + 59), 60, TUESDAY, 15, PARIS).size == 0


def test_a_window_wholly_under_notice_has_no_start() -> None:
    assert make_grid((TUESDAY, TUESDAY + 600), 60, TUESDAY + 541, 15, PARIS).size == 0


def test_the_last_slot_ends_with_the_opening() -> None:
    assert starts(Need(60), [(NINE, NOON)], [(NINE, NINE + 60)]) == ["10:00", "10:15", "10:30", "10:45", "11:00"]


def test_two_openings_that_touch_are_one() -> None:
    assert "09:45" in starts(Need(60), [(NINE, NINE + 60), (NINE + 60, NOON)])


def test_an_opening_that_closes_for_one_minute_is_two() -> None:
    assert "09:45" not in starts(Need(60), [(NINE, NINE + 60), (NINE + 61, NOON)])


def test_buffers_keep_clear_of_what_stands_to_the_minute() -> None:
    need = Need(30, before=10, after=5)
    assert starts(need, [(NINE, NOON)], [(NINE + 65, NINE + 80)]) == [
        *("09:00", "09:15", "09:30"),
        *("10:30", "10:45", "11:00", "11:15", "11:30"),
    ]


def test_buffers_may_reach_out_of_the_opening_and_the_window() -> None:
    grid = make_grid((NINE, NOON), 180, NINE, 15, PARIS)
    need = Need(180, before=60, after=60)
    assert list(start_minutes(grid, open_starts(grid, need, [(NINE, NOON)]))) == [NINE]


def test_a_busy_time_of_years_forbids_everything_it_covers() -> None:
    assert starts(Need(60), [(NINE, NOON)], [(NINE - 1_000_000, NOON + 1_000_000)]) == []


def test_an_opening_is_closed_on_a_public_holiday() -> None:
    day = EASTER_MONDAY[0]
    grid = make_grid((day, day + 1440), 60, day, 60, PARIS)
    assert open_starts(grid, Need(60), [(day, day + 1440)], [EASTER_MONDAY]) == 0


def test_an_opening_that_is_open_on_holidays_lets_buffers_stand_in_the_holiday_too() -> None:
    day = EASTER_MONDAY[0]
    grid = make_grid((day, day + 1440), 60, day, 60, PARIS)
    mask = open_starts(grid, Need(60, 30, 30), [], [EASTER_MONDAY], [(day + 540, day + 660)])
    assert clocks(list(start_minutes(grid, mask))) == ["09:00", "10:00"]


def test_a_buffer_does_not_reach_into_a_holiday() -> None:
    eve = EASTER_MONDAY[0] - 120
    grid = make_grid((eve, EASTER_MONDAY[1]), 60, eve, 30, PARIS)
    mask = open_starts(grid, Need(60, after=15), [(eve, EASTER_MONDAY[0])], [EASTER_MONDAY])
    assert clocks(list(start_minutes(grid, mask))) == ["22:00", "22:30"]


@pytest.mark.parametrize("minutes_of_holiday", [30, 60])
def test_over_two_openings_each_buffer_follows_the_opening_at_its_end(minutes_of_holiday: int) -> None:
    """From an ordinary opening into one that is open on the holiday, and out of it into an ordinary one."""
    need = Need(90, before=30, after=30)
    first, last = EASTER_MONDAY
    into = first - 90 + minutes_of_holiday
    out_of = last - minutes_of_holiday
    grid = make_grid((first - 1440, last + 1440), need.minutes, 0, 30, PARIS)
    mask = open_starts(
        grid,
        need,
        [(into, first), (last, out_of + 90)],
        [EASTER_MONDAY],
        [(first, into + 90), (out_of, last)],
    )
    assert list(start_minutes(grid, mask)) == [into, out_of]


def test_one_single_room_must_be_free_for_the_whole_time() -> None:
    grid = make_grid((NINE, NOON), 60, NINE, 60, PARIS)
    halves = [Candidate("a", [(NINE, NINE + 30)]), Candidate("b", [(NINE + 30, NINE + 60)])]
    assert choices(grid, 60, halves).any == 0b110


def test_a_room_is_widened_by_its_own_setup_and_cleanup() -> None:
    grid = make_grid((NINE, NOON), 60, NINE, 15, PARIS)
    room = Candidate("salle", [(NINE + 60, NINE + 75)], before=15, after=0)
    assert clocks(list(start_minutes(grid, choices(grid, 60, [room]).any))) == ["09:00", "10:30", "10:45", "11:00"]


def test_together_one_vehicle_must_serve_all() -> None:
    home, other = Choices({"a": 0b01, "b": 0b10}, 0b11), Choices({"b": 0b10, "c": 0b01}, 0b11)
    assert common([home, other]) == Choices({"b": 0b10}, 0b10)


def test_nobody_together_is_no_slot() -> None:
    grid = make_grid((NINE, NOON), 60, NINE, 15, PARIS)
    assert offered([], "venue", grid, []).starts == 0


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_many_calendars_at_once_are_as_each_alone(world: World, data: st.DataObject) -> None:
    grid, need = grid_of(world), Need(world.minutes, world.before, world.after)
    each = {key: data.draw(spans(*world.around, most=4, longest=3000)) for key in ("a", "b", "c")}
    rows = data.draw(st.permutations([(key, *span) for key, found in each.items() for span in found]))
    together = busy_starts_by(grid, need, rows)
    assert {key: together.get(key, 0) for key in each} == {
        key: busy_starts(grid, need, found) for key, found in each.items()
    }


@st.composite
def many_lines(draw: st.DrawFn) -> list[Line]:
    found = []
    for name in ("Europe/Paris", "Pacific/Marquesas"):
        grid = make_grid((NINE, NINE + 900), 30, NINE, draw(st.sampled_from(STEPS)), ZoneInfo(name))
        for adviser in draw(st.lists(st.sampled_from("abcde"), unique=True)):
            for venue in draw(st.lists(st.sampled_from("xyz"), unique=True)):
                mask = draw(st.integers(0, grid.valid))
                found.append(Line((f"{name}-{adviser}",), venue, grid, mask & grid.valid))
    return found


@settings(max_examples=80, deadline=None)
@given(many_lines(), st.integers(1, 60))
def test_pages_put_together_are_the_whole_in_order(lines: list[Line], limit: int) -> None:
    whole = slots(lines, 30)
    pages, after = [], None
    for _ in range(len(whole) // limit + 1):
        page = slots(lines, 30, limit, after)
        pages += page
        after = (page[-1].start, page[-1].advisers, page[-1].venue) if page else after
    assert pages == whole == sorted(whole)


@settings(max_examples=40, deadline=None)
@given(many_lines())
def test_the_whole_holds_every_start_of_every_line(lines: list[Line]) -> None:
    wanted = {
        (line.grid.origin + index * line.grid.step, line.advisers, line.venue)
        for line in lines
        for index in range(line.grid.size)
        if line.starts >> index & 1
    }
    found = slots(lines, 30)
    assert {(one.start, one.advisers, one.venue) for one in found} == wanted
    assert len(found) == how_many(lines)
