"""What somebody who searches can choose from: purposes, people, places, rooms and vehicles open to them."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from booking.actions.rights import Actor, Rights, rights_on
from booking.database import rows

SERVICES, DIGITAL, BOTH, URGENT = "services", "digital", "both", "urgent"
_PROFESSION_GROUPS = {"conseiller_france_services": SERVICES, "conseiller_numerique": DIGITAL}


@dataclass(frozen=True)
class PurposeChoice:
    """Why somebody comes; ``group`` is what its list stands under."""

    pk: int
    id: str
    name: str
    minutes: int
    professions: tuple[str, ...]
    room_capacity: int
    needs_vehicle: bool
    urgent: bool

    @property
    def group(self) -> str:
        if self.urgent:
            return URGENT
        return _PROFESSION_GROUPS.get(self.professions[0], BOTH) if len(self.professions) == 1 else BOTH

    def admits(self, profession: str | None) -> bool:
        return not self.professions or profession in self.professions


@dataclass(frozen=True)
class CalendarChoice:
    """An adviser, a room or a vehicle that the actor may book or propose. ``venue`` is its home."""

    pk: int
    id: str
    kind: str
    name: str
    profession: str | None
    venue_pk: int | None
    organisation_pk: int
    rights: Rights
    awaits_a_yes: bool

    @property
    def only_proposes(self) -> bool:
        """Whether a booking of it waits for somebody's yes."""
        return self.awaits_a_yes or not self.rights.may_book


@dataclass(frozen=True)
class VenueChoice:
    """A place of the actor's territory."""

    pk: int
    id: str
    name: str
    commune: str | None
    latitude: float | None
    longitude: float | None
    zone: str

    @property
    def point(self) -> tuple[float, float] | None:
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


@dataclass(frozen=True)
class Choices:
    """Everything the search offers to one actor."""

    purposes: tuple[PurposeChoice, ...]
    calendars: tuple[CalendarChoice, ...]
    venues: tuple[VenueChoice, ...]

    @cached_property
    def by_id(self) -> dict[str, CalendarChoice]:
        return {each.id: each for each in self.calendars}

    def of_kind(self, kind: str) -> list[CalendarChoice]:
        return [each for each in self.calendars if each.kind == kind]

    def advisers_for(self, purpose: PurposeChoice | None) -> list[CalendarChoice]:
        """Who may take that purpose."""
        return [each for each in self.of_kind("adviser") if purpose is None or purpose.admits(each.profession)]

    def purpose(self, purpose_id: str | None) -> PurposeChoice | None:
        return next((each for each in self.purposes if each.id == purpose_id), None)

    def venue(self, venue_id: str | None) -> VenueChoice | None:
        return next((each for each in self.venues if each.id == venue_id), None)

    def venue_of(self, venue_pk: int | None) -> VenueChoice | None:
        return next((each for each in self.venues if each.pk == venue_pk), None)

    def name_of(self, calendar_id: str) -> str:
        found = self.by_id.get(calendar_id)
        return found.name if found else calendar_id


_PURPOSES = """
SELECT pk, id, name, minutes, professions, room_capacity, needs_vehicle, urgent FROM purpose ORDER BY pk
"""
_CALENDARS = """
SELECT c.pk, c.id, c.kind, c.name, c.profession, c.venue_pk, c.organisation_pk, c.moderated, c.needs_approval
FROM calendar c
WHERE c.active AND c.pk IN_ARRAY(:calendars)
ORDER BY c.name, c.pk
"""
_VENUES = """
SELECT v.pk, v.id, v.name, v.commune, v.latitude, v.longitude, t.timezone
FROM venue v JOIN organisation o ON o.pk = v.organisation_pk JOIN territory t ON t.pk = o.territory_pk
WHERE o.territory_pk = :territory OR v.pk IN_ARRAY(:homes)
ORDER BY v.commune, v.name
"""


def choices(session: Session, actor: Actor) -> Choices:
    """The purposes, what the actor may book or propose, and the places of the territory; four statements."""
    rights = {pk: held for pk, held in rights_on(session, actor).items() if held.may_propose}
    calendars = tuple(
        CalendarChoice(
            pk,
            calendar_id,
            kind,
            name,
            profession,
            venue_pk,
            organisation,
            rights[pk],
            bool(moderated if kind == "room" else needs_approval if kind == "vehicle" else False),
        )
        for pk, calendar_id, kind, name, profession, venue_pk, organisation, moderated, needs_approval in rows(
            session, _CALENDARS, {"calendars": sorted(rights)}
        )
    )
    return Choices(
        purposes(session),
        calendars,
        venues(session, actor, {each.venue_pk for each in calendars if each.venue_pk is not None}),
    )


def venues(session: Session, actor: Actor, homes: Collection[int]) -> tuple[VenueChoice, ...]:
    """The places of the actor's territory, and those where the calendars open to them are at home (``homes``)."""
    found = rows(session, _VENUES, {"territory": actor.territory_pk, "homes": sorted(homes)})
    return tuple(VenueChoice(*row) for row in found)


def purposes(session: Session) -> tuple[PurposeChoice, ...]:
    """Every purpose, in the order in which they were made."""
    return tuple(
        PurposeChoice(
            pk,
            purpose_id,
            name,
            minutes,
            tuple(json.loads(professions) if isinstance(professions, str) else professions),
            capacity,
            bool(vehicle),
            bool(urgent),
        )
        for pk, purpose_id, name, minutes, professions, capacity, vehicle, urgent in rows(session, _PURPOSES, {})
    )


def names_of(session: Session, calendar_ids: Iterable[str]) -> dict[str, str]:
    """The names of these calendars by id."""
    found = rows(session, "SELECT id, name FROM calendar WHERE id IN_ARRAY(:ids)", {"ids": sorted(set(calendar_ids))})
    return {str(row[0]): str(row[1]) for row in found}
