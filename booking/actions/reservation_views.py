"""Reservations as their readers see them: who booked them, whom they are for, whoever sees a calendar's details."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.reservation_rows import load, may
from booking.actions.reservation_series import addressed, span_now
from booking.actions.rights import NO_RIGHTS, Actor, require, rights_on
from booking.actions.series import wall_text
from booking.database import rows
from booking.models.claims import LONG_MINUTES
from booking.refusals import NotFound
from booking.timeline.interval import Minute, Span, local_date, to_minute

STATUS_WORDS = {
    "tentative": "pending",
    "confirmed": "confirmed",
    "rejected": "rejected",
    "cancelled": "cancelled",
}


@dataclass(frozen=True)
class Named:
    id: str
    name: str


@dataclass(frozen=True)
class ReservedCalendar:
    """A calendar that a reservation takes, or took to its end."""

    pk: int
    id: str
    kind: str
    name: str


@dataclass(frozen=True)
class ReservedThing:
    """Movable equipment that a reservation takes along."""

    id: str
    name: str
    quantity: int


@dataclass(frozen=True)
class ReservedDate:
    """One date of a series that differs from its rule: cancelled (no ``starts``) or moved. UTC minutes.

    ``elsewhere``: it left the series for other calendars; the reservation it became is joined to this one.
    """

    original: Minute
    starts: Minute | None
    ends: Minute | None
    reason: str | None

    @property
    def elsewhere(self) -> bool:
        return self.starts is None and self.reason == "elsewhere"


@dataclass(frozen=True)
class ReservationView:
    """A reservation; ``starts`` and ``ends`` (UTC minutes) are those of its first date, ``zone`` its place's.

    ``status``: ``pending``, ``confirmed``, ``rejected``, ``cancelled``. ``related`` is what it was taken together
    with: the first of its chosen dates, the series it left, or an appointment (``related_kind`` tells).
    """

    pk: int
    id: str
    uid: str
    sequence: int
    version: int
    status: str
    title: str | None
    starts: Minute
    ends: Minute
    zone: str
    starts_wall: str | None
    rrule: str | None
    exdates: tuple[str, ...]
    calendars: tuple[ReservedCalendar, ...]
    booked_by: Named | None
    booked_at: int
    booked_for: Named | None
    driver: Named | None
    purpose: str | None
    people: int | None
    planned_km: int | None
    equipment: tuple[ReservedThing, ...]
    option: bool
    lapses_at: Minute | None
    reason: str | None
    related: str | None
    related_kind: str | None
    split_from: str | None
    dates: tuple[ReservedDate, ...]
    may_change: bool
    may_settle: bool

    @property
    def is_standing(self) -> bool:
        return self.status in ("pending", "confirmed")

    @property
    def start(self) -> str:
        """The local start: of a series, the one its rule counts from."""
        return self.starts_wall or wall_text(self.starts, ZoneInfo(self.zone))

    @property
    def end(self) -> str:
        """The local end that belongs to ``start``."""
        zone = ZoneInfo(self.zone)
        return wall_text(to_minute(datetime.fromisoformat(self.start), zone) + self.ends - self.starts, zone)


@dataclass(frozen=True)
class OccurrenceView:
    """One date of a reservation as it stands now. ``starts`` is absent when it was cancelled or left out."""

    reservation: ReservationView
    date: str
    original: Minute
    starts: Minute | None
    ends: Minute | None


_VIEWS = """
SELECT e.pk, e.id, e.uid, e.sequence, e.version, e.status, e.title, e.starts, e.ends, e.zone, e.starts_wall, e.rrule,
       e.exdates, e.booked_by_pk, b.id, b.name, e.created, r.booked_for_pk, f.id, f.name, d.id, d.name, r.purpose,
       r.people, r.planned_km, r."option", e.lapses_at, e.reason, x.id, x.kind, s.id
