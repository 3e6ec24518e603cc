"""Openings as their readers see them: the rules with their changed dates, and the dates that come next."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.holidays import school_holidays
from booking.actions.openings_editing import OpeningDraft, draft_faults
from booking.actions.rights import Actor, require, rights_on, rights_on_one
from booking.database import rows
from booking.refusals import Fault, Invalid, NotFound
from booking.timeline.holidays import is_known_code, public_holiday, school_holiday
from booking.timeline.recurrence import Series, occurrences_from

CANCELLED = "cancelled"
MOST_LOOKED_AT = 60


@dataclass(frozen=True)
class DateChange:
    """One date that differs from its rule: cancelled (``start`` absent), or at another time, length or venue."""

    original: str
    start: str | None
    minutes: int | None
    venue: str | None


@dataclass(frozen=True)
class OpeningView:
    """An opening with its ids, its local times and its changed dates. ``minutes`` are elapsed minutes."""

    id: str
    kind: str
    calendar: str
    calendar_name: str
    venue: str
    venue_name: str
    start: str
    minutes: int
    rrule: str | None
    exdates: tuple[str, ...]
    admission: str
    purposes: tuple[str, ...] | None
    holidays: str
    version: int
    zone: str
    may_change: bool
    changes: tuple[DateChange, ...] = ()

    @property
    def draft(self) -> OpeningDraft:
        """What a form starts from."""
        return OpeningDraft(
            self.venue,
            self.start,
            self.minutes,
            self.rrule,
            self.exdates,
            self.admission,
            self.purposes,
            self.holidays,
        )


@dataclass(frozen=True)
class NextDate:
    """A date to come. ``dropped`` is why it does not take place: a public holiday's name, or ``cancelled``."""

    original: str
    start: str
    minutes: int
    dropped: str | None = None
    school_holiday: str | None = None
    changed: bool = False


@dataclass(frozen=True)
class VenueDays:
    """What decides about dates at a venue: its zone, its public holidays, its school zone."""

    zone: ZoneInfo
    public_holidays: str | None
    school_zone: str | None

    def closed(self, day: date) -> str | None:
        """The public holiday on this date."""
        if self.public_holidays is None or not is_known_code(self.public_holidays):
            return None
        return public_holiday(self.public_holidays, day)

    def school(self, day: date) -> str | None:
        """The school holiday that this date is in, as far as anybody knows."""
        known = school_holidays(self.school_zone)
        found = school_holiday(known, day) if known is not None else None
        return found.name if found is not None else None


_OPENINGS = """
SELECT o.pk, o.calendar_pk, o.id, c.kind, c.id, c.name, v.id, v.name, o.starts_wall, o.minutes, o.rrule, o.exdates,
       o.admission, o.limited, o.holidays, o.version, t.timezone
FROM opening o
JOIN calendar c ON c.pk = o.calendar_pk
JOIN venue v ON v.pk = o.venue_pk
JOIN organisation s ON s.pk = v.organisation_pk
JOIN territory t ON t.pk = s.territory_pk
WHERE {which}
ORDER BY o.id
"""
_PURPOSES = """
SELECT j.opening_pk, p.id FROM opening_purpose j JOIN purpose p ON p.pk = j.purpose_pk
WHERE j.opening_pk IN_ARRAY(:openings) ORDER BY p.id
"""
_CHANGES = """
SELECT x.opening_pk, x.original, x.starts_wall, x.minutes, v.id
FROM opening_change x LEFT JOIN venue v ON v.pk = x.venue_pk
WHERE x.opening_pk IN_ARRAY(:openings) ORDER BY x.original
"""


