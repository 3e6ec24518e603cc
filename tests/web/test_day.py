"""Ma journée: whose day it is, what is next, what waits, what has to be settled."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking import clock, database
from booking.actions import absences
from booking.actions.rights import load_actor
from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import book, open_doors, words

PERSON = {"name": "Yvette Bouhier", "phone": "06 39 98 10 13"}


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


def read(client: FlaskClient, address: str = "/ma-journee") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return words(answer.text)


def test_an_empty_day_offers_to_book(signed_in_as: SignedInAs) -> None:
    page = read(signed_in_as("chloe"))
    assert "Aucun rendez-vous aujourd’hui." in page
    assert "Prendre un rendez-vous" in page


def test_an_adviser_sees_the_own_day_with_name_number_and_purpose(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("alix"), **PERSON)
    page = read(signed_in_as("chloe"), "/ma-journee?jour=2027-01-19")
    assert "Yvette Bouhier" in page
    assert "06 39 98 10 13" in page
    assert "Accompagnement individuel" in page


def test_what_is_next_stands_large(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("alix"), **PERSON)
    clock.freeze("2027-01-19T08:00:00+01:00")
    assert "Prochain rendez-vous 10 h 00" in read(signed_in_as("chloe"))


def test_what_is_under_way_can_be_ended_and_noted(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("alix"), **PERSON)
    clock.freeze("2027-01-19T10:20:00+01:00")
    page = read(signed_in_as("chloe"))
    assert all(word in page for word in ("En ce moment", "Honoré", "Absent", "Terminer"))


def test_tomorrow_is_told_beside_today(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("alix"), **PERSON)
    assert "Demain mardi 19 janvier 2027 10 h 00 – à 11 h 00 Yvette Bouhier" in read(signed_in_as("chloe"))


def test_a_secretary_sees_everybody_of_the_venue(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("alix"), **PERSON)
    page = read(signed_in_as("denise"), "/ma-journee?jour=2027-01-19&lieu=maison-brume")
    assert "Yvette Bouhier" in page
    assert "Chloé Caron" in page


def test_another_structure_does_not_see_the_day_of_somebody_it_may_not_read(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("alix"), **PERSON)
    page = read(signed_in_as("gaston"), "/ma-journee?jour=2027-01-19&agenda=chloe")
    assert "Yvette" not in page


def test_an_absence_over_an_appointment_is_a_conflict_to_settle(
    app: Flask, cast: Cast, signed_in_as: SignedInAs
) -> None:
    book(signed_in_as("alix"), **PERSON)
    with app.app_context():
        with database.reading() as session:
            chloe = load_actor(session, cast.chloe.pk)
        assert chloe is not None
        draft = absences.AbsenceDraft("chloe", "2027-01-19", "2027-01-19")
        database.write(lambda session: absences.add(session, chloe, draft, clock.now()))
    page = read(signed_in_as("chloe"))
    assert "Conflits à régler 1" in page
    assert "une indisponibilité a été posée dessus." in page


def test_a_day_that_is_none_is_today(signed_in_as: SignedInAs) -> None:
    assert "lundi 18 janvier 2027" in read(signed_in_as("chloe"), "/ma-journee?jour=hier")
