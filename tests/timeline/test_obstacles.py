"""A refusal names every condition that fails, and only those."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from booking.timeline.interval import local_day
from booking.timeline.obstacles import (
    Diary,
    Obstacle,
    Occupied,
    bounds_obstacles,
    choice_obstacles,
    diary_obstacles,
    first_obstacle,
)
from booking.timeline.slots import Candidate, Need, start_minutes
from tests.timeline.naive import World, minute_at
from tests.timeline.worlds import candidates, diary_of, grid_of, line_of, worlds

PARIS = ZoneInfo("Europe/Paris")
TUESDAY = minute_at(PARIS, 2027, 1, 19)
NINE, NOON = TUESDAY + 540, TUESDAY + 720
EASTER_MONDAY = local_day(date(2027, 3, 29), PARIS)


@settings(max_examples=150, deadline=None)
@given(worlds(advisers=2))
def test_a_start_without_obstacles_is_a_slot_and_the_other_way_round(world: World) -> None:
    grid, need = grid_of(world), Need(world.minutes, world.before, world.after)
    offered = set(start_minutes(grid, line_of(world).starts))
    diaries = [diary_of(world, number) for number in range(2)]
    for start in start_minutes(grid, grid.valid):
        found = bounds_obstacles(start, world.minutes, world.earliest, world.window[1])
        for diary in diaries:
            found += diary_obstacles(start, need, diary)
        if world.rooms is not None:
            found += choice_obstacles("room", start, world.minutes, candidates(world.rooms))
        if world.vehicles is not None:
            found += choice_obstacles("vehicle", start, world.minutes, candidates(world.vehicles))
        assert (start in offered) == (not found)


def test_a_start_under_notice_says_from_when_it_would_do() -> None:
    assert bounds_obstacles(NINE, 60, NINE + 30, None) == [Obstacle("notice", None, NINE, NINE + 30)]


def test_an_end_beyond_the_horizon_says_what_sticks_out() -> None:
    assert bounds_obstacles(NINE, 60, 0, NINE + 45) == [Obstacle("horizon", None, NINE + 45, NINE + 60)]


def test_only_the_minutes_outside_the_openings_are_named() -> None:
    diary = Diary("lea", [(NINE, NOON)], [])
    assert diary_obstacles(NOON - 30, Need(60), diary) == [Obstacle("outside_openings", "lea", NOON, NOON + 30)]


def test_every_thing_that_stands_is_named_with_its_own_interval() -> None:
    diary = Diary(
        "lea",
        [(NINE, NOON)],
        [Occupied(NINE + 70, NINE + 100), Occupied(NINE - 500, NINE + 5, "absence"), Occupied(NOON, NOON + 60)],
    )
    assert diary_obstacles(NINE, Need(60, after=15), diary) == [
        Obstacle("absence", "lea", NINE - 500, NINE + 5),
        Obstacle("busy", "lea", NINE + 70, NINE + 100),
    ]


def test_a_holiday_is_named_and_not_the_opening_it_closes() -> None:
    nine = EASTER_MONDAY[0] + 540
    diary = Diary("lea", [(nine, nine + 180)], [], [EASTER_MONDAY])
    assert diary_obstacles(nine, Need(60, before=10), diary) == [
        Obstacle("public_holiday", "lea", nine - 10, nine + 60)
    ]


@pytest.mark.parametrize(("before", "after"), [(30, 0), (0, 30), (30, 30)])
def test_an_opening_that_is_open_on_holidays_frees_its_buffers_too(before: int, after: int) -> None:
    nine = EASTER_MONDAY[0] + 540
    diary = Diary("lea", [], [], [EASTER_MONDAY], open_on_holidays=[(nine, nine + 60)])
    assert diary_obstacles(nine, Need(60, before, after), diary) == []


def test_a_buffer_beyond_the_ordinary_one_of_two_openings_meets_the_holiday() -> None:
    midnight = EASTER_MONDAY[0]
    holiday_till_one = [(midnight, midnight + 60)]
    diary = Diary("lea", [(midnight + 60, midnight + 120)], [], [EASTER_MONDAY], holiday_till_one)
    assert diary_obstacles(midnight + 30, Need(60, 60, 60), diary) == [
        Obstacle("public_holiday", "lea", midnight + 60, midnight + 150)
    ]


def test_with_one_free_room_no_room_stands_in_the_way() -> None:
    rooms = [Candidate("bleue", [(NINE, NOON)]), Candidate("verte", [(NOON, NOON + 60)])]
    assert choice_obstacles("room", NINE, 60, rooms) == []


def test_when_every_room_is_taken_each_says_by_what() -> None:
    rooms = [Candidate("bleue", [(NINE, NOON)]), Candidate("verte", [(NINE + 70, NOON)], after=15)]
    assert choice_obstacles("room", NINE, 60, rooms) == [
        Obstacle("room", "bleue", NINE, NOON),
        Obstacle("room", "verte", NINE + 70, NOON),
    ]


def test_a_venue_without_any_room_says_so() -> None:
    assert choice_obstacles("room", NINE, 60, []) == [Obstacle("room", None, NINE, NINE + 60)]


def test_the_first_condition_that_leaves_no_start_is_blamed() -> None:
    assert first_obstacle([("outside_openings", 0b1110), ("busy", 0b0111), ("room", 0b1001)]) == "room"


def test_nothing_is_blamed_when_a_start_is_left() -> None:
    assert first_obstacle([("outside_openings", 0b1110), ("busy", 0b0111)]) is None
