"""The definition of a slot, read minute by minute from plain values: slow, and with no line of ours in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import asin, cos, dist, radians, sin
from zoneinfo import ZoneInfo

import holidays as holiday_library
from dateutil.rrule import rrulestr

from booking.actions.slots import Search
from tests.actions.slot_worlds import Calendar, Opening, Purpose, Venue, World, minute_of

Found = tuple[int, int, tuple[str, ...], str, tuple[str, ...], tuple[str, ...]]
SUBDIVISIONS = {"metropole": None, "alsace-moselle": "57", "974": "974", "975": "PM", "987": "PF"}
BOOKS = {"book_offered", "propose", "book", "manage"}
MARGIN = 3 * 1440


class Minutes:
    """A set of minutes of a stretch of time."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.bits = first, bytearray(last - first)

    def add(self, start: int, end: int) -> None:
        start, end = max(start - self.first, 0), min(end - self.first, len(self.bits))
        if start < end:
            self.bits[start:end] = b"\1" * (end - start)

    def all_of(self, start: int, end: int) -> bool:
        return 0 not in self.bits[start - self.first : end - self.first]

    def any_of(self, start: int, end: int) -> bool:
        return 1 in self.bits[start - self.first : end - self.first]

    def __contains__(self, minute: int) -> bool:
        return self.bits[minute - self.first] == 1

    def without(self, others: Minutes) -> Minutes:
        left = Minutes(self.first, self.first + len(self.bits))
        left.bits = bytearray(one & (1 - other) for one, other in zip(self.bits, others.bits, strict=True))
        return left

    def together(self, others: Minutes) -> Minutes:
        both = Minutes(self.first, self.first + len(self.bits))
        both.bits = bytearray(one | other for one, other in zip(self.bits, others.bits, strict=True))
        return both


