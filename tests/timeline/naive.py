"""The definition of a slot read minute by minute, with sets and the standard library only.

It shares no line with booking.timeline: it is slow, plain, and what the fast way is measured against.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def minute_at(zone: ZoneInfo, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """The instant of a wall-clock time that exists once."""
    return int(datetime(year, month, day, hour, minute, tzinfo=zone).timestamp()) // 60


def clock_at(minute: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)


def minutes_of(spans: list[tuple[int, int]]) -> set[int]:
    return {minute for start, end in spans for minute in range(start, end)}


def holiday_minutes(days: set[date], first: int, last: int, zone: ZoneInfo) -> set[int]:
    if not days:
        return set()
    return {minute for minute in range(first, last) if clock_at(minute, zone).date() in days}


@dataclass
class Resource:
    id: str
    busy: list[tuple[int, int]]
    before: int = 0
    after: int = 0


@dataclass
class Adviser:
    openings: list[tuple[int, int]]
    open_on_holidays: list[tuple[int, int]]
    busy: list[tuple[int, int]]


@dataclass
class World:
    zone: ZoneInfo
    window: tuple[int, int]
    earliest: int
    step: int
    minutes: int
    before: int
    after: int
    advisers: list[Adviser]
    holidays: set[date] = field(default_factory=set)
    rooms: list[Resource] | None = None
    vehicles: list[Resource] | None = None

    @property
    def around(self) -> tuple[int, int]:
        """The window with two days on each side: more than any buffer reaches."""
        return self.window[0] - 2880, self.window[1] + 2880


def free(resource: Resource, start: int, end: int) -> bool:
    taken = minutes_of(resource.busy)
    return not any(m in taken for m in range(start - resource.before, end + resource.after))


def slots(world: World) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Every start that is a slot for all advisers at once, with the rooms and vehicles that would do."""
    closed = holiday_minutes(world.holidays, *world.around, world.zone)
    taken = [minutes_of(one.busy) for one in world.advisers]
    usual = [minutes_of(one.openings) for one in world.advisers]
    always = [minutes_of(one.open_on_holidays) for one in world.advisers]
    found = []
    for start in range(max(world.window[0], world.earliest), world.window[1] - world.minutes + 1):
        if clock_at(start, world.zone).minute % world.step:
            continue
        end = start + world.minutes
        if not all(_is_slot(world, start, *sets, closed) for sets in zip(taken, usual, always, strict=True)):
            continue
        rooms = tuple(one.id for one in world.rooms or () if free(one, start, end))
        vehicles = tuple(one.id for one in world.vehicles or () if free(one, start, end))
        if (world.rooms is None or rooms) and (world.vehicles is None or vehicles):
            found.append((start, rooms, vehicles))
    return found


def _is_slot(world: World, start: int, taken: set[int], usual: set[int], always: set[int], closed: set[int]) -> bool:
    end = start + world.minutes
    for minute in range(start, end):
        if minute not in usual and minute not in always:
            return False
        if minute in closed and minute not in always:
            return False
    for minute in range(start - world.before, start):
        if minute in closed and minute not in always and start not in always:
            return False
    for minute in range(end, end + world.after):
        if minute in closed and minute not in always and end - 1 not in always:
            return False
    return not any(minute in taken for minute in range(start - world.before, end + world.after))
