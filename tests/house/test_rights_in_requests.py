"""Other people's things named inside a request that one may make: in a form, a body, a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from booking import clock, database
from booking.actions.routes import ROUTES
from booking.models import Entry
from booking.timeline.interval import from_utc
from tests.house.rights_doors import DOORS
from tests.house.rights_world import FOREIGN_WORDS, NOTHING, PARIS, PURPOSE, World, built
from tests.plumbing.service import make_app

OTHERS = ("foreign", "abroad", "territory", "our_room")
"""Whose appointments the adviser may not change."""


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    app = make_app(database_url, tmp_path)
    app.testing = False
    with app.app_context():
        yield built(app)
        database.db.session.remove()
        database.db.engine.dispose()
    clock.freeze(None)


@pytest.fixture
def free_world(world: World) -> World:
    """Its forms need no token."""
    world.app.config["WTF_CSRF_ENABLED"] = False
    return world


@dataclass
class Hand:
    """Somebody's requests."""

    world: World
    role: str

    def form(self, address: str, fields: Mapping[str, Any]) -> TestResponse:
        return self._client().post(address, data=fields, headers={"Cookie": f"booking={self.world.cookies[self.role]}"})

    def page(self, address: str) -> TestResponse:
        return self._client().get(address, headers={"Cookie": f"booking={self.world.cookies[self.role]}"})

    def api(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> TestResponse:
        bearer = {"Authorization": f"Bearer {self.world.tokens[self.role, 'write']}"}
        return self._client().open(f"/api/v1{path}", method=method, json=body, headers=bearer)

    def _client(self) -> FlaskClient:
        return self.world.app.test_client(use_cookies=False)


def versions(world: World, ids: list[str]) -> list[tuple[int, str]]:
    rows = [world.row(Entry, each) for each in ids]
    return [(row.version, row.status) for row in rows]


def instant(minute: int) -> str:
    return from_utc(minute).isoformat()


def test_lists_of_appointments_in_a_form_touch_only_those_one_may_change(free_world: World) -> None:
    world, hand = free_world, Hand(free_world, "adviser")
    theirs = [world.thing("appointment", owner, "adviser").id for owner in OTHERS]
    mine = world.thing("appointment", "self", "adviser")
    before = versions(world, theirs)

    hand.form("/agendas/alix/absent", {f"rdv-choix-{each}": "annuler" for each in theirs})
    elsewhen = f"{world.start('alix')}|alix|maison-brume"
    hand.form("/agendas/alix/absent", {f"rdv-choix-{each}": elsewhen for each in theirs})
    hand.form("/agendas/alix/confier", {"rdv": theirs, "vers": "basile"})
    assert versions(world, theirs) == before

    was = versions(world, [mine.id])
    for taking in ("zoe", "agent-abroad", "salle-loin", "nobody"):
        hand.form("/agendas/alix/confier", {"rdv": [mine.id], "vers": taking})
    assert versions(world, [mine.id]) == was


def test_a_booking_names_only_what_one_may_know_of(free_world: World) -> None:
    world, hand = free_world, Hand(free_world, "adviser")
    good = {"purpose": PURPOSE, "advisers": ["alix"], "venue": "maison-brume", "start": instant(world.start("alix"))}
    mine = world.thing("appointment", "self", "adviser").id
    nowhere = {"start": instant(world.start("alix")), "end": instant(world.start("alix") + 60)}
    for wrong in (
        {"advisers": ["alix", "zoe"]},
        {"advisers": ["salle-loin"]},
        {"advisers": ["bureau-brume"]},
        {"venue": "salle-lointaine"},
        {"room": "salle-loin"},
        {"room": "alix"},
        {"vehicle": "auto-loin"},
        {"also": [{"calendar": "salle-loin", **nowhere}]},
        {"also": [{"calendar": "il-n-y-a-rien", **nowhere}]},
    ):
        assert hand.api("POST", "/appointments", {**good, **wrong}).status_code == 422, wrong
        if "also" not in wrong:
            assert hand.api("PATCH", f"/appointments/{mine}", wrong).status_code == 422, wrong
    for wrong in (
        {"room": "salle-territory", "venue": "mairie-d-orme"},
        {"also": [{"calendar": "auto-territory", **nowhere}]},
    ):
        assert hand.api("POST", "/appointments", {**good, **wrong}).status_code == 403, wrong
    for slot in ("2027-02-02T10:00|zoe|maison-brume", "2027-02-02T10:00|alix|salle-lointaine"):
        assert hand.form(f"/rendez-vous/{mine}/deplacer", {"slot": slot}).status_code == 422, slot


def test_a_search_names_only_what_one_may_know_of(free_world: World) -> None:
    hand = Hand(free_world, "adviser")
    for wrong in (
        "adviser=alix&adviser=zoe",
        "venue=salle-lointaine",
        "organisation=mairie-lointaine",
        "room=salle-loin",
        "vehicle=auto-loin",
    ):
        assert hand.api("GET", f"/slots?purpose={PURPOSE}&{wrong}").status_code == 404, wrong
    assert hand.api("GET", "/appointments?adviser=alix&calendar=zoe").status_code == 404


def test_openings_and_feeds_name_only_what_one_may_know_of(free_world: World) -> None:
    world, hand = free_world, Hand(free_world, "adviser")
    opening = {"adviser": "alix", "venue": "salle-lointaine", "start": "2027-03-02T19:00", "minutes": 60}
    assert hand.api("POST", "/openings", opening).status_code == 422
    mine = world.thing("opening", "self", "adviser").id
    assert hand.api("PATCH", f"/openings/{mine}", {"venue": "salle-lointaine"}).status_code == 422
    assert hand.api("PATCH", f"/openings/{mine}/dates/2027-03-09", {"venue": "salle-lointaine"}).status_code == 422
    for scope, name in (
        ("venue", "salle-lointaine"),
        ("organisation", "mairie-lointaine"),
        ("territory", "lointaine"),
        ("openings", "zoe"),
        ("room", "salle-loin"),
    ):
        assert hand.api("POST", "/feeds", {"scope": scope, "id": name}).status_code == 422, scope


def test_a_coordinator_gives_nothing_to_others_and_takes_nothing_from_them(free_world: World) -> None:
    hand = Hand(free_world, "coordinator")
    person = {"name": "X", "email": "x@brume.example", "role": "adviser", "organisation": "fs-brume", "profession": ""}
    for wrong in (
        {"organisation": "mairie-orme"},
        {"organisation": "mairie-lointaine"},
        {"role": "administrator"},
        {"home_venue": "salle-lointaine"},
    ):
        assert hand.form("/comptes/nouveau", {**person, **wrong}).status_code == 422, wrong
        assert hand.form("/comptes/basile", {**person, **wrong}).status_code == 422, wrong
    assert hand.form("/comptes/helene", person).status_code == 403
    room = {"name": "X", "setup_minutes": "0", "cleanup_minutes": "0"}
    for venue in ("mairie-d-orme", "salle-lointaine"):
        assert hand.form("/salles/bureau-brume", {**room, "venue": venue}).status_code == 422
        assert hand.form("/salles/nouvelle", {**room, "venue": venue}).status_code == 422
    for organisation in ("mairie-orme", "mairie-lointaine"):
        given_away = {"name": "X", "organisation": organisation, "commune": "Treignac"}
        assert hand.form("/lieux/maison-brume", given_away).status_code == 422
    hand.form(f"/motifs/{PURPOSE}", {"bring-mairie-d-orme": "planted", "bring-salle-lointaine": "planted"})
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM instruction")) == 0


def test_pages_do_not_tell_of_appointments_that_an_address_names(free_world: World) -> None:
    world, hand = free_world, Hand(free_world, "adviser")
    theirs = [world.thing("appointment", owner, "adviser").id for owner in OTHERS]
    listed = "&".join(f"rdv={each}" for each in theirs)
    pages = [f"/disponibilites/alix/a-replacer?{listed}"]
    pages += [f"/rendez-vous/nouveau?motif={PURPOSE}&suite_de={each}" for each in theirs]
    day = from_utc(world.thing("appointment", "foreign", "adviser").more["starts"]).astimezone(PARIS).date()
    pages += [f"/ma-journee?jour={day}&agenda=zoe", f"/planning/{day}?agenda=zoe&structure=mairie-lointaine"]
    for address in pages:
        answer = hand.page(address)
        assert answer.status_code == 200, address
        told = [word for word in (*FOREIGN_WORDS, "Quidam-", "Remarque-") if word in answer.text]
        assert told == [], address


def test_no_form_is_taken_without_its_token(world: World) -> None:
    """Whoever lures somebody who is signed in to a page of their own can send forms, but knows no token."""
    taken = []
    for endpoint, knocks in DOORS.items():
        if ROUTES[endpoint].has_own_key or endpoint.startswith("api."):
            continue
        for knock in knocks:
            if knock.method != "POST":
                continue
            thing = world.thing(knock.about, knock.owners[0], "administrator") if knock.about else NOTHING
            path = dict.fromkeys(knock.path, thing.id) | dict(knock.others)
            query = knock.query(world, thing, "administrator") if knock.query else {}
            body = dict(knock.body(world, thing, "administrator")) if knock.body else {}
            address = world.app.url_map.bind("127.0.0.1").build(endpoint, {**path, **query}, "POST")
            before = world.acts()
            for csrf_token in ("", "of-another-session"):
                answer = Hand(world, "administrator").form(address, {**body, "csrf_token": csrf_token})
                if answer.status_code not in (302, 400) or world.acts() != before:
                    taken.append(f"{endpoint}: {answer.status_code}")
    assert taken == []
