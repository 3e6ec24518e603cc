"""What somebody searches for, and the question it comes to: whose starts, from when to when, with what around them.

Ids are resolved under the actor's rights; what may not be seen does not exist.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions import feasibility
from booking.actions.feasibility import ANY, PurposeFacts
from booking.actions.rights import NO_RIGHTS, Actor, Rights, rights_from
from booking.actions.windows import HAS_HOURS
from booking.database import rows
from booking.refusals import Fault, Forbidden, Invalid, NotFound
from booking.timeline.interval import local_day
from booking.timeline.slots import STEPS, Need

A_DAY = 1440
DEFAULT_LIMIT = 200
MOST = 5000
MOST_DAYS = 100
USUAL_DAYS = 42
LONGEST_MINUTES = 14 * A_DAY
_AN_HOUR = 60


@dataclass(frozen=True)
class Search:
    """The parameters of a search for slots.

    ``since`` and ``until`` are UTC minutes or local dates of the actor's territory (a date as ``until`` is its
    end); without them the search runs from now for six weeks. ``advisers`` absent: every adviser the actor may
    book. ``room`` and ``vehicle`` are ``any``, an id, or nothing; nothing means what the purpose asks, unless
    ``as_purpose_asks`` is off. ``near`` is (latitude, longitude) in degrees.
    """

    purpose: str | None = None
    minutes: int | None = None
    before: int | None = None
    after: int | None = None
    notice: int | None = None
    since: int | date | None = None
    until: int | date | None = None
    advisers: tuple[str, ...] | None = None
    together: bool = False
    venues: tuple[str, ...] | None = None
    organisation: str | None = None
    near: tuple[float, float] | None = None
    within_km: float | None = None
    room: str | None = None
    capacity: int | None = None
    equipment: tuple[str, ...] = ()
    vehicle: str | None = None
    grid: int = 15
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    as_purpose_asks: bool = True


class Bookable(NamedTuple):
    """A calendar that the actor may book or propose. ``version`` was read before anything that stands on it.

    ``has_hours``: a room or vehicle that is not always open.
    """

    pk: int
    id: str
    venue_pk: int | None
    version: int
    setup_minutes: int
    cleanup_minutes: int
    has_hours: bool
    kind: str


@dataclass(frozen=True)
class Question:
    """A search with its ids resolved. Times in UTC minutes: ``since`` and ``until`` as asked, ``earliest`` and
    ``latest_end`` after notice and horizon.

    ``rooms`` and ``vehicles`` are the candidates that would do; ``None`` when none is asked for.
    ``venues`` are ids; ``territories`` those whose venues may be named.
    """

    purpose_pk: int | None
    need: Need
    since: int
    until: int
    earliest: int
    latest_end: int
    step: int
    advisers: tuple[Bookable, ...]
    together: bool
    venues: frozenset[str] | None
    territories: frozenset[int]
    near: tuple[float, float] | None
    within_km: float
    rooms: tuple[Bookable, ...] | None
    vehicles: tuple[Bookable, ...] | None


_CALENDARS = f"""
SELECT c.pk, c.kind, c.organisation_pk, o.territory_pk, c.account_pk, s.account_pk, s.organisation_pk, s.level,
       c.pk, c.id, c.venue_pk, c.version, c.setup_minutes, c.cleanup_minutes, {HAS_HOURS},
       c.kind, c.profession, c.capacity, c.equipment, o.id, o.territory_pk
FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN share s ON s.calendar_pk = c.pk
 AND (s.account_pk = :account OR s.organisation_pk = :organisation OR s.territory_pk = :territory)
WHERE c.active AND ({{which}})
"""  # noqa: S608 - constants
_GRANT = 8
"""How many columns tell of rights; the rest are those of ``_Row``."""
_SEEN = "((o.territory_pk = :territory OR s.pk IS NOT NULL) AND c.kind IN ({kinds}))"
_NAMED = "c.id IN_ARRAY(:named)"
_ROOMS = """
(c.kind = 'room' AND c.venue_pk IN (
   SELECT p.venue_pk FROM opening p JOIN calendar a ON a.pk = p.calendar_pk WHERE a.id IN_ARRAY(:advisers)
   UNION
   SELECT x.venue_pk FROM opening_change x JOIN opening p ON p.pk = x.opening_pk
   JOIN calendar a ON a.pk = p.calendar_pk WHERE a.id IN_ARRAY(:advisers)))
