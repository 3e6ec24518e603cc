"""The catalogue: structures, venues with what to bring there, rooms, vehicles and purposes.

An administrator looks after everything of the territory, a coordinator after their own organisation. Purposes are
shared by all, so only an administrator changes them; what to bring for one of them at a venue is its coordinator's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from booking.actions import audit
from booking.actions.feeds import names_changed
from booking.actions.regions import Locality
from booking.actions.rights import Actor
from booking.actions.setup import free_slug
from booking.models import Calendar, Instruction, Organisation, Purpose, Venue
from booking.refusals import Fault, Forbidden, Invalid, NotFound


def may_manage(actor: Actor, organisation: Organisation) -> bool:
    """Whether the actor looks after this organisation's things."""
    if organisation.territory_pk != actor.territory_pk:
        return False
    return actor.administers or (actor.coordinates and organisation.pk == actor.organisation_pk)


def organisations(session: Session, actor: Actor) -> Sequence[Organisation]:
    """Those that the actor looks after, by name."""
    wanted = select(Organisation).where(Organisation.territory_pk == actor.territory_pk).order_by(Organisation.name)
    if not actor.administers:
        wanted = wanted.where(Organisation.pk == actor.organisation_pk)
    return session.scalars(wanted).all()


def venues(session: Session, actor: Actor) -> Sequence[Venue]:
    """The venues of those organisations."""
    pks = [each.pk for each in organisations(session, actor)]
    return session.scalars(
        select(Venue).options(joinedload(Venue.organisation)).where(Venue.organisation_pk.in_(pks)).order_by(Venue.name)
    ).all()


def calendars(session: Session, actor: Actor) -> Sequence[Calendar]:
    """The rooms and vehicles of those organisations, closed ones too."""
    pks = [each.pk for each in organisations(session, actor)]
    return session.scalars(
        select(Calendar)
        .where(Calendar.organisation_pk.in_(pks), Calendar.kind.in_(["room", "vehicle"]))
        .order_by(Calendar.kind, Calendar.name)
    ).all()


def organisation(session: Session, actor: Actor, id: str) -> Organisation:
    return _managed(actor, session.scalar(select(Organisation).where(Organisation.id == id)))


def venue(session: Session, actor: Actor, id: str) -> Venue:
    found = session.scalar(select(Venue).where(Venue.id == id))
    if found is None:
        raise NotFound
    _managed(actor, found.organisation)
    return found


def calendar(session: Session, actor: Actor, kind: str, id: str) -> Calendar:
    """A room or a vehicle."""
    found = session.scalar(select(Calendar).where(Calendar.id == id, Calendar.kind == kind))
    if found is None:
        raise NotFound
    _managed(actor, found.organisation)
    return found


def purposes(session: Session) -> Sequence[Purpose]:
    return session.scalars(select(Purpose).order_by(Purpose.name)).all()


def purpose(session: Session, id: str) -> Purpose:
    found = session.scalar(select(Purpose).where(Purpose.id == id))
    if found is None:
        raise NotFound
    return found


def _managed(actor: Actor, organisation: Organisation | None) -> Organisation:
    if organisation is None or organisation.territory_pk != actor.territory_pk:
        raise NotFound
    if not may_manage(actor, organisation):
        raise Forbidden
    return organisation


def save_organisation(
    session: Session, actor: Actor, id: str | None, name: str, kind: str | None, now: datetime
) -> Organisation:
    """Changes a structure, or makes one in the actor's territory (``id`` absent; administrators only)."""
    if id is not None:
        found = organisation(session, actor, id)
        found.name, found.kind = name, kind
    else:
        if not actor.administers:
            raise Forbidden
        found = Organisation(
            id=free_slug(session, Organisation, name), name=name, kind=kind, territory_pk=actor.territory_pk
        )
        session.add(found)
    session.flush()
    _note(session, actor, "organisation_saved", "organisation", found.id, now)
    return found


@dataclass(frozen=True)
class VenueDraft:
    """A venue as it is told. ``locality`` absent: the commune stays. ``bring``: what to bring, whatever for."""

    name: str
    address: str | None
    locality: Locality | None
    phone: str | None
    access: str | None
    bring: str | None
    latitude: float | None = None
    longitude: float | None = None


def save_venue(
    session: Session, actor: Actor, id: str | None, organisation_id: str, draft: VenueDraft, now: datetime
) -> Venue:
    """Changes a venue, or adds one to an organisation (``id`` absent)."""
    owner = organisation(session, actor, organisation_id)
    if id is not None:
        found = venue(session, actor, id)
        found.organisation = owner
    else:
        found = Venue(id=free_slug(session, Venue, draft.name), name=draft.name, organisation=owner)
        session.add(found)
    found.name, found.address, found.phone, found.access = draft.name, draft.address, draft.phone, draft.access
    if draft.locality is not None:
        found.commune, found.postcode = draft.locality.name, draft.locality.postcode
        found.insee = draft.locality.insee
        found.latitude, found.longitude = draft.locality.latitude, draft.locality.longitude
    if draft.latitude is not None and draft.longitude is not None:
        found.latitude, found.longitude = draft.latitude, draft.longitude
    session.flush()
    _instruct(session, None, found.pk, draft.bring)
    names_changed(session, owner.territory_pk)
    _note(session, actor, "venue_saved", "venue", found.id, now)
    return found


