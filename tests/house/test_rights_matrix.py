"""Every door of the service × who comes × whose thing it is, and what the table of rights says to that.

The table names who may enter and the right that the thing behind the door asks for; here each door is tried by
each of the cast on things of their own, of a colleague, of a neighbouring organisation, of a neighbour who shares,
and of another territory. Whoever may not see a thing gets 404 for it, whoever may see it and lacks the right 403.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from booking import clock, database
from booking.actions import people, tokens
from booking.actions.rights import NO_RIGHTS, Actor, Rights, load_actor, rights_on
from booking.actions.routes import ROUTES, Access, admits
from booking.models import Account, Calendar, Reminder, Share
from tests.cast import Cast
from tests.plumbing.service import SignedInAs

NOBODY = "nobody"
PEOPLE = ("alix", "denise", "elise", "helene", "farid", "gaston", "zoe", NOBODY)
OWNERS = ("alix", "chloe", "farid", "ines", "zoe")
"""Alix's and Chloé's things are of Brume, Farid's of Orme, Inès's too but shared with Brume, Zoé's far away."""

DAY = "2027-01-19"
OUTSIDE = {"static", "ics.nothing", "people.choose_password", "api.reference.problem"}
"""Doors whose address holds no thing of anybody's."""

BODIES: dict[str, dict[str, Any]] = {
    "api.appointments.move": {"start": f"{DAY}T11:00:00+01:00"},
    "api.appointments.attendance": {"attendance": "attended"},
    "api.appointments.reject": {"reason": "another day"},
    "api.openings.change": {"minutes": 90},
    "api.openings.change_date": {"minutes": 60},
    "api.absences.change": {"title": "Formation"},
    "api.absences.change_date": {"start": f"{DAY}T15:00:00+01:00", "end": f"{DAY}T16:00:00+01:00"},
}


@dataclass
class World:
    """The things of each owner, by kind: ``things["appointment"]["alix"]`` is the id in an address."""

    app: Flask
    cast: Cast
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    things: dict[str, dict[str, str]] = field(default_factory=dict)
    calendars: dict[str, int] = field(default_factory=dict)

    def send(self, who: str, method: str, address: str, scope: str = "write", body: Any = None) -> Any:
        """An API call with that person's token."""
        headers = {} if who == NOBODY else {"Authorization": f"Bearer {self.tokens[who, scope]}"}
        return self.app.test_client().open(address, method=method, headers=headers, json=body)

    def actor(self, who: str) -> Actor | None:
        if who == NOBODY:
            return None
        with self.app.app_context(), database.reading() as session:
            return load_actor(session, self.cast.accounts[who].pk)


@pytest.fixture
def world(app: Flask, cast: Cast) -> World:
    made = World(app, cast)
    with app.app_context():
        database.write(lambda session: _fill(session, made))
    made.things = {
        "calendar": {owner: owner for owner in OWNERS},
        "account": {owner: owner for owner in OWNERS},
        "organisation": _by_owner("fs-brume", "mairie-orme", "mairie-lointaine"),
        "venue": _by_owner("maison-brume", "mairie-d-orme", "salle-lointaine"),
        "room": _by_owner("bureau-brume", "salle-orme", "salle-loin"),
        "vehicle": _by_owner("clio-brume", "bus-orme", "voiture-loin"),
        "purpose": dict.fromkeys(OWNERS, "demarches"),
        "message": _messages(app, cast),
        **{kind: {owner: _create(made, kind, owner) for owner in OWNERS} for kind in _CREATED},
    }
    return made


def _by_owner(brume: str, orme: str, far: str) -> dict[str, str]:
    return {"alix": brume, "chloe": brume, "farid": orme, "ines": orme, "zoe": far}