"""
_VEHICLES = """
(c.kind = 'vehicle' AND c.venue_pk IN (SELECT a.venue_pk FROM calendar a WHERE a.id IN_ARRAY(:advisers)))
"""


class _Row(NamedTuple):
    pk: int
    id: str
    venue_pk: int | None
    version: int
    setup_minutes: int
    cleanup_minutes: int
    has_hours: bool
    kind: str
    profession: str | None
    capacity: int | None
    equipment: Any
    organisation: str
    territory_pk: int


def resolve(session: Session, actor: Actor, search: Search, now: datetime) -> Question:
    """The question behind a search, in at most three statements.

    Raises ``Invalid`` for values that make no sense, ``NotFound`` for ids that name nothing the actor may know
    of, ``Forbidden`` for calendars that the actor sees and may not book.
    """
    purpose = feasibility.purpose_named(session, search.purpose) if search.purpose is not None else None
    if search.purpose is not None and purpose is None:
        raise NotFound
    need, notice = _need(search, purpose)
    now_minute = -(-int(now.timestamp()) // 60)
    since, until = _bounds(actor, search, now_minute)
    horizon = purpose.horizon_days if purpose is not None else None
    room, capacity = _room_asked(search, purpose)
    vehicle = search.vehicle
    if vehicle is None and search.as_purpose_asks and purpose is not None and purpose.needs_vehicle:
        vehicle = ANY
    found, rights = _calendars(session, actor, search, room, vehicle)
    advisers = _advisers(session, actor, search, purpose, found, rights)
    return Question(
        purpose_pk=purpose.pk if purpose is not None else None,
        need=need,
        since=since,
        until=until,
        earliest=max(since, now_minute + notice),
        latest_end=until if horizon is None else min(until, now_minute + horizon * A_DAY),
        step=search.grid,
        advisers=tuple(Bookable(*row[:8]) for row in advisers),
        together=search.together,
        venues=frozenset(search.venues) if search.venues else None,
        territories=frozenset({actor.territory_pk, *(row.territory_pk for row in advisers)}),
        near=search.near,
        within_km=search.within_km or 0.0,
        rooms=_candidates(found, rights, room, "room", capacity, frozenset(search.equipment)),
        vehicles=_candidates(found, rights, vehicle, "vehicle", 0, frozenset()),
    )


def _need(search: Search, purpose: PurposeFacts | None) -> tuple[Need, int]:
    """Minutes and buffers of the appointment, and the notice: as asked, else as the purpose sets them."""
    minutes, before, after, notice = (
        asked if asked is not None else default
        for asked, default in (
            (search.minutes, purpose.minutes if purpose else None),
            (search.before, purpose.before if purpose else 0),
            (search.after, purpose.after if purpose else 0),
            (search.notice, purpose.notice_minutes if purpose else 0),
        )
    )
    faults = []
    if minutes is None:
        faults.append(Fault("/minutes", "required", "name a purpose or the minutes"))
    elif not 0 < minutes <= LONGEST_MINUTES:
        faults.append(Fault("/minutes", "range", f"between 1 and {LONGEST_MINUTES}"))
    for pointer, value in (("/before", before), ("/after", after), ("/notice", notice)):
        if not 0 <= (value or 0) <= 366 * A_DAY:
            faults.append(Fault(pointer, "range", "not negative, and at most a year"))
    if search.grid not in STEPS:
        faults.append(Fault("/grid", "choice", f"one of {', '.join(map(str, STEPS))}"))
    if not 1 <= search.limit <= MOST:
        faults.append(Fault("/limit", "range", f"between 1 and {MOST}"))
    if search.near is not None and search.within_km is None:
        faults.append(Fault("/within_km", "required", "near needs a distance"))
    if search.near is not None and not (abs(search.near[0]) <= 90 and abs(search.near[1]) <= 180):
        faults.append(Fault("/near", "range", "latitude and longitude in degrees"))
    if search.within_km is not None and (search.near is None or not search.within_km >= 0):
        faults.append(Fault("/within_km", "range", "not negative, together with near"))
    if search.together and not search.advisers:
        faults.append(Fault("/together", "advisers", "name those who are to be together"))
    if faults:
        raise Invalid(faults)
    return Need(minutes or 0, before or 0, after or 0), notice or 0


def _bounds(actor: Actor, search: Search, now_minute: int) -> tuple[int, int]:
    """From when to when, as asked."""
    zone = ZoneInfo(actor.zone)
    since = now_minute if search.since is None else _instant(search.since, zone, 0, "/from")
    until = since + USUAL_DAYS * A_DAY if search.until is None else _instant(search.until, zone, 1, "/to")
    if until < since:
        raise Invalid([Fault("/to", "order", "comes before from")])
    most = MOST_DAYS * A_DAY + (A_DAY + _AN_HOUR if isinstance(search.until, date) else 0)
    if until - since > most:
        raise Invalid([Fault("/to", "range", f"at most {MOST_DAYS} days after from")])
    return since, until


def _instant(moment: int | date, zone: ZoneInfo, side: int, pointer: str) -> int:
    if isinstance(moment, int):
        return moment
    try:
        return local_day(moment, zone)[side]
    except (OverflowError, ValueError):
        raise Invalid([Fault(pointer, "range", "not a date that anybody plans for")]) from None


def _room_asked(search: Search, purpose: PurposeFacts | None) -> tuple[str | None, int]:
    """The room asked for (an id, any, none) and its capacity. Seats or equipment asked for are a room asked for."""
    by_purpose = purpose.room_capacity if purpose is not None and search.as_purpose_asks else 0
    capacity = search.capacity if search.capacity is not None else by_purpose
    room = search.room
    if room is None and (capacity > 0 or by_purpose > 0 or search.equipment):
        room = ANY
    return room, capacity


def _calendars(
    session: Session, actor: Actor, search: Search, room: str | None, vehicle: str | None
) -> tuple[list[_Row], dict[int, Rights]]:
    """Everything the search may need to look at, and the actor's rights on it, in one statement."""
    named = [each for each in (*(search.advisers or ()), room, vehicle) if each is not None and each != ANY]
    which: list[str] = []
    arguments: dict[str, Any] = {
        "account": actor.pk,
        "organisation": actor.organisation_pk,
        "territory": actor.territory_pk,
    }
    if named:
        which.append(_NAMED)
        arguments["named"] = sorted(set(named))
    if search.advisers is None:
        kinds = ["'adviser'", *(f"'{kind}'" for kind, asked in (("room", room), ("vehicle", vehicle)) if asked == ANY)]
        which.append(_SEEN.format(kinds=", ".join(kinds)))
    elif ANY in (room, vehicle):
        arguments["advisers"] = sorted(set(search.advisers))
        which.extend(text for text, asked in ((_ROOMS, room), (_VEHICLES, vehicle)) if asked == ANY)
    found = rows(session, _CALENDARS.format(which=" OR ".join(which) or "FALSE"), arguments)
    rights = rights_from(actor, (row[:_GRANT] for row in found))
    return list({row[0]: _Row._make(row[_GRANT:]) for row in found}.values()), rights


