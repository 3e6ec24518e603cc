"""Directories: the calendars, venues, organisations, purposes and people that an actor may know of, in pages.

Whoever belongs to a territory knows what is in it; of another, only the calendars shared with them, with the venues
and organisations these belong to. Pages are in the order of ids; ``after`` is the last id of the page before, and
one row more than ``limit`` is read, so that the reader knows whether there is another page.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from booking.actions.rights import Actor, Rights, rights_on
from booking.database import rows


class CalendarRow(NamedTuple):
    """A calendar with what is known of its kind; ``None`` where the kind has no such thing."""

    pk: int
    id: str
    kind: str
    name: str
    organisation: str
    venue: str | None
    zone: str
    version: int
    profession: str | None
    capacity: int | None
    equipment: Sequence[str]
    setup_minutes: int
    cleanup_minutes: int
    moderated: bool
    registration: str | None
    seats: int | None
    energy: str | None
    needs_approval: bool
    rights: Rights


_CALENDARS = """
SELECT c.pk, c.id, c.kind, c.name, o.id, v.id, t.timezone, c.version, c.profession, c.capacity, c.equipment,
       c.setup_minutes, c.cleanup_minutes, c.moderated, c.registration, c.seats, c.energy, c.needs_approval
FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN venue v ON v.pk = c.venue_pk
LEFT JOIN organisation vo ON vo.pk = v.organisation_pk
JOIN territory t ON t.pk = COALESCE(vo.territory_pk, o.territory_pk)
WHERE c.pk IN_ARRAY(:calendars) AND c.active {more}
ORDER BY c.id
"""


@dataclass(frozen=True)
class CalendarFilter:
    """Which calendars: those of a kind, a venue, an organisation, a profession; ``None`` asks nothing."""

    kind: str | None = None
    venue: str | None = None
    organisation: str | None = None
    profession: str | None = None


def calendars(
    session: Session, actor: Actor, which: CalendarFilter, *, after: str | None, limit: int
) -> list[CalendarRow]:
    """The open calendars that the actor sees, with the actor's rights on each."""
    rights = rights_on(session, actor)
    conditions = {
        "kind": "c.kind = :kind",
        "venue": "v.id = :venue",
        "organisation": "o.id = :organisation",
        "profession": "c.profession = :profession",
    }
    asked = {name: getattr(which, name) for name in conditions if getattr(which, name) is not None}
    more = [conditions[name] for name in asked]
    if after is not None:
        more.append("c.id > :after")
        asked["after"] = after
    found = rows(
        session,
        _CALENDARS.format(more="".join(f" AND {each}" for each in more)) + " LIMIT :most",
        {"calendars": sorted(rights), "most": limit + 1, **asked},
    )
    return [_calendar(row, rights) for row in found]


def calendar(session: Session, actor: Actor, calendar_id: str) -> CalendarRow | None:
    """One calendar; ``None`` when the actor may not know of it."""
    found = rows(session, "SELECT pk FROM calendar WHERE id = :id AND active", {"id": calendar_id})
    rights = rights_on(session, actor, [row[0] for row in found])
    if not rights:
        return None
    return _calendar(rows(session, _CALENDARS.format(more=""), {"calendars": sorted(rights)})[0], rights)


def _calendar(row: Sequence[Any], rights: dict[int, Rights]) -> CalendarRow:
    values = list(row)
    values[10] = _list(values[10])
    values[13], values[17] = bool(values[13]), bool(values[17])
    return CalendarRow._make([*values, rights[values[0]]])


def _list(value: Any) -> Sequence[str]:
    """A JSON column as its engine gives it."""
    return tuple(json.loads(value) if isinstance(value, str) else value or ())


class PurposeRow(NamedTuple):
    """A purpose: minutes, buffers and notice in minutes, the horizon in days."""

    id: str
    name: str
    minutes: int
    before: int
    after: int
    professions: Sequence[str]
    room_capacity: int
    needs_vehicle: bool
    notice_minutes: int
    horizon_days: int | None
    urgent: bool


def purposes(session: Session, *, profession: str | None, after: str | None, limit: int) -> list[PurposeRow]:
    """What people come for; those that a profession takes, if one is named."""
    found = rows(
        session,
        "SELECT id, name, minutes, before, after, professions, room_capacity, needs_vehicle, notice_minutes, "
        "horizon_days, urgent FROM purpose WHERE id > :after ORDER BY id",
        {"after": after or ""},
    )
    made = [
        PurposeRow._make([*row[:5], _list(row[5]), row[6], bool(row[7]), *row[8:10], bool(row[10])]) for row in found
    ]
    fitting = [each for each in made if profession is None or not each.professions or profession in each.professions]
    return fitting[: limit + 1]


class VenueRow(NamedTuple):
    """A venue; ``zone`` is that of its territory."""

    id: str
    name: str
    organisation: str
    address: str | None
    postcode: str | None
    commune: str | None
    insee: str | None
    latitude: float | None
    longitude: float | None
    phone: str | None
    access: str | None
    zone: str


