"""When somebody is away: the day settled in one list, and appointments handed over."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking import database
from booking.models import Entry
from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import book, open_doors, words

AWAY = "/agendas/chloe/absent?jour=2027-01-19"


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


@pytest.fixture
def rdv(signed_in_as: SignedInAs) -> str:
    return book(signed_in_as("basile"), name="Yvette Bouhier", phone="06 39 98 10 13").rpartition("/")[2]


def settle(client: FlaskClient, **choices: str) -> str:
    answer = client.post("/agendas/chloe/absent", data={"jour": "2027-01-19", **choices})
    assert answer.status_code == 303
    return words(client.get(answer.headers["Location"]).text)


def entries(app: Flask, kind: str) -> list[Entry]:
    with app.app_context(), database.reading() as session:
        return session.query(Entry).filter_by(kind=kind).all()


def test_everything_of_the_day_is_listed_to_call_move_or_cancel(signed_in_as: SignedInAs, rdv: str) -> None:
    page = words(signed_in_as("elise").get(AWAY).text)
    assert all(
        word in page for word in ("Yvette Bouhier", "06 39 98 10 13", "déplacer :", "annuler", "ne rien changer")
    )


def test_who_manages_closes_the_calendar_too(app: Flask, signed_in_as: SignedInAs, rdv: str) -> None:
    settle(signed_in_as("elise"), absence="oui", **{f"rdv-choix-{rdv}": "annuler"})
    assert [each.status for each in entries(app, "appointment")] == ["cancelled"]
    assert len(entries(app, "absence")) == 1


def test_a_secretary_settles_the_day_and_leaves_the_calendar(app: Flask, signed_in_as: SignedInAs, rdv: str) -> None:
    settle(signed_in_as("denise"), absence="oui", **{f"rdv-choix-{rdv}": "annuler"})
    assert [each.status for each in entries(app, "appointment")] == ["cancelled"]
    assert entries(app, "absence") == []


def test_moving_takes_the_slot_that_was_offered(app: Flask, signed_in_as: SignedInAs, rdv: str) -> None:
    client = signed_in_as("elise")
    offered = re.findall(r'value="(\d+\|chloe\|maison-brume)"', client.get(AWAY).text)
    settle(client, absence="oui", **{f"rdv-choix-{rdv}": offered[0]})
    (moved,) = entries(app, "appointment")
    assert (moved.status, moved.sequence, moved.starts) == ("confirmed", 1, int(offered[0].split("|")[0]))


def test_what_cannot_be_moved_is_said_and_stays(app: Flask, signed_in_as: SignedInAs, rdv: str) -> None:
    page = settle(signed_in_as("elise"), **{f"rdv-choix-{rdv}": "1|chloe|maison-brume"})
    assert "n’a pas pu être déplacé" in page
    assert [each.sequence for each in entries(app, "appointment")] == [0]


def test_another_structure_has_no_say(signed_in_as: SignedInAs) -> None:
    assert signed_in_as("gaston").get(AWAY).status_code == 403
    assert signed_in_as("zoe").get(AWAY).status_code == 404


def test_handing_over_says_first_who_could_take_what(signed_in_as: SignedInAs, rdv: str) -> None:
    page = words(signed_in_as("helene").get("/agendas/chloe/confier?vers=farid").text)
    assert "Confier à Farid Faure" in page
    assert "hors de ses plages d’ouverture" in page


def test_handing_over_moves_what_was_ticked(app: Flask, signed_in_as: SignedInAs, rdv: str) -> None:
    client = signed_in_as("helene")
    answer = client.post("/agendas/chloe/confier", data={"vers": "farid", "rdv": rdv})
    assert "Un rendez-vous est confié." in words(client.get(answer.headers["Location"]).text)
    assert "Plus aucun rendez-vous à venir" in words(client.get("/agendas/chloe/confier").text)
    (moved,) = entries(app, "appointment")
    assert moved.sequence == 1