def _advisers(
    session: Session,
    actor: Actor,
    search: Search,
    purpose: PurposeFacts | None,
    found: Sequence[_Row],
    rights: dict[int, Rights],
) -> list[_Row]:
    """The advisers to look at: named or all, of the profession and the organisation asked for.

    Together, one who does not qualify leaves nobody.
    """
    if search.advisers is None:
        among = [row for row in found if row.kind == "adviser" and rights.get(row.pk, NO_RIGHTS).may_propose]
        among.sort(key=lambda row: row.id)
    else:
        by_id = {row.id: row for row in found if row.kind == "adviser"}
        among = [_checked(by_id.get(each), rights) for each in dict.fromkeys(search.advisers)]
    kept = [
        row
        for row in among
        if (purpose is None or not purpose.professions or row.profession in purpose.professions)
        and (search.organisation is None or row.organisation == search.organisation)
    ]
    if search.organisation is not None and not kept:
        _require_organisation(session, actor, search.organisation, among)
    return [] if search.together and len(kept) < len(among) else kept


def _checked(row: _Row | None, rights: dict[int, Rights]) -> _Row:
    if row is None or not rights.get(row.pk, NO_RIGHTS).sees:
        raise NotFound
    if not rights[row.pk].may_propose:
        raise Forbidden
    return row


def _require_organisation(session: Session, actor: Actor, organisation: str, among: Sequence[_Row]) -> None:
    found = rows(session, "SELECT territory_pk FROM organisation WHERE id = :id", {"id": organisation})
    if not found or found[0][0] not in {actor.territory_pk, *(row.territory_pk for row in among)}:
        raise NotFound


def _candidates(
    found: Sequence[_Row],
    rights: dict[int, Rights],
    asked: str | None,
    kind: str,
    capacity: int,
    equipment: frozenset[str],
) -> tuple[Bookable, ...] | None:
    """The rooms or vehicles that would do and that the actor may book or propose; ``None``: none asked for."""
    if asked is None:
        return None
    if asked == ANY:
        among = [row for row in found if row.kind == kind and rights.get(row.pk, NO_RIGHTS).may_propose]
    else:
        among = [_checked(next((row for row in found if row.id == asked and row.kind == kind), None), rights)]
    return tuple(
        Bookable(*row[:8])
        for row in sorted(among, key=lambda row: row.id)
        if (row.capacity or 0) >= capacity and (not equipment or equipment <= _equipment_of(row))
    )


def _equipment_of(row: _Row) -> set[str]:
    return set(json.loads(row.equipment) if isinstance(row.equipment, str) else row.equipment or ())
