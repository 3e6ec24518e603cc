"""From nothing to the first appointment: the first administrator, their structure, a venue, an adviser.

Only the first page is open to all, and only while there is no account: of two who come at once, one begins.
Each step stands by itself, so whoever stops goes on later where they were.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from booking.actions import audit, people
from booking.actions.accounts import Draft
from booking.actions.regions import Locality
from booking.actions.rights import Actor
from booking.models import Account, Base, Calendar, Organisation, Territory, Venue
from booking.refusals import Fault, Invalid, WrongState

UNNAMED = "…"
"""The name of the territory and of the structure until the second step gives them theirs."""

ORGANISATION_KINDS = ("town_hall", "france_services", "intercommunal", "association", "other")


def begin(session: Session, name: str, email: str, password: str, now: datetime) -> Account:
    """The first administrator, with a territory and a structure that are still to be named.

    Raises ``WrongState("not_empty")`` when somebody was faster, ``Invalid`` at ``/password``.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))
    if not people.is_empty(session):
        raise WrongState("not_empty")
    fault = people.password_fault(password, [name, email])
    if fault:
        raise Invalid([Fault("/password", fault, "The password is too easy to guess.")])
    territory = Territory(
        id="territoire", name=UNNAMED, timezone="Europe/Paris", school_zone=None, public_holidays="metropole"
    )
    organisation = Organisation(id="structure", name=UNNAMED, kind=None, territory=territory)
    account = Account(
        id=slug(name, "."),
        name=name.strip(),
        email=people.tidy_email(email),
        role="administrator",
        organisation=organisation,
        password_hash=people.hashed(password),
    )
    session.add_all([territory, organisation, account])
    session.flush()
    _note(session, account.pk, "installed", "account", account.id, now)
    return account


def next_step(session: Session, actor: Actor) -> str | None:
    """``structure``, ``venue`` or ``adviser``: what an administrator has still to tell; ``None`` when all is told."""
    if session.get_one(Organisation, actor.organisation_pk).name == UNNAMED:
        return "structure"
    if not _count(session, actor, Venue):
        return "venue"
    return None if _count(session, actor, Calendar) else "adviser"


def _count(session: Session, actor: Actor, table: type[Venue] | type[Calendar]) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(table)
            .join(Organisation, Organisation.pk == table.organisation_pk)
            .where(Organisation.territory_pk == actor.territory_pk)
        )
        or 0
    )


@dataclass(frozen=True)
class Structure:
    """The structure and the territory's rules of time; what is ``None`` follows from the commune."""

    name: str
    kind: str
    locality: Locality
    territory: str | None = None
    timezone: str | None = None
    public_holidays: str | None = None
    school_zone: str | None = None


def name_structure(session: Session, actor: Actor, told: Structure, now: datetime) -> None:
    """Names the structure and its territory. Their ids follow from the names the first time."""
    organisation = session.get_one(Organisation, actor.organisation_pk)
    territory = organisation.territory
    first = organisation.name == UNNAMED
    region = told.locality.region
    organisation.name, organisation.kind = told.name, told.kind
    territory.name = told.territory or told.locality.name
    territory.timezone = told.timezone or region.timezone
    territory.public_holidays = told.public_holidays or region.public_holidays
    territory.school_zone = told.school_zone or region.school_zone
    if first:
        organisation.id = free_slug(session, Organisation, told.name)
        territory.id = free_slug(session, Territory, territory.name)
    session.flush()
    _note(session, actor.pk, "structure_named", "organisation", organisation.id, now)


@dataclass(frozen=True)
class Place:
    """A venue as it is told."""

    name: str
    address: str | None
    locality: Locality
    phone: str | None
    access: str | None


def add_venue(session: Session, actor: Actor, told: Place, now: datetime) -> Venue:
    """A venue of the actor's own structure, in the middle of its commune until somebody knows better."""
    venue = Venue(
        id=free_slug(session, Venue, told.name),
        name=told.name,
        organisation_pk=actor.organisation_pk,
        address=told.address,
        postcode=told.locality.postcode,
        commune=told.locality.name,
        insee=told.locality.insee,
        latitude=told.locality.latitude,
        longitude=told.locality.longitude,
        phone=told.phone,
        access=told.access,
    )
    session.add(venue)
    session.flush()
    _note(session, actor.pk, "venue_created", "venue", venue.id, now)
    return venue


def own_draft(session: Session, actor: Actor, profession: str) -> Draft:
    """The administrator's own account, with a calendar of that profession at the first venue."""
    account = session.get_one(Account, actor.pk)
    venue = first_venue(session, actor)
    return Draft(
        name=account.name,
        email=account.email,
        role=account.role,
        organisation=account.organisation.id,
        profession=profession,
        home_venue=venue.id if venue is not None else None,
        phone=account.phone,
    )


def first_venue(session: Session, actor: Actor) -> Venue | None:
    return session.scalar(
        select(Venue).where(Venue.organisation_pk == actor.organisation_pk).order_by(Venue.pk).limit(1)
    )


def slug(name: str, joint: str = "-") -> str:
    """``mairie-d-orme`` for "Mairie d’Orme"."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("’", " ")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", joint, plain).strip(joint)[:48].strip(joint) or "sans-nom"


def free_slug(session: Session, table: type[Base], name: str) -> str:
    """An id made from a name, with a number when it is taken in that table."""
    column = table.__table__.c.id
    base = slug(name)
    number, candidate = 1, base
    while session.scalar(select(column).where(column == candidate)) is not None:
        number += 1
        candidate = f"{base}-{number}"
    return candidate


def _note(session: Session, account_pk: int, action: str, kind: str, id: str, now: datetime) -> None:
    audit.note(session, at=now, account_pk=account_pk, action=action, object_kind=kind, object_id=id)