FROM entry e
LEFT JOIN reservation r ON r.entry_pk = e.pk
LEFT JOIN account b ON b.pk = e.booked_by_pk
LEFT JOIN account f ON f.pk = r.booked_for_pk
LEFT JOIN account d ON d.pk = r.driver_pk
LEFT JOIN entry x ON x.pk = e.related_pk
LEFT JOIN entry s ON s.pk = r.split_from_pk
WHERE e.kind = 'reservation' AND e.pk IN_ARRAY(:entries)
ORDER BY e.starts, e.pk
"""
_CALENDARS = """
SELECT DISTINCT h.entry_pk, c.pk, c.id, c.kind, c.name FROM (
  SELECT entry_pk, calendar_pk FROM claim WHERE entry_pk IN_ARRAY(:entries)
  UNION
  SELECT r.entry_pk, r.calendar_pk FROM released_claim r JOIN entry e ON e.pk = r.entry_pk
  WHERE r.entry_pk IN_ARRAY(:entries) AND r.sequence = e.sequence AND e.status IN ('cancelled', 'rejected')
) h JOIN calendar c ON c.pk = h.calendar_pk
ORDER BY h.entry_pk, c.kind, c.name, c.pk
"""
_DATES = """
SELECT entry_pk, original, starts, ends, reason FROM occurrence WHERE entry_pk IN_ARRAY(:entries) ORDER BY original
"""
_THINGS = """
SELECT q.entry_pk, t.id, t.name, q.quantity FROM entry_equipment q JOIN equipment t ON t.pk = q.equipment_pk
WHERE q.entry_pk IN_ARRAY(:entries) ORDER BY t.name, t.id
"""


def views(session: Session, actor: Actor, entry_pks: Iterable[int]) -> list[ReservationView]:
    """The reservations of these keys that the actor may read, by the start of their first date."""
    keys = {"entries": sorted(set(entry_pks))}
    found = rows(session, _VIEWS, keys)
    calendars: dict[int, list[ReservedCalendar]] = {}
    for pk, *calendar in rows(session, _CALENDARS, keys):
        calendars.setdefault(pk, []).append(ReservedCalendar(*calendar))
    rights = rights_on(session, actor, {each.pk for several in calendars.values() for each in several})
    dates: dict[int, list[ReservedDate]] = {}
    for pk, *date in rows(session, _DATES, keys):
        dates.setdefault(pk, []).append(ReservedDate(*date))
    things: dict[int, list[ReservedThing]] = {}
    for pk, *thing in rows(session, _THINGS, keys):
        things.setdefault(pk, []).append(ReservedThing(*thing))
    told = []
    for row in found:
        on = {each.pk: rights.get(each.pk, NO_RIGHTS) for each in calendars.get(row[0], ())}
        holders = (row[13], row[17])
        if may(actor, holders, on, "read"):
            told.append(
                _view(
                    row,
                    calendars.get(row[0], ()),
                    dates.get(row[0], ()),
                    things.get(row[0], ()),
                    may_change=may(actor, holders, on, "change"),
                    may_settle=may(actor, holders, on, "manage") or (bool(row[25]) and actor.pk in holders),
                )
            )
    return told


def _view(
    row: Sequence[Any],
    calendars: Sequence[ReservedCalendar],
    dates: Sequence[ReservedDate],
    things: Sequence[ReservedThing],
    *,
    may_change: bool,
    may_settle: bool,
) -> ReservationView:
    exdates = json.loads(row[12]) if isinstance(row[12], str) else row[12]
    pk, reservation_id, uid, sequence, version, status, title, starts, ends, zone, starts_wall, rrule = row[:12]
    purpose, people, planned_km, option, lapses_at, reason, related, related_kind, split_from = row[22:31]
    return ReservationView(
        pk=pk,
        id=reservation_id,
        uid=uid,
        sequence=sequence,
        version=version,
        status=STATUS_WORDS[status],
        title=title,
        starts=starts,
        ends=ends,
        zone=zone,
        starts_wall=starts_wall,
        rrule=rrule,
        exdates=tuple(exdates or ()),
        calendars=tuple(calendars),
        booked_by=_named(row[14], row[15]),
        booked_at=row[16],
        booked_for=_named(row[18], row[19]),
        driver=_named(row[20], row[21]),
        purpose=purpose,
        people=people,
        planned_km=planned_km,
        equipment=tuple(things),
        option=bool(option),
        lapses_at=lapses_at,
        reason=reason,
        related=related,
        related_kind=related_kind,
        split_from=split_from,
        dates=tuple(dates),
        may_change=may_change,
        may_settle=may_settle and status == "tentative",
    )


def _named(key: str | None, name: str | None) -> Named | None:
    return None if key is None else Named(key, name or key)


def view(session: Session, actor: Actor, reservation_id: str) -> ReservationView:
    """One reservation, a cancelled one too. ``NotFound`` or ``Forbidden`` as its calendars say."""
    standing = load(session, actor, reservation_id, "read")
    (found,) = views(session, actor, [standing.entry.pk])
    return found


def occurrence(session: Session, actor: Actor, reservation_id: str, day: str) -> OccurrenceView:
    """One date of a reservation (a local day or start), where it stands now: in its series, or as one of its own."""
    about = addressed(session, load(session, actor, reservation_id, "read"), day)
    entry = about.standing.entry
    found = views(session, actor, [entry.pk])
    if not found:
        raise NotFound
    if about.original is None:
        starts, standing = entry.starts, found[0].is_standing
        span: Span | None = (entry.starts, entry.ends) if standing else None
    else:
        starts, span = about.original, span_now(session, entry, about.original) if found[0].is_standing else None
    day = local_date(starts, ZoneInfo(entry.zone)).isoformat()
    return OccurrenceView(found[0], day, starts, *(span or (None, None)))


_ON_CALENDARS = f"""
SELECT DISTINCT x.starts, x.pk FROM (
  SELECT entry_pk FROM claim
  WHERE calendar_pk IN_ARRAY(:calendars) AND starts >= :since - {LONG_MINUTES} AND starts < :until AND ends > :since
  UNION
  SELECT entry_pk FROM claim
  WHERE calendar_pk IN_ARRAY(:calendars) AND ends - starts > {LONG_MINUTES}
    AND starts < :since - {LONG_MINUTES} AND ends > :since
) h JOIN entry x ON x.pk = h.entry_pk
LEFT JOIN reservation r ON r.entry_pk = x.pk
WHERE x.kind = 'reservation' AND (:all = 1 OR x.booked_by_pk = :account OR r.booked_for_pk = :account)
  AND (x.starts > :after OR (x.starts = :after AND x.pk > :after_pk))