_VENUES = """
SELECT v.id, v.name, o.id, v.address, v.postcode, v.commune, v.insee, v.latitude, v.longitude, v.phone, v.access,
       t.timezone
FROM venue v JOIN organisation o ON o.pk = v.organisation_pk JOIN territory t ON t.pk = o.territory_pk
WHERE (o.territory_pk = :territory
       OR v.pk IN (SELECT c.venue_pk FROM calendar c WHERE c.active AND c.pk IN_ARRAY(:seen)))
  AND v.id > :after {more}
ORDER BY v.id LIMIT :most
"""


def venues(
    session: Session, actor: Actor, *, organisation: str | None, after: str | None, limit: int
) -> list[VenueRow]:
    """The venues of the territory, and those of calendars shared from elsewhere."""
    found = rows(
        session,
        _VENUES.format(more="" if organisation is None else "AND o.id = :organisation"),
        {
            "territory": actor.territory_pk,
            "seen": _shared_from_elsewhere(session, actor),
            "after": after or "",
            "most": limit + 1,
            **({"organisation": organisation} if organisation is not None else {}),
        },
    )
    return [VenueRow(*row) for row in found]


class OrganisationRow(NamedTuple):
    id: str
    name: str
    kind: str | None
    territory: str


def organisations(session: Session, actor: Actor, *, after: str | None, limit: int) -> list[OrganisationRow]:
    """The organisations of the territory, and those of calendars shared from elsewhere."""
    found = rows(
        session,
        "SELECT o.id, o.name, o.kind, t.id FROM organisation o JOIN territory t ON t.pk = o.territory_pk "
        "WHERE (o.territory_pk = :territory OR o.pk IN "
        "(SELECT c.organisation_pk FROM calendar c WHERE c.active AND c.pk IN_ARRAY(:seen))) "
        "AND o.id > :after ORDER BY o.id LIMIT :most",
        {
            "territory": actor.territory_pk,
            "seen": _shared_from_elsewhere(session, actor),
            "after": after or "",
            "most": limit + 1,
        },
    )
    return [OrganisationRow(*row) for row in found]


def _shared_from_elsewhere(session: Session, actor: Actor) -> list[int]:
    """Calendars that the actor sees though their organisation belongs to another territory."""
    found = rows(
        session,
        "SELECT DISTINCT s.calendar_pk FROM share s JOIN calendar c ON c.pk = s.calendar_pk "
        "JOIN organisation o ON o.pk = c.organisation_pk WHERE o.territory_pk <> :territory "
        "AND (s.account_pk = :account OR s.organisation_pk = :organisation OR s.territory_pk = :territory)",
        {"account": actor.pk, "organisation": actor.organisation_pk, "territory": actor.territory_pk},
    )
    return sorted(rights_on(session, actor, [row[0] for row in found])) if found else []


class AccountRow(NamedTuple):
    """Somebody of the territory; address and number only for colleagues and for whoever coordinates."""

    id: str
    name: str
    role: str
    organisation: str
    profession: str | None
    home_venue: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True)
class AccountFilter:
    """Which people: of a role, an organisation, a profession; ``None`` asks nothing."""

    role: str | None = None
    organisation: str | None = None
    profession: str | None = None


_ACCOUNTS = """
SELECT a.id, a.name, a.role, o.id, c.profession, v.id, a.email, a.phone, o.pk
FROM account a
JOIN organisation o ON o.pk = a.organisation_pk
LEFT JOIN calendar c ON c.account_pk = a.pk
LEFT JOIN venue v ON v.pk = COALESCE(c.venue_pk, a.home_venue_pk)
WHERE a.active AND o.territory_pk = :territory AND a.id > :after {more}
ORDER BY a.id LIMIT :most
"""


def accounts(
    session: Session, actor: Actor, which: AccountFilter, *, after: str | None, limit: int
) -> list[AccountRow]:
    """The people of the actor's territory whose accounts are open."""
    conditions = {
        "role": "a.role = :role",
        "organisation": "o.id = :organisation",
        "profession": "c.profession = :profession",
    }
    asked = {name: getattr(which, name) for name in conditions if getattr(which, name) is not None}
    found = rows(
        session,
        _ACCOUNTS.format(more="".join(f" AND {conditions[name]}" for name in asked)),
        {"territory": actor.territory_pk, "after": after or "", "most": limit + 1, **asked},
    )
    return [_account(actor, row) for row in found]


def _account(actor: Actor, row: Sequence[Any]) -> AccountRow:
    reachable = actor.coordinates or row[8] == actor.organisation_pk
    return AccountRow(*row[:6], *(row[6:8] if reachable else (None, None)))


def calendar_pks(session: Session, ids: Iterable[str]) -> dict[str, int]:
    """The keys of the calendars of these ids, closed ones too; unknown ids are absent."""
    found = rows(session, "SELECT id, pk FROM calendar WHERE id IN_ARRAY(:ids)", {"ids": sorted(set(ids))})
    return {row[0]: row[1] for row in found}