@dataclass(frozen=True)
class RoomDraft:
    name: str
    venue: str
    capacity: int | None
    equipment: tuple[str, ...]
    setup_minutes: int
    cleanup_minutes: int
    moderated: bool
    active: bool = True


@dataclass(frozen=True)
class VehicleDraft:
    name: str
    venue: str
    registration: str | None
    seats: int | None
    energy: str | None
    needs_approval: bool
    active: bool = True


def save_calendar(
    session: Session, actor: Actor, id: str | None, draft: RoomDraft | VehicleDraft, now: datetime
) -> Calendar:
    """Changes a room or a vehicle, or adds one to a venue (``id`` absent). What stands on it stays."""
    kind = "room" if isinstance(draft, RoomDraft) else "vehicle"
    base = venue(session, actor, draft.venue)
    if id is not None:
        found = calendar(session, actor, kind, id)
        names_changed(session, base.organisation.territory_pk)
    else:
        found = Calendar(id=free_slug(session, Calendar, f"{draft.name} {base.commune or ''}"), kind=kind, equipment=[])
        session.add(found)
    found.name, found.venue_pk, found.organisation_pk, found.active = (
        draft.name,
        base.pk,
        base.organisation_pk,
        draft.active,
    )
    if isinstance(draft, RoomDraft):
        found.capacity, found.equipment, found.moderated = draft.capacity, list(draft.equipment), draft.moderated
        found.setup_minutes, found.cleanup_minutes = draft.setup_minutes, draft.cleanup_minutes
    else:
        found.registration, found.seats, found.energy = draft.registration, draft.seats, draft.energy
        found.needs_approval = draft.needs_approval
    session.flush()
    _note(session, actor, f"{kind}_saved", "calendar", found.id, now)
    return found


@dataclass(frozen=True)
class PurposeDraft:
    """Minutes, but for the horizon (days). ``bring``: what to bring, wherever it is."""

    name: str
    minutes: int
    before: int
    after: int
    professions: tuple[str, ...]
    room_capacity: int
    needs_vehicle: bool
    notice_minutes: int
    horizon_days: int | None
    urgent: bool
    bring: str | None


def save_purpose(session: Session, actor: Actor, id: str | None, draft: PurposeDraft, now: datetime) -> Purpose:
    """Changes a purpose, or makes one. Appointments already made keep their own length and buffers."""
    if not actor.administers:
        raise Forbidden
    if draft.minutes < 1:
        raise Invalid([Fault("/minutes", "too_small", "At least one minute.")])
    if id is not None:
        found = purpose(session, id)
    else:
        found = Purpose(id=free_slug(session, Purpose, draft.name))
        session.add(found)
    found.name, found.minutes, found.before, found.after = draft.name, draft.minutes, draft.before, draft.after
    found.professions, found.room_capacity = list(draft.professions), draft.room_capacity
    found.needs_vehicle, found.urgent = draft.needs_vehicle, draft.urgent
    found.notice_minutes, found.horizon_days = draft.notice_minutes, draft.horizon_days
    session.flush()
    _instruct(session, found.pk, None, draft.bring)
    _note(session, actor, "purpose_saved", "purpose", found.id, now)
    return found


def save_instructions(session: Session, actor: Actor, purpose_id: str, told: Mapping[str, str | None]) -> None:
    """What to bring for a purpose at each of some venues (venue id -> text, ``None`` takes it away)."""
    what = purpose(session, purpose_id)
    for venue_id, text in told.items():
        _instruct(session, what.pk, venue(session, actor, venue_id).pk, text)


def to_bring(session: Session, purpose_pk: int | None, venue_pk: int | None) -> str | None:
    """What was told for exactly that pair; ``None`` in the pair means any."""
    return session.scalar(select(Instruction.text).where(*_pair(purpose_pk, venue_pk)))


def bring_at_venues(session: Session, purpose_pk: int) -> dict[int, str]:
    """What to bring for a purpose, by venue (``pk``) where one has its own words."""
    found = session.execute(
        select(Instruction.venue_pk, Instruction.text).where(
            Instruction.purpose_pk == purpose_pk, Instruction.venue_pk.is_not(None)
        )
    )
    return {pk: text for pk, text in found if pk is not None}


def _pair(purpose_pk: int | None, venue_pk: int | None) -> tuple[ColumnElement[bool], ...]:
    return (
        Instruction.purpose_pk.is_(None) if purpose_pk is None else Instruction.purpose_pk == purpose_pk,
        Instruction.venue_pk.is_(None) if venue_pk is None else Instruction.venue_pk == venue_pk,
    )


def _instruct(session: Session, purpose_pk: int | None, venue_pk: int | None, text: str | None) -> None:
    found = session.scalar(select(Instruction).where(*_pair(purpose_pk, venue_pk)))
    if text and found is None:
        session.add(Instruction(purpose_pk=purpose_pk, venue_pk=venue_pk, text=text))
    elif text and found is not None:
        found.text = text
    elif found is not None:
        session.delete(found)
    session.flush()


def _note(session: Session, actor: Actor, action: str, kind: str, id: str, now: datetime) -> None:
    audit.note(session, at=now, account_pk=actor.pk, action=action, object_kind=kind, object_id=id)