ORDER BY x.starts, x.pk LIMIT :most
"""  # noqa: S608 - constants


def listed(
    session: Session,
    actor: Actor,
    window: Span,
    calendars: Sequence[str] = (),
    *,
    after: tuple[Minute, int] | None = None,
    limit: int = 200,
) -> list[ReservationView]:
    """The reservations with a date in the window that the actor may read, by the start of their first date.

    On these calendars (``NotFound`` where one may not be seen, ``Forbidden`` where only that it is busy), or on all
    whose details the actor sees and, of what the actor booked or what is for them, wherever it is. ``after`` is the
    start and key of the last of the page before; one more than ``limit`` is read.
    """
    last = after or (-(2**31), 0)
    arguments: dict[str, Any] = {
        "since": window[0],
        "until": window[1],
        "account": actor.pk,
        "after": last[0],
        "after_pk": last[1],
        "most": limit + 1,
    }
    if calendars:
        known = {row[0]: row[1] for row in rows(session, _KEYS, {"ids": sorted(set(calendars))})}
        rights = rights_on(session, actor, known.values())
        for each in calendars:
            require(rights.get(known.get(each, -1), NO_RIGHTS), "details")
        found = set(rows(session, _ON_CALENDARS, {**arguments, "calendars": sorted(rights), "all": 1}))
    else:
        rights = rights_on(session, actor)
        open_to = sorted(pk for pk, each in rights.items() if each.sees_details)
        closed = sorted(pk for pk, each in rights.items() if not each.sees_details)
        found = set(rows(session, _ON_CALENDARS, {**arguments, "calendars": open_to, "all": 1}))
        found |= set(rows(session, _ON_CALENDARS, {**arguments, "calendars": closed, "all": 0}))
    return views(session, actor, [pk for _, pk in sorted(found)[: limit + 1]])


_KEYS = "SELECT id, pk FROM calendar WHERE id IN_ARRAY(:ids)"