def _fill(session: Session, world: World) -> None:
    cast = world.cast
    ines = Account(
        id="ines", name="Inès Ibarra", email="ines@brume.example", role="adviser", organisation_pk=cast.orme.pk
    )
    session.add(ines)
    session.flush()
    shared = Calendar(
        id="ines", kind="adviser", name=ines.name, organisation_pk=cast.orme.pk, venue_pk=cast.mairie.pk,
        account_pk=ines.pk, profession="conseiller_numerique", equipment=[],
    )  # fmt: skip
    far_car = Calendar(
        id="voiture-loin", kind="vehicle", name="Voiture", organisation_pk=cast.lointaine.pk,
        venue_pk=cast.far_venue.pk, equipment=[],
    )  # fmt: skip
    session.add_all([shared, far_car])
    session.flush()
    session.add(Share(calendar_pk=shared.pk, organisation_pk=cast.brume.pk, level="book"))
    cast.accounts["ines"] = ines
    found = session.execute(select(Calendar.id, Calendar.pk))
    world.calendars = {row.id: row.pk for row in found}
    for who, account in cast.accounts.items():
        for scope in ("read", "write"):
            world.tokens[who, scope] = tokens.create(session, account.id, "matrix", scope, clock.now())
        people.forget_password(session, account.email or "", clock.now())
    session.flush()


def _messages(app: Flask, cast: Cast) -> dict[str, str]:
    with app.app_context():
        found = {
            account: id for id, account in database.db.session.execute(select(Reminder.message_id, Reminder.account_pk))
        }
    return {owner: found[cast.accounts[owner].pk] for owner in OWNERS}


_CREATED: dict[str, tuple[str, dict[str, Any]]] = {
    "appointment": (
        "/api/v1/appointments",
        {"purpose": "demarches", "advisers": ["?"], "start": f"{DAY}T09:00:00+01:00", "override": True},
    ),
    "opening": (
        "/api/v1/openings",
        {"adviser": "?", "venue": "!", "start": f"{DAY}T09:00", "minutes": 120, "rrule": "FREQ=WEEKLY"},
    ),
    "absence": (
        "/api/v1/absences",
        {"adviser": "?", "start": f"{DAY}T14:00", "end": f"{DAY}T16:00", "rrule": "FREQ=WEEKLY"},
    ),
    "feed": ("/api/v1/feeds", {"scope": "adviser", "id": "?", "detail": "full"}),
}


def _create(world: World, kind: str, owner: str) -> str:
    """One thing of that kind, made by its owner through the API; its id."""
    venue = _by_owner("maison-brume", "mairie-d-orme", "salle-lointaine")[owner]

    def filled(value: Any) -> Any:
        return {"?": owner, "!": venue}.get(value, value) if isinstance(value, str) else value

    address, body = _CREATED[kind]
    told = {
        name: [filled(each) for each in value] if isinstance(value, list) else filled(value)
        for name, value in body.items()
    }
    if kind == "appointment":
        told["venue"] = venue
    answer = world.send(owner, "POST", address, body=told)
    assert answer.status_code == 201, (kind, owner, answer.text)
    return str(answer.get_json()["id"])


def the_thing(endpoint: str, access: Access) -> str | None:
    """The kind of thing that the address of a door names."""
    if endpoint.startswith(("catalogue.room", "catalogue.vehicle")):
        return endpoint.partition(".")[2]
    return access.object


def expected(world: World, actor: Actor | None, endpoint: str, owner: str, held: dict[int, Rights]) -> set[int]:
    """The refusals that the table allows for this person, this door and a thing of this owner; empty: come in."""
    access = ROUTES[endpoint]
    if actor is None:
        return {401, 302}
    if not admits(access, actor.role):
        return {403}
    kind = the_thing(endpoint, access)
    owning = world.cast.accounts[owner]
    territory = world.cast.lointaine if owner == "zoe" else world.cast.brume
    foreign = territory.territory_pk != actor.territory_pk
    if kind == "feed":
        return set() if owning.pk == actor.pk else {404}
    if kind == "purpose":
        return set()
    if kind in ("account", "organisation", "venue", "message"):
        if foreign:
            return {404}
        return set() if actor.administers or owning.organisation_pk == actor.organisation_pk else {403}
    calendar = world.things[kind][owner] if kind in ("room", "vehicle") else owner
    rights = held.get(world.calendars[calendar], NO_RIGHTS)
    if not rights.sees:
        return {404}
    return set() if _suffices(rights, access.verb) else {403}


