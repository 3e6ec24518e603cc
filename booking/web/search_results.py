"""What a search found, as its page shows it: by day, by person and place, the hours one below the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions import slot_obstacles, slots
from booking.actions.rights import Actor
from booking.actions.search_choices import Choices, VenueChoice
from booking.actions.slots import Search, Slot
from booking.timeline.interval import local_date, to_wall
from booking.web import search_query
from booking.web.search_query import Asked, Chosen

DAYS_SHOWN = 4
MOST_GROUPS = 12
"""People shown on one day; where more are free, one of them is asked for."""

CHUNK = timedelta(days=14)
FARTHEST = timedelta(days=98)
NOON = 12


class Hour(NamedTuple):
    """One slot that can be clicked: its start (UTC minute) and its address."""

    starts: int
    slot: Slot
    address: str
    is_chosen: bool


@dataclass(frozen=True)
class Group:
    """The slots of one person (or of several together) at one place on one day."""

    names: tuple[str, ...]
    venue: VenueChoice
    hours: tuple[Hour, ...]
    only_proposes: bool


@dataclass(frozen=True)
class Day:
    """What one local day offers."""

    day: date
    groups: tuple[Group, ...]
    others: int = 0
    """How many more are free than are shown."""


@dataclass(frozen=True)
class Results:
    """The days that have slots, and what stands in the way when there is none.

    There are more slots before the day ``earlier``, and there may be more from the day ``later`` on.
    """

    days: tuple[Day, ...]
    earlier: date | None = None
    later: date | None = None
    hindered: Sequence[slot_obstacles.Hindered] = ()

    @property
    def first(self) -> tuple[Day, Group, Hour] | None:
        """The very first slot."""
        found = [(hour.starts, day, group, hour) for day in self.days for group in day.groups for hour in group.hours]
        return min(found, key=lambda each: each[0])[1:] if found else None


def look(
    session: Session, actor: Actor, asked: Asked, choices: Choices, now: datetime, chosen: Chosen | None = None
) -> Results:
    """The slots that the search finds, a few days at a time."""
    search = as_search(asked, choices)
    if search is None:
        return Results(())
    zone = ZoneInfo(actor.zone)
    today = local_date(int(now.timestamp()) // 60, zone)
    first, last = _window(asked, today)
    if asked.before is not None:
        days = _backwards(session, actor, search, asked, now, first, min(asked.before - timedelta(days=1), last))
    else:
        start = max(first, asked.since) if asked.since else first
        days = _forwards(session, actor, search, asked, now, start, last)
    later = days[-1][0] + timedelta(days=1) if days else None
    hindered = slot_obstacles.why_none(session, actor, _of_days(search, first, last), now) if not days else ()
    return Results(
        tuple(_day(day, found, asked, choices, chosen) for day, found in days),
        _earlier(session, actor, search, asked, now, first, days),
        later if later is not None and later <= last else None,
        hindered,
    )


def as_search(asked: Asked, choices: Choices) -> Search | None:
    """The search behind what is asked; ``None`` while something is missing (who, near which commune)."""
    if asked.purpose is None or (asked.whom != search_query.FIRST and not asked.advisers):
        return None
    near = search_query.centre(asked, choices)
    if asked.where == search_query.COMMUNE and near is None:
        return None
    exactly = asked.where not in (search_query.ANYWHERE, search_query.COMMUNE) and near is None
    without_needs = search_query.WITHOUT in (asked.room, asked.vehicle)
    return Search(
        purpose=asked.purpose.id,
        minutes=asked.minutes,
        advisers=asked.advisers or None,
        together=asked.whom == search_query.TOGETHER,
        venues=(asked.where,) if exactly else None,
        near=near,
        within_km=float(asked.km) if near is not None else None,
        room=asked.wanted_room,
        capacity=asked.purpose.room_capacity if without_needs and asked.wanted_room else None,
        vehicle=asked.wanted_vehicle,
        as_purpose_asks=not without_needs,
        limit=slots.MOST,
    )


def _window(asked: Asked, today: date) -> tuple[date, date]:
    """The first and the last local day to look at."""
    if asked.when == search_query.DAY and asked.day:
        return asked.day, asked.day
    if asked.when == search_query.WEEK and asked.day:
        monday = asked.day - timedelta(days=asked.day.weekday())
        return monday, monday + timedelta(days=6)
    return today, today + FARTHEST


def _of_days(search: Search, first: date, last: date) -> Search:
    return replace(search, since=first, until=min(last, first + FARTHEST))


Found = list[tuple[date, list[Slot]]]


def _chunk(
    session: Session, actor: Actor, search: Search, asked: Asked, now: datetime, first: date, last: date
) -> Found:
    """The days from ``first`` to ``last`` that have slots in the half of the day asked for."""
    page = slots.find(session, actor, _of_days(search, first, last), now)
    by_day: dict[date, list[Slot]] = {}
    for slot in page.items:
        wall = to_wall(slot.starts, ZoneInfo(slot.zone))
        if asked.half and (asked.half == search_query.MORNING) != (wall.hour < NOON):
            continue
        by_day.setdefault(wall.date(), []).append(slot)
    found = sorted(by_day.items())
    return found[:-1] if page.next is not None and len(found) > 1 else found


def _forwards(
    session: Session, actor: Actor, search: Search, asked: Asked, now: datetime, first: date, last: date
) -> Found:
    """The first few days that have slots."""
    days: Found = []
    while first <= last and len(days) < DAYS_SHOWN:
        until = min(first + CHUNK - timedelta(days=1), last)
        days += _chunk(session, actor, search, asked, now, first, until)
        first = until + timedelta(days=1)
    return days[:DAYS_SHOWN]


def _backwards(
    session: Session, actor: Actor, search: Search, asked: Asked, now: datetime, first: date, last: date
) -> Found:
    """The last few days that have slots, up to ``last``."""
    days: Found = []
    while first <= last and len(days) < DAYS_SHOWN:
        since = max(last - CHUNK + timedelta(days=1), first)
        days = _chunk(session, actor, search, asked, now, since, last) + days
        last = since - timedelta(days=1)
    return days[-DAYS_SHOWN:]


def _earlier(
    session: Session, actor: Actor, search: Search, asked: Asked, now: datetime, first: date, days: Found
) -> date | None:
    """The day before which there are more slots; ``None`` when these are the first."""
    shown_from = days[0][0] if days else asked.since
    if shown_from is None or shown_from <= first or (asked.since is None and asked.before is None):
        return None
    before = _backwards(session, actor, search, asked, now, first, shown_from - timedelta(days=1))
    return shown_from if before else None


def _day(day: date, found: list[Slot], asked: Asked, choices: Choices, chosen: Chosen | None) -> Day:
    """By person and place, whoever is free first at the top."""
    gathered: dict[tuple[tuple[str, ...], str], list[Slot]] = {}
    for slot in found:
        gathered.setdefault((slot.advisers, slot.venue), []).append(slot)
    groups = tuple(
        Group(
            tuple(map(choices.name_of, advisers)),
            venue,
            tuple(_hours(some, asked, venue, chosen)),
            any(only_proposes(choices, each) for each in advisers),
        )
        for (advisers, venue_id), some in list(gathered.items())[:MOST_GROUPS]
        if (venue := choices.venue(venue_id)) is not None
    )
    return Day(day, groups, max(0, len(gathered) - MOST_GROUPS))


def _hours(found: Sequence[Slot], asked: Asked, venue: VenueChoice, chosen: Chosen | None) -> Iterator[Hour]:
    for slot in found:
        this = Chosen(slot.starts, slot.advisers, venue)
        yield Hour(slot.starts, slot, search_query.address(asked, this), this == chosen)


def only_proposes(choices: Choices, calendar_id: str) -> bool:
    """Whether the reader may only propose on that calendar."""
    found = choices.by_id.get(calendar_id)
    return found is not None and found.only_proposes
