"""The first run: four pages from nothing to a calendar, for the first who comes and nobody after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from booking import database
from booking.models import Account, Calendar, Organisation, Territory, Venue

ACCOUNT = {"name": "Maud Lescure", "email": "maud@mairie.example", "password": "colline verte 12"}
STRUCTURE = {"name": "Mairie de Treignac", "kind": "town_hall", "commune": "Treignac"}
VENUE = {"name": "Maison France services", "address": "1 place de la République", "commune": "Treignac 19260"}


@pytest.fixture
def started(client: FlaskClient) -> FlaskClient:
    client.post("/installation/", data=ACCOUNT)
    return client


def stored(app: Flask, table):
    with app.app_context():
        return database.db.session.scalars(select(table)).all()


def test_an_empty_installation_begins_with_an_account(client):
    answer = client.get("/", follow_redirects=True)

    assert answer.request.path == "/installation/"


def test_the_first_account_is_an_administrator_and_is_signed_in(app, started):
    assert [each.role for each in stored(app, Account)] == ["administrator"]
    assert started.get("/installation/structure").status_code == 200


def test_the_zone_and_the_holidays_follow_from_the_commune(app, started):
    started.post("/installation/structure", data=STRUCTURE)

    (territory,) = stored(app, Territory)
    assert (territory.name, territory.timezone, territory.public_holidays, territory.school_zone) == (
        "Treignac",
        "Europe/Paris",
        "metropole",
        "A",
    )


@pytest.mark.parametrize(
    ("commune", "zone", "holidays"),
    [
        ("Saint-Denis 97400", "Indian/Reunion", "la-reunion"),
        ("Miquelon 97500", "America/Miquelon", "saint-pierre-et-miquelon"),
        ("Colmar 68000", "Europe/Paris", "alsace-moselle"),
    ],
)
def test_communes_elsewhere_have_their_own_time(app, started, commune, zone, holidays):
    started.post("/installation/structure", data={**STRUCTURE, "commune": commune})

    (territory,) = stored(app, Territory)
    assert (territory.timezone, territory.public_holidays) == (zone, holidays)


def test_a_commune_that_cannot_be_placed_is_asked_for_its_postcode(started):
    answer = started.post("/installation/structure", data={**STRUCTURE, "commune": "Nulle-Part"})

    assert answer.status_code == 422
    assert "Ajoutez le code postal" in answer.text
    assert 'value="Nulle-Part"' in answer.text


def test_all_four_steps_lead_to_the_day(app, started):
    started.post("/installation/structure", data=STRUCTURE)
    started.post("/installation/lieu", data=VENUE)
    last = started.post("/installation/conseiller", data={"who": "me", "profession": "conseiller_numerique"})

    assert last.location == "/"
    assert [each.id for each in stored(app, Organisation)] == ["mairie-de-treignac"]
    assert [each.postcode for each in stored(app, Venue)] == ["19260"]
    (calendar,) = stored(app, Calendar)
    assert (calendar.id, calendar.profession) == ("maud.lescure", "conseiller_numerique")


def test_somebody_else_can_be_the_first_adviser(app, started):
    started.post("/installation/structure", data=STRUCTURE)
    started.post("/installation/lieu", data=VENUE)
    started.post(
        "/installation/conseiller",
        data={"who": "other", "profession": "conseiller_france_services", "name": "Rémi Roux", "email": ""},
    )

    assert {each.role for each in stored(app, Account)} == {"administrator", "adviser"}


def test_whoever_stopped_after_the_account_goes_on_with_the_structure(started):
    assert started.get("/").location == "/installation/structure"


def test_with_an_account_the_first_page_is_closed(client, cast):
    assert client.get("/installation/").location == "/"
    assert client.post("/installation/", data=ACCOUNT).location == "/"


def test_of_many_who_begin_at_once_one_begins(app):
    def begin(number: int) -> str:
        answer = app.test_client().post("/installation/", data={**ACCOUNT, "email": f"maud{number}@mairie.example"})
        return answer.location

    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(begin, range(8)))

    assert places.count("/installation/structure") == 1
    assert len(stored(app, Account)) == 1


def test_a_weak_password_is_refused_beside_its_field(app, client):
    answer = client.post("/installation/", data={**ACCOUNT, "password": "motdepasse2027"})

    assert answer.status_code == 422
    assert 'href="#password"' in answer.text
    assert stored(app, Account) == []