def openings_of(
    session: Session, actor: Actor, calendar_id: str | None = None, kinds: Collection[str] = ("adviser",)
) -> list[OpeningView]:
    """The openings of one calendar, or of all of these kinds that the actor sees, in the order of their ids.

    ``NotFound`` when the actor may not know of the calendar.
    """
    if calendar_id is None:
        rights = rights_on(session, actor)
    else:
        found = rows(session, "SELECT pk FROM calendar WHERE id = :id", {"id": calendar_id})
        if not found:
            raise NotFound
        rights = rights_on(session, actor, [found[0][0]])
        if not rights:
            raise NotFound
    which = _OPENINGS.format(which="o.calendar_pk IN_ARRAY(:calendars)")
    views = _views(session, rows(session, which, {"calendars": sorted(rights)}), rights)
    return views if calendar_id is not None else [each for each in views if each.kind in kinds]


def opening(session: Session, actor: Actor, opening_id: str) -> OpeningView:
    """One opening. ``NotFound`` when there is none that the actor may know of."""
    found = rows(session, _OPENINGS.format(which="o.id = :id"), {"id": opening_id})
    if not found:
        raise NotFound
    rights = rights_on_one(session, actor, found[0][1])
    require(rights, "see")
    return _views(session, found, {found[0][1]: rights})[0]


def _views(session: Session, found: Sequence[tuple[Any, ...]], rights: Mapping[int, Any]) -> list[OpeningView]:
    keys = [row[0] for row in found]
    purposes: dict[int, list[str]] = {}
    changes: dict[int, list[DateChange]] = {}
    if keys:
        for pk, purpose in rows(session, _PURPOSES, {"openings": keys}):
            purposes.setdefault(pk, []).append(purpose)
        for pk, *change in rows(session, _CHANGES, {"openings": keys}):
            changes.setdefault(pk, []).append(DateChange(*change))
    return [
        OpeningView(
            *(
                *row[2:11],
                tuple(json.loads(row[11]) if isinstance(row[11], str) else row[11] or ()),
                row[12],
                tuple(purposes.get(row[0], ())) if row[13] else None,
                *row[14:17],
                rights[row[1]].manages,
                tuple(changes.get(row[0], ())),
            )
        )
        for row in found
    ]


def next_dates(
    session: Session,
    draft: OpeningDraft,
    now: datetime,
    n: int = 5,
    changes: Sequence[DateChange] = (),
) -> list[NextDate]:
    """The next dates of an opening, before or after it is saved: ``n`` that take place, with those that do not.

    Raises ``Invalid`` as saving would.
    """
    days = venue_days(session, draft.venue)
    if days is None:
        raise Invalid([Fault("/venue", "unknown_id", "there is nothing with this id")])
    series, faults = draft_faults(draft, days.zone)
    if series is None:
        raise Invalid(faults)
    found: list[NextDate] = []
    taking_place = 0
    for one in _dates(series, days, draft, {each.original: each for each in changes}, now):
        found.append(one)
        taking_place += one.dropped is None
        if taking_place == n:
            break
    return found


def _dates(
    series: Series, days: VenueDays, draft: OpeningDraft, changes: Mapping[str, DateChange], now: datetime
) -> Iterator[NextDate]:
    for occurrence in islice(occurrences_from(series, int(now.timestamp()) // 60), MOST_LOOKED_AT):
        original = occurrence.original.strftime("%Y-%m-%dT%H:%M")
        start, minutes, changed = original, draft.minutes, original in changes
        if changed:
            if changes[original].start is None:
                yield NextDate(original, original, minutes, CANCELLED, changed=True)
                continue
            start, minutes = changes[original].start or original, changes[original].minutes or minutes
        day = date.fromisoformat(start[:10])
        closed = days.closed(day) if draft.holidays == "closed" else None
        yield NextDate(original, start, minutes, closed, days.school(day), changed)


def venue_days(session: Session, venue_id: str) -> VenueDays | None:
    """The days of a venue; ``None`` when there is no such venue."""
    found = rows(
        session,
        "SELECT t.timezone, t.public_holidays, t.school_zone FROM venue v "
        "JOIN organisation s ON s.pk = v.organisation_pk JOIN territory t ON t.pk = s.territory_pk WHERE v.id = :id",
        {"id": venue_id},
    )
    return VenueDays(ZoneInfo(found[0][0]), found[0][1], found[0][2]) if found else None
