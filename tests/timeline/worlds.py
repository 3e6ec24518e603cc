"""Random small worlds around the nights and days that are hard: clock changes, half-hour zones, leap days."""

from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from booking.timeline import obstacles, slots
from tests.timeline.naive import Adviser, Resource, World, clock_at, holiday_minutes, minute_at

HARD_DAYS = {
    "Paris, spring 2026": ("Europe/Paris", 2026, 3, 29),
    "Paris, autumn 2026": ("Europe/Paris", 2026, 10, 25),
    "Paris, spring 2027": ("Europe/Paris", 2027, 3, 28),
    "Paris, leap day": ("Europe/Paris", 2028, 2, 29),
    "Miquelon, spring 2027": ("America/Miquelon", 2027, 3, 14),
    "Miquelon, autumn 2027": ("America/Miquelon", 2027, 11, 7),
    "Réunion": ("Indian/Reunion", 2027, 1, 18),
    "Marquesas, half an hour off": ("Pacific/Marquesas", 2027, 1, 18),
    "Lord Howe, changes by half an hour": ("Australia/Lord_Howe", 2027, 4, 4),
}


@st.composite
def spans(
    draw: st.DrawFn, first: int, last: int, most: int, longest: int, least: int = 0, shortest: int = 1
) -> list[tuple[int, int]]:
    """Up to `most` intervals that begin from `first` to `last`, some at round minutes, some touching."""
    found = []
    for _ in range(draw(st.integers(least, most))):
        start = draw(st.integers(first, last))
        start -= draw(st.sampled_from([0, start % 15, start % 60]))
        found.append((start, start + draw(st.integers(shortest, longest))))
        if draw(st.booleans()):
            found.append((found[-1][1], found[-1][1] + draw(st.integers(1, longest))))
    return found


@st.composite
def worlds(draw: st.DrawFn, advisers: int = 1) -> World:
    name, year, month, day = draw(st.sampled_from(sorted(HARD_DAYS.values())))
    zone = ZoneInfo(name)
    centre = minute_at(zone, year, month, day)
    first = centre + draw(st.integers(-1600, 600))
    window = (first, first + draw(st.one_of(st.integers(10, 2200), st.integers(1400, 2200))))
    reach = (window[0] - 600, window[1] + 300)
    inside = (window[0], max(window[0], window[1] - 300))
    days = sorted({clock_at(minute, zone).date() for minute in range(*reach, 60)})

    def resources(prefix: str, before: int | None, after: int | None) -> list[Resource]:
        return [
            Resource(
                f"{prefix}{number}",
                draw(spans(*reach, most=2, longest=300)),
                draw(st.sampled_from([0, 0, 7, 30])) if before is None else before,
                draw(st.sampled_from([0, 0, 15, 31])) if after is None else after,
            )
            for number in range(draw(st.sampled_from([1, 2, 2, 3, 0])))
        ]

    before, after = draw(st.sampled_from([0, 0, 5, 30, 61])), draw(st.sampled_from([0, 0, 10, 45]))
    return World(
        zone=zone,
        window=window,
        earliest=window[0] + draw(st.sampled_from([-500, 0, 17, 400])),
        step=draw(st.sampled_from(slots.STEPS)),
        minutes=draw(st.one_of(st.sampled_from([15, 30, 45, 60]), st.integers(1, 200))),
        before=before,
        after=after,
        advisers=[
            Adviser(
                openings=draw(spans(*inside, most=3, longest=1440, least=1, shortest=180)),
                open_on_holidays=draw(st.one_of(st.just([]), spans(*reach, most=2, longest=900))),
                busy=draw(spans(*reach, most=4, longest=120)),
            )
            for _ in range(advisers)
        ],
        holidays=set(draw(st.lists(st.sampled_from(days), max_size=2))),
        rooms=resources("salle-", None, None) if draw(st.booleans()) else None,
        vehicles=resources("kangoo-", before, after) if draw(st.booleans()) else None,
    )


def holiday_spans(world: World) -> list[tuple[int, int]]:
    """The world's holidays as intervals, found from single minutes."""
    minutes = sorted(holiday_minutes(world.holidays, *world.around, world.zone))
    return [(minute, minute + 1) for minute in minutes]


def candidates(resources: list[Resource]) -> list[slots.Candidate]:
    return [slots.Candidate(one.id, one.busy, one.before, one.after) for one in resources]


def grid_of(world: World) -> slots.Grid:
    return slots.make_grid(world.window, world.minutes, world.earliest, world.step, world.zone)


def line_of(world: World) -> slots.Line:
    """The world's slots by big-integer masks."""
    grid, need = grid_of(world), slots.Need(world.minutes, world.before, world.after)
    holidays = holiday_spans(world)
    rows = [(number, *span) for number, one in enumerate(world.advisers) for span in one.busy]
    busy = slots.busy_starts_by(grid, need, rows)
    return slots.offered(
        [f"adviser-{number}" for number in range(len(world.advisers))],
        "venue",
        grid,
        [
            (
                slots.open_starts(grid, need, one.openings, holidays, one.open_on_holidays),
                busy.get(number, 0),
            )
            for number, one in enumerate(world.advisers)
        ],
        None if world.rooms is None else slots.choices(grid, world.minutes, candidates(world.rooms)),
        None if world.vehicles is None else slots.choices(grid, world.minutes, candidates(world.vehicles)),
    )


def diary_of(world: World, number: int = 0) -> obstacles.Diary:
    one = world.advisers[number]
    return obstacles.Diary(
        f"adviser-{number}",
        one.openings,
        [obstacles.Occupied(*span) for span in one.busy],
        holiday_spans(world),
        one.open_on_holidays,
    )