def _suffices(rights: Rights, verb: str) -> bool:
    return {
        "see": rights.sees,
        "details": rights.sees_details,
        "propose": rights.may_propose,
        "book": rights.level in ("book", "manage"),
        "manage": rights.manages,
    }[verb]


def doors(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Each rule with each of its methods; reading first, so that what is undone later still stands."""
    found = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.endpoint not in OUTSIDE and ROUTES[rule.endpoint].who != "link"
    ]
    return iter(sorted(found, key=lambda door: (door[1] != "GET", door[1] == "DELETE", door[0].endpoint)))


@pytest.mark.parametrize("who", PEOPLE)
def test_each_door_answers_each_person_as_the_table_says(world: World, signed_in_as: SignedInAs, who: str) -> None:
    client = world.app.test_client() if who == NOBODY else signed_in_as(who)
    actor = world.actor(who)
    with world.app.app_context(), database.reading() as session:
        held = rights_on(session, actor) if actor is not None else {}
    urls = world.app.url_map.bind("127.0.0.1")
    wrong, spent, tried = [], set(), 0
    for rule, method in doors(world.app):
        access = ROUTES[rule.endpoint]
        own = rule.arguments - set(rule.defaults or ())
        if access.who == "public" or not own - {"day"}:
            continue
        kind = the_thing(rule.endpoint, access)
        assert kind is not None, rule.endpoint
        for owner in OWNERS:
            values = {name: DAY if name in ("date", "day") else world.things[kind][owner] for name in own}
            address = urls.build(rule.endpoint, values, method)
            if access.who.startswith("token"):
                answer = world.send(
                    who, method, address, body=BODIES.get(rule.endpoint, {}) if method != "GET" else None
                )
            else:
                answer = client.open(address, method=method)
            refusals = expected(world, actor, rule.endpoint, owner, held)
            tried += 1
            fine = answer.status_code in refusals if refusals else answer.status_code not in (401, 403, 404)
            if not fine and not ((kind, owner) in spent and answer.status_code == 404):
                wrong.append((rule.endpoint, method, owner, answer.status_code, sorted(refusals)))
            if not refusals and method != "GET":
                spent.add((kind, owner))
    assert wrong == [], "\n".join(map(str, wrong))
    assert tried >= 200


@pytest.mark.parametrize("who", [person for person in PEOPLE if person != NOBODY])
def test_a_token_that_may_only_read_opens_no_door_of_writing(world: World, who: str) -> None:
    urls = world.app.url_map.bind("127.0.0.1")
    for rule, method in doors(world.app):
        access = ROUTES[rule.endpoint]
        if access.who != "token:write":
            continue
        kind = access.object or ""
        values = {name: DAY if name == "date" else world.things[kind]["alix"] for name in rule.arguments}
        answer = world.send(who, method, urls.build(rule.endpoint, values, method), scope="read", body={})

        assert answer.status_code == 403, rule.endpoint


def test_without_a_token_every_door_of_the_api_is_closed(world: World) -> None:
    urls = world.app.url_map.bind("127.0.0.1")
    for rule, method in doors(world.app):
        access = ROUTES[rule.endpoint]
        if not access.who.startswith("token"):
            continue
        values = {name: DAY if name == "date" else world.things[access.object or ""]["alix"] for name in rule.arguments}
        answer = world.send(NOBODY, method, urls.build(rule.endpoint, values, method), body={})

        assert answer.status_code == 401, rule.endpoint
