"""The world in which every door is tried: four people of one organisation, and whatever may be theirs or others'.

Owners, seen from those four: ``self``; ``organisation``, a colleague; ``details``, ``propose``, ``book`` and
``manage``, calendars of another organisation shared with them at that level; ``territory``, one that is not shared;
``abroad``, one of another territory shared at ``details``; ``foreign``, of which they may know nothing; ``nothing``,
what does not exist. Appointments have two more: ``booked`` by the actor with somebody of ``territory``, and
``our_room``: a stranger's, in a room of the actor's organisation.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from booking import clock, database
from booking.actions import absences, appointments, feeds, openings_editing, tokens
from booking.actions.appointment_requests import Request
from booking.actions.beneficiaries import BeneficiaryDraft
from booking.actions.feed_lookup import secret_hash
from booking.actions.rights import Actor, load_actor
from booking.models import Account, Audit, Calendar, Claim, Entry, Feed, Opening, Organisation, Reminder, Share, Venue
from tests import cast as people

ROLES = ("adviser", "secretary", "coordinator", "administrator")
WHO = {"adviser": "alix", "secretary": "denise", "coordinator": "elise", "administrator": "helene"}
READER = "basile"
"""Whose links the holder of links holds."""
SHARED = ("details", "propose", "book", "manage")
OWNERS = ("self", "organisation", *SHARED, "territory", "abroad", "foreign", "nothing")
OF_APPOINTMENTS = ("booked", "our_room")
PARIS = ZoneInfo("Europe/Paris")
OPENS_AT, OPEN_HOURS = 9, 4
UNKNOWN = "il-n-y-a-rien"
PURPOSE = "demarches"

FOREIGN_WORDS = ("Zoé Zoreil", "Mairie de Lointaine", "Salle de Lointaine", "Outremonde")
"""What nobody of the four may ever read."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Place:
    """What belongs to an owner, by ids."""

    organisation: str
    venue: str
    calendar: str
    room: str
    vehicle: str


@dataclass(frozen=True)
class Thing:
    """What a request is about: its id, and the key of its row where there is one to be looked at."""

    id: str
    pk: int | None = None
    more: dict[str, Any] = field(default_factory=dict)


NOTHING = Thing(UNKNOWN)


