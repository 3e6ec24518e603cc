"""Mes disponibilités: openings and absences in words, whose calendar it is, what a change left behind."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import book, open_doors, words


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


def test_an_opening_is_said_in_words_with_its_next_date(signed_in_as: SignedInAs) -> None:
    page = words(signed_in_as("chloe").get("/disponibilites").text)

    assert "Tous les mardis et jeudis de 9 h à 12 h" in page
    assert "Maison de Brume, avec rendez-vous" in page
    assert "Prochaine date : mardi 19 janvier demain" in page


def test_it_is_said_in_english_to_those_who_read_english(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("chloe")
    client.post("/langue", data={"language": "en"})

    assert "Every Tuesday and Thursday 9:00 to 12:00" in words(client.get("/disponibilites").text)


def test_a_coordinator_chooses_among_the_calendars_of_the_structure(signed_in_as: SignedInAs) -> None:
    page = words(signed_in_as("elise").get("/disponibilites").text)

    assert "Chloé Caron" in page
    assert "Salle numérique" in page
    assert "Farid Faure" not in page


def test_a_coordinator_sees_the_hours_of_a_colleague(signed_in_as: SignedInAs) -> None:
    page = words(signed_in_as("elise").get("/disponibilites?agenda=chloe").text)

    assert "Disponibilités : Chloé Caron" in page
    assert "Tous les mardis et jeudis" in page


def test_a_room_without_openings_says_that_it_is_always_open(signed_in_as: SignedInAs) -> None:
    page = words(signed_in_as("elise").get("/disponibilites?agenda=salle-brume").text)

    assert "Ajouter une fermeture" in page
    assert "on peut réserver à toute heure" in page


def test_a_room_opens_where_it_is_and_asks_neither_how_one_comes_nor_for_what(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("elise")

    form = client.get("/disponibilites/plages/nouvelle?agenda=salle-brume").text
    assert "Comment vient-on" not in form
    assert "Pour quels motifs" not in form
    hours = {
        "venue": "maison-brume",
        "day": "2027-01-18",
        "from_hour": "08:00",
        "to_hour": "20:00",
        "repeats": "weekly",
    }
    more = {"days": ["MO"], "rank": "date", "weekday": "0", "interval": "1", "ends": "never", "key": "k"}
    sent = client.post("/disponibilites/plages/nouvelle?agenda=salle-brume", data=hours | more)
    assert sent.status_code == 303

    page = words(client.get("/disponibilites?agenda=salle-brume").text)
    assert "8 h – 20 h" in page or "8 h à 20 h" in page
    assert "avec rendez-vous" not in page


def test_who_manages_nothing_is_told_who_can_help(signed_in_as: SignedInAs) -> None:
    assert "voyez avec votre coordination" in words(signed_in_as("denise").get("/disponibilites").text)


@pytest.mark.parametrize(("who", "status"), [("alix", 403), ("farid", 403), ("zoe", 404)])
def test_the_availability_of_others_is_not_for_everyone(signed_in_as: SignedInAs, who: str, status: int) -> None:
    assert signed_in_as(who).get("/disponibilites?agenda=chloe").status_code == status


def test_an_appointment_left_outside_is_listed_until_it_is_moved(signed_in_as: SignedInAs) -> None:
    address = book(signed_in_as("chloe")).rsplit("/", 1)[1]
    chloe = signed_in_as("chloe")

    answer = chloe.post("/disponibilites/plages/chloe-1/dates/2027-01-19/annuler")
    page = words(chloe.get(answer.headers["Location"]).text)

    assert f"rdv={address}" in answer.headers["Location"]
    assert "Ce rendez-vous n’est plus dans une plage d’ouverture" in page
    assert "Yvette Bouhier" in page
    assert "Déplacer" in page


def test_an_appointment_that_is_inside_again_counts_as_settled(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("chloe"))
    chloe = signed_in_as("chloe")
    listed = chloe.post("/disponibilites/plages/chloe-1/dates/2027-01-19/annuler").headers["Location"]

    chloe.post("/disponibilites/plages/chloe-1/dates/2027-01-19/retablir")

    assert "Tout est réglé" in words(chloe.get(listed).text)