def slots(world: World, search: Search) -> list[Found]:
    """Every slot of the search and none else, in order."""
    now = -(-int(world.now.timestamp()) // 60)
    purpose = next((each for each in world.purposes if each.id == search.purpose), None)
    minutes, before, after, notice = (
        _first(search.minutes, purpose and purpose.minutes),
        _first(search.before, purpose and purpose.before),
        _first(search.after, purpose and purpose.after),
        _first(search.notice, purpose and purpose.notice),
    )
    since = now if search.since is None else _minute(search.since, world.zone, 0)
    until = since + 42 * 1440 if search.until is None else _minute(search.until, world.zone, 1)
    if purpose is not None and purpose.horizon_days is not None:
        until = min(until, now + purpose.horizon_days * 1440)
    earliest = max(since, now + notice)
    span = (min(earliest, until) - MARGIN, max(earliest, until) + MARGIN)
    advisers = [each for each in world.of_kind("adviser") if _may_book(world, each) and each.active]
    if search.advisers is not None:
        named = {each.id: each for each in advisers}
        advisers = [named[each] for each in search.advisers]
    fitting = [
        each
        for each in advisers
        if (purpose is None or not purpose.professions or each.profession in purpose.professions)
        and (search.organisation is None or each.organisation.id == search.organisation)
    ]
    groups = [[each] for each in fitting]
    if search.together:
        groups = [fitting] if len(fitting) == len(advisers) else []
    rooms = _rooms(world, search, purpose)
    vehicles = _vehicles(world, search, purpose)
    busy = {each.id: _busy(each, span) for each in world.calendars}
    shut = {each.id: _shut(world, each, span) for each in (*(rooms or ()), *(vehicles or ()))}
    found: list[Found] = []
    for venue in world.venues:
        if not _near_enough(venue, search) or (search.venues and venue.id not in search.venues):
            continue
        closed = _holidays(venue, span)
        places = {each.id: Place(*_openings(world, each, venue, purpose, span), closed) for each in fitting}
        for start in range(earliest, until - minutes + 1):
            end = start + minutes
            for group in groups:
                if not all(
                    places[each.id].offers(start, end, before, after)
                    and not busy[each.id].any_of(start - before, end + after)
                    for each in group
                ):
                    continue
                if datetime.fromtimestamp(start * 60, UTC).astimezone(venue.zone).minute % search.grid:
                    continue
                free_rooms = [
                    each.id
                    for each in rooms or ()
                    if each.venue is venue
                    and not busy[each.id].any_of(start - each.setup, end + each.cleanup)
                    and not shut[each.id].any_of(start, end)
                ]
                free_vehicles = [
                    each.id
                    for each in vehicles or ()
                    if all(one.venue is each.venue for one in group)
                    and not busy[each.id].any_of(start - before, end + after)
                    and not shut[each.id].any_of(start - before, end + after)
                ]
                if (rooms is None or free_rooms) and (vehicles is None or free_vehicles):
                    ids = tuple(each.id for each in group)
                    found.append((start, end, ids, venue.id, tuple(sorted(free_rooms)), tuple(sorted(free_vehicles))))
    return sorted(found, key=lambda slot: (slot[0], slot[2], slot[3]))


def _first(asked: int | None, of_purpose: int | None) -> int:
    return asked if asked is not None else of_purpose or 0


def _minute(moment: int | date, zone: ZoneInfo, days: int) -> int:
    if isinstance(moment, int):
        return moment
    return minute_of(datetime.combine(moment, datetime.min.time()) + timedelta(days=days), zone)


class Place:
    """When one adviser is open at one venue, and when a public holiday is in the way."""

    def __init__(self, usual: Minutes, always: Minutes, closed: Minutes) -> None:
        self.always = always
        self.open = always.together(usual.without(closed))
        self.shut = closed.without(always)

    def offers(self, start: int, end: int, before: int, after: int) -> bool:
        """A buffer may lie in a holiday only where the opening at that end is open on holidays."""
        if not self.open.all_of(start, end):
            return False
        if self.shut.any_of(start - before, start) and start not in self.always:
            return False
        return not self.shut.any_of(end, end + after) or end - 1 in self.always


def _may_book(world: World, calendar: Calendar) -> bool:
    levels = [level for _, level in calendar.shares]
    replaced = [audience for audience, _ in calendar.shares]
    same_territory = calendar.organisation.territory is world.organisation.territory
    if calendar.owner == world.account or (world.role == "administrator" and same_territory):
        levels.append("manage")
    by_role = world.role in ("secretary", "coordinator")
    if calendar.organisation is world.organisation and (by_role or "organisation" not in replaced):
        levels.append("book")
    if same_territory and "territory" not in replaced and calendar.kind == "adviser":
        levels.append("book_offered")
    return any(level in BOOKS for level in levels)


def _rooms(world: World, search: Search, purpose: Purpose | None) -> Sequence[Calendar] | None:
    asked = search.room is not None or search.capacity or search.equipment
    if not asked and not (purpose and purpose.room_capacity):
        return None
    capacity = search.capacity if search.capacity is not None else purpose.room_capacity if purpose else 0
    return [
        each
        for each in world.of_kind("room")
        if each.active
        and _may_book(world, each)
        and (search.room in (None, "any") or each.id == search.room)
        and (each.capacity or 0) >= capacity
        and set(search.equipment) <= set(each.equipment)
    ]


def _vehicles(world: World, search: Search, purpose: Purpose | None) -> Sequence[Calendar] | None:
    if search.vehicle is None and not (purpose and purpose.needs_vehicle):
        return None
    return [
        each
        for each in world.of_kind("vehicle")
        if each.active and _may_book(world, each) and (search.vehicle in (None, "any") or each.id == search.vehicle)
    ]


def _busy(calendar: Calendar, span: tuple[int, int]) -> Minutes:
    taken = Minutes(*span)
    for each in calendar.taken:
        if each.claims:
            taken.add(each.starts, each.ends)
    return taken


def _shut(world: World, calendar: Calendar, span: tuple[int, int]) -> Minutes:
    """When a room or vehicle is closed: outside its openings, if it has any, and on holidays, if it says so."""
    assert calendar.venue is not None
    shut, holidays = Minutes(*span), _holidays(calendar.venue, span)
    mine = [each for each in world.openings if each.adviser is calendar]
    if mine:
        usual, always = Minutes(*span), Minutes(*span)
        for opening in mine:
            for start, minutes, _ in _dates(opening, span):
                (always if opening.holidays == "open" else usual).add(start, start + minutes)
        shut.add(*span)
        shut = shut.without(always.together(usual.without(holidays)))
    return shut.together(holidays) if calendar.closed_on_holidays else shut


def _holidays(venue: Venue, span: tuple[int, int]) -> Minutes:
    closed = Minutes(*span)
    code = venue.organisation.territory.holidays
    if code is None:
        return closed
    day = datetime.fromtimestamp(span[0] * 60, UTC).date() - timedelta(days=2)
    days = holiday_library.country_holidays("FR", subdiv=SUBDIVISIONS[code], years=[day.year, day.year + 1])
    while _minute(day, venue.zone, 0) < span[1]:
        if day in days:
            closed.add(_minute(day, venue.zone, 0), _minute(day, venue.zone, 1))
        day += timedelta(days=1)
    return closed


def _openings(
    world: World, adviser: Calendar, venue: Venue, purpose: Purpose | None, span: tuple[int, int]
) -> tuple[Minutes, Minutes]:
    usual, always = Minutes(*span), Minutes(*span)
    for opening in world.openings:
        if opening.adviser is not adviser or opening.admission == "drop_in":
            continue
        if opening.purposes is not None and (purpose is None or purpose.id not in opening.purposes):
            continue
        for start, minutes, where in _dates(opening, span):
            if where is venue:
                (always if opening.holidays == "open" else usual).add(start, start + minutes)
    return usual, always


def _dates(opening: Opening, span: tuple[int, int]) -> list[tuple[int, int, Venue]]:
    """(start, minutes, venue) of every date, its exceptions and changes taken into account."""
    zone = opening.venue.zone
    first, last = (datetime.fromtimestamp(each * 60, UTC).replace(tzinfo=None) for each in span)
    walls = [opening.start]
    if opening.rrule is not None:
        rule = opening.rrule
        if "UNTIL=" in rule:
            rule += "T235959"
        dates = rrulestr(rule, dtstart=opening.start)
        walls = list(dates.between(first - timedelta(days=9), last + timedelta(days=9), inc=True))
    found = []
    for wall in walls:
        if f"{wall:%Y-%m-%d}" in opening.exdates:
            continue
        if wall not in opening.changes:
            found.append((minute_of(wall, zone), opening.minutes, opening.venue))
        elif (change := opening.changes[wall]) is not None:
            moved, minutes, where = change
            found.append((minute_of(moved, zone), minutes or opening.minutes, where or opening.venue))
    return found


def _near_enough(venue: Venue, search: Search) -> bool:
    if search.near is None or search.within_km is None:
        return True
    if venue.place is None:
        return False
    return 2 * 6371 * asin(dist(_on_the_sphere(search.near), _on_the_sphere(venue.place)) / 2) <= search.within_km


def _on_the_sphere(place: tuple[float, float]) -> tuple[float, float, float]:
    north, east = map(radians, place)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)