@dataclass
class World:
    app: Flask
    actors: dict[str, Actor]
    cookies: dict[str, str]
    tokens: dict[tuple[str, str], str]
    places: dict[str, Place]
    _kept: dict[tuple[str, str, str], Thing] = field(default_factory=dict)
    _steps: itertools.count[int] = field(default_factory=itertools.count)
    _starts: dict[str, itertools.count[int]] = field(default_factory=lambda: defaultdict(itertools.count))

    def place(self, owner: str, role: str) -> Place:
        if owner == "self":
            return Place("fs-brume", "maison-brume", WHO.get(role, "alix"), "bureau-brume", "clio-brume")
        return self.places[{"booked": "territory", "our_room": "territory"}.get(owner, owner)]

    def thing(self, kind: str, owner: str, role: str) -> Thing:
        """Something of that kind that belongs to that owner; the same until it is ``spent``."""
        if owner == "nothing":
            return NOTHING
        key = (kind, owner, role if owner in ("self", "booked") else "")
        if key not in self._kept:
            made: Callable[[str, str], Thing] = getattr(self, f"_{kind}")
            self._kept[key] = made(owner, role)
        return self._kept[key]

    def spent(self, thing: Thing) -> None:
        """It was changed by a request: its time is free again, and the next one gets another."""
        for key in [key for key, each in self._kept.items() if each is thing]:
            del self._kept[key]
        if thing.pk is not None:
            self._write(lambda session: session.execute(delete(Claim).where(Claim.entry_pk == thing.pk)))

    def acts(self) -> int:
        """How many acts the audit holds: what was not let in adds none."""
        with database.reading() as session:
            return session.scalar(select(func.count()).select_from(Audit)) or 0

    def start(self, calendar: str) -> int:
        """A UTC minute within its openings at which nothing stands on the calendar: each is given once."""
        days, half_hours = divmod(next(self._starts[calendar]), 2 * OPEN_HOURS)
        begin = datetime(2027, 1, 20, OPENS_AT, 30 * (half_hours % 2), tzinfo=PARIS) + timedelta(days=days)
        return int((begin + timedelta(hours=half_hours // 2)).timestamp()) // 60

    # Each of these makes a thing of the kind that it is named after.

    def _calendar(self, owner: str, role: str) -> Thing:
        place = self.place(owner, role)
        return Thing(place.calendar, more={"venue": place.venue})

    def _room(self, owner: str, role: str) -> Thing:
        return Thing(self.place(owner, role).room, more={"venue": self.place(owner, role).venue})

    def _vehicle(self, owner: str, role: str) -> Thing:
        return Thing(self.place(owner, role).vehicle, more={"venue": self.place(owner, role).venue})

    def _organisation(self, owner: str, role: str) -> Thing:
        return Thing(self.place(owner, role).organisation)

    def _venue(self, owner: str, role: str) -> Thing:
        place = self.place(owner, role)
        return Thing(place.venue, more={"organisation": place.organisation})

    def _account(self, owner: str, role: str) -> Thing:
        if owner == "self":
            actor = self.actors.get(role, self.actors["adviser"])
            return Thing(actor.id, more={"organisation": "fs-brume", "role": role, "email": actor.email})
        return self._spare(owner, role, active=True)

    def _closed_account(self, owner: str, role: str) -> Thing:
        return self._account(owner, role) if owner == "self" else self._spare(owner, role, active=False)

    def _spare(self, owner: str, role: str, *, active: bool) -> Thing:
        organisation = self.place(owner, role).organisation
        new = f"compte-{next(self._steps)}"

        def make(session: Session) -> None:
            pk = session.scalars(select(Organisation.pk).where(Organisation.id == organisation)).one()
            session.add(
                Account(
                    id=new,
                    name=f"Compte {new}",
                    email=f"{new}@brume.example",
                    role="adviser",
                    organisation_pk=pk,
                    active=active,
                )
            )
            session.flush()

        self._write(make)
        return Thing(new, more={"organisation": organisation, "role": "adviser", "email": f"{new}@brume.example"})

    def _appointment(self, owner: str, role: str, start: int | None = None) -> Thing:
        place = self.place(owner, role)
        request = Request(
            PURPOSE,
            (place.calendar,),
            start or self.start(place.calendar),
            place.venue,
            beneficiary=BeneficiaryDraft(f"Quidam-{owner}", None, f"quidam-{owner}@courriel.example", True),
            note=f"Remarque-{owner}",
            override=owner != "booked",
        )
        if owner == "our_room":
            request = replace(request, venue="maison-brume", room="bureau-brume")
        by = self.actors[role] if owner == "booked" else self._owner(place.calendar)
        done = self._write(lambda session: appointments.book(session, by, request, clock.now()))
        return Thing(done.id, done.entry_pk, {"starts": request.starts, "calendar": place.calendar})

    def _proposal(self, owner: str, role: str) -> Thing:
        thing = self._appointment(owner, role)

        def propose(session: Session) -> None:
            session.execute(
                update(Entry)
                .where(Entry.pk == thing.pk)
                .values(status="tentative", lapses_at=thing.more["starts"])
                .execution_options(synchronize_session=False)
            )
            session.execute(
                update(Claim)
                .where(Claim.entry_pk == thing.pk)
                .values(strength="busy-tentative")
                .execution_options(synchronize_session=False)
            )

        self._write(propose)
        return thing

    def _cancelled(self, owner: str, role: str) -> Thing:
        thing = self._appointment(owner, role)
        by = self._owner(self.place(owner, role).calendar)
        self._write(lambda session: appointments.cancel(session, by, thing.id, None, clock.now()))
        return thing

    def _under_way(self, owner: str, role: str) -> Thing:
        now = clock.now_minute()
        calendar = select(Calendar.pk).where(Calendar.id == self.place(owner, role).calendar).scalar_subquery()
        at_this_hour = (Claim.calendar_pk == calendar) & (Claim.starts < now + 60) & (Claim.ends > now - 60)
        self._write(lambda session: session.execute(delete(Claim).where(at_this_hour)))
        return self._appointment(owner, role, start=now - 10)

    def _opening(self, owner: str, role: str) -> Thing:
        place = self.place(owner, role)
        draft = openings_editing.OpeningDraft(place.venue, "2027-03-02T19:00", 60, "FREQ=WEEKLY")
        by = self._owner(place.calendar)
        done = self._write(lambda session: openings_editing.add(session, by, place.calendar, draft, clock.now()))
        return Thing(done.id, more={"venue": place.venue})

    def _absence(self, owner: str, role: str) -> Thing:
        place = self.place(owner, role)
        draft = absences.AbsenceDraft(place.calendar, "2028-03-07T09:00", "2028-03-07T10:00", "FREQ=WEEKLY;COUNT=4")
        by = self._owner(place.calendar)
        done = self._write(lambda session: absences.add(session, by, draft, clock.now()))
        return Thing(done.id)

    def _feed(self, owner: str, role: str) -> Thing:
        calendar = self.place(owner, role).calendar
        by = self._owner(calendar)
        made = self._write(
            lambda session: feeds.create(session, by, feeds.FeedDraft("adviser", calendar, "full"), clock.now())
        )
        return Thing(made.id)

    def _secret(self, owner: str, role: str) -> Thing:
        """A link to a calendar, made while its maker was allowed to."""
        calendar, secret = self.place(owner, "adviser").calendar, f"secret-{owner}-{next(self._steps)}"

        def make(session: Session) -> None:
            session.add(
                Feed(
                    id=secret.replace("secret", "abonnement"),
                    account_pk=session.scalars(select(Account.pk).where(Account.id == READER)).one(),
                    scope="adviser",
                    calendar_pk=session.scalars(select(Calendar.pk).where(Calendar.id == calendar)).one(),
                    detail="full",
                    name="Lien",
                    secret_hash=secret_hash(secret),
                    created=clock.now(),
                )
            )
            session.flush()

        self._write(make)
        return Thing(secret)

    def _message(self, owner: str, role: str) -> Thing:
        entry_pk = self.thing("appointment", owner, role).pk
        with database.reading() as session:
            return Thing(
                session.scalars(
                    select(Reminder.message_id).where(Reminder.entry_pk == entry_pk, Reminder.kind == "confirmation")
                ).one()
            )

    def row(self, kind: type[Result], id: str) -> Result:
        """A row as it is stored, detached."""
        with database.reading() as session:
            return session.scalars(select(kind).where(kind.id == id)).one()  # type: ignore[attr-defined]

    def _owner(self, calendar: str) -> Actor:
        with database.reading() as session:
            pk = session.scalar(select(Calendar.account_pk).where(Calendar.id == calendar))
            found = load_actor(session, pk or 0)
        assert found is not None, calendar
        return found

    def _write(self, work: Callable[[Session], Result]) -> Result:
        return database.write(work)


def built(app: Flask) -> World:
    """The world in an empty database; inside the application's context."""
    cast, places = database.write(_build)
    actors, cookies, keys = {}, {}, {}
    for role, name in WHO.items():
        with database.reading() as session:
            actor = load_actor(session, cast.accounts[name].pk)
        assert actor is not None
        actors[role] = actor
        cookies[role] = _cookie(app, actor.pk)
        for scope in ("read", "write"):
            keys[role, scope] = _token(name, scope)
    return World(app, actors, cookies, keys, places)


def _token(name: str, scope: str) -> str:
    return database.write(lambda session: tokens.create(session, name, "doors", scope, clock.now()))


def _cookie(app: Flask, account_pk: int) -> str:
    """The session cookie of somebody who just signed in."""
    now = int(clock.real_now().timestamp())
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return str(serializer.dumps({"account": account_pk, "version": 0, "since": now, "seen": now, "_permanent": True}))


def _build(session: Session) -> tuple[people.Cast, dict[str, Place]]:
    cast = people.build(session)
    cast.papers.horizon_days = None
    cast.far_room.name = "Outremonde"
    for name in ("denise", "elise", "helene"):
        session.add(_adviser(cast.accounts[name], cast.brume, cast.maison))
    reached = [cast.accounts[name] for name in (*WHO.values(), READER)]
    places = {"organisation": Place("fs-brume", "maison-brume", "basile", "bureau-brume", "clio-brume")}
    for level in SHARED:
        places[level] = _place(session, level, cast.orme, cast.mairie)
        _share(session, places[level], level, reached)
    places["territory"] = _place(session, "territory", cast.orme, cast.mairie)
    elsewhere = Organisation(id="ailleurs", name="Ailleurs", kind="town_hall", territory=cast.foreign_territory)
    there = Venue(id="salle-ailleurs", name="Salle d’Ailleurs", organisation=elsewhere)
    session.add_all([elsewhere, there])
    session.flush()
    places["abroad"] = _place(session, "abroad", elsewhere, there)
    _share(session, places["abroad"], "details", reached)
    session.add(_thing("vehicle", "auto-loin", cast.lointaine, cast.far_venue))
    places["foreign"] = Place("mairie-lointaine", "salle-lointaine", "zoe", "salle-loin", "auto-loin")
    session.flush()
    stranger = session.scalars(select(Account).where(Account.id == places["territory"].calendar)).one()
    session.add(Share(calendar_pk=cast.desk.pk, account_pk=stranger.pk, level="book"))
    for calendar in session.scalars(select(Calendar).where(Calendar.kind == "adviser")).all():
        session.add(_opening(calendar, calendar.venue_pk or 0))
    session.add(_opening(session.scalars(select(Calendar).where(Calendar.id == stranger.id)).one(), cast.maison.pk))
    session.flush()
    return cast, places


def _place(session: Session, name: str, organisation: Organisation, venue: Venue) -> Place:
    account = Account(
        id=f"agent-{name}",
        name=f"Agent {name}",
        email=f"agent-{name}@brume.example",
        role="adviser",
        organisation=organisation,
    )
    session.add(account)
    session.flush()
    session.add_all(
        [
            _adviser(account, organisation, venue),
            _thing("room", f"salle-{name}", organisation, venue),
            _thing("vehicle", f"auto-{name}", organisation, venue),
        ]
    )
    session.flush()
    return Place(organisation.id, venue.id, account.id, f"salle-{name}", f"auto-{name}")


def _adviser(account: Account, organisation: Organisation, venue: Venue) -> Calendar:
    account.home_venue_pk = venue.pk
    return Calendar(
        id=account.id,
        kind="adviser",
        name=account.name,
        organisation_pk=organisation.pk,
        venue_pk=venue.pk,
        account_pk=account.pk,
        profession="conseiller_numerique",
        equipment=[],
    )


def _thing(kind: str, id: str, organisation: Organisation, venue: Venue) -> Calendar:
    return Calendar(
        id=id,
        kind=kind,
        name=f"Nom de {id}",
        organisation_pk=organisation.pk,
        venue_pk=venue.pk,
        capacity=9 if kind == "room" else None,
        seats=5 if kind == "vehicle" else None,
        equipment=[],
    )


def _opening(calendar: Calendar, venue_pk: int) -> Opening:
    return Opening(
        id=f"ouvert-{calendar.id}-{venue_pk}",
        calendar_pk=calendar.pk,
        venue_pk=venue_pk,
        starts_wall=f"2026-01-01T{OPENS_AT:02}:00",
        minutes=60 * OPEN_HOURS,
        rrule="FREQ=DAILY",
        exdates=[],
        admission="both",
        limited=False,
        holidays="open",
    )


def _share(session: Session, place: Place, level: str, reached: list[Account]) -> None:
    shared = session.scalars(select(Calendar).where(Calendar.id.in_([place.calendar, place.room, place.vehicle])))
    for calendar in shared.all():
        for account in reached:
            session.add(Share(calendar_pk=calendar.pk, account_pk=account.pk, level=level))
    session.flush()
