"""A drop in the timeline: the appointment moves at once, and what does not go is said."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import SLOT, book, open_doors, words


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


@pytest.fixture
def alix(signed_in_as: SignedInAs) -> FlaskClient:
    return signed_in_as("alix")


@pytest.fixture
def rdv(alix: FlaskClient) -> str:
    """Tuesday at 10 with Chloé, for an hour."""
    return book(alix).rpartition("/")[2]


def dropped(client: FlaskClient, rdv: str, start: str, **fields: str) -> TestResponse:
    sent = {"version": "1", "from": "chloe", "to": "", "start": f"2027-01-{start}", **fields}
    return client.post(f"/planning/deplacer/{rdv}", data=sent)


def said(answer: TestResponse) -> str:
    return words(answer.json["html"])


def forms(answer: TestResponse) -> list[dict[str, str]]:
    """What each button of the answer would send."""
    return [
        {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
        for form in re.findall(r"<form.*?</form>", answer.json["html"], re.DOTALL)
    ]


def test_it_is_moved_and_the_new_time_is_said(alix: FlaskClient, rdv: str) -> None:
    answer = dropped(alix, rdv, "21T09:30")
    assert answer.status_code == 200
    assert "Déplacé : jeudi 21 janvier, de 9 h 30 à 10 h 30 (Chloé Caron)." in said(answer)
    assert "Alix Aubert a déplacé le rendez-vous" in words(alix.get(f"/rendez-vous/{rdv}").text)


def test_undo_gives_back_hour_and_length(alix: FlaskClient, rdv: str) -> None:
    (back,) = forms(dropped(alix, rdv, "21T09:00", end="2027-01-21T11:30"))
    answer = alix.post(f"/planning/deplacer/{rdv}", data=back)
    assert "mardi 19 janvier, de 10 h à 11 h (Chloé Caron)" in said(answer)


def test_a_new_end_is_a_new_length(alix: FlaskClient, rdv: str) -> None:
    assert "de 10 h à 11 h 45" in said(dropped(alix, rdv, "19T10:00", end="2027-01-19T11:45"))


def test_a_taken_time_is_refused_with_its_reason_and_three_others(
    signed_in_as: SignedInAs, alix: FlaskClient, rdv: str
) -> None:
    book(signed_in_as("denise"), SLOT.replace("19T10:00", "21T11:00"), name="Marcel Sage")
    answer = dropped(alix, rdv, "21T11:30")
    assert answer.status_code == 409
    assert "Chloé Caron n’est plus libre jeudi 21 janvier 2027 , de 11 h à 12 h" in said(answer)
    others = forms(answer)
    assert len(others) == 3
    assert alix.post(f"/planning/deplacer/{rdv}", data=others[0]).status_code == 200


def test_a_longer_one_that_runs_into_the_next_is_refused(signed_in_as: SignedInAs, alix: FlaskClient, rdv: str) -> None:
    book(signed_in_as("denise"), SLOT.replace("19T10:00", "19T11:00"), name="Marcel Sage")
    answer = dropped(alix, rdv, "19T10:00", end="2027-01-19T11:30")
    assert answer.status_code == 409
    assert "de 11 h à 12 h" in said(answer)


def test_outside_of_the_openings_who_manages_may_insist(signed_in_as: SignedInAs, rdv: str) -> None:
    chloe = signed_in_as("chloe")
    answer = dropped(chloe, rdv, "20T15:00")
    assert "En dehors des plages d’ouverture de Chloé Caron" in said(answer)
    (insisting,) = [each for each in forms(answer) if "insist" in each]
    assert "mercredi 20 janvier, de 15 h à 16 h" in said(chloe.post(f"/planning/deplacer/{rdv}", data=insisting))


def test_an_old_drag_moves_nothing(alix: FlaskClient, rdv: str) -> None:
    dropped(alix, rdv, "21T09:00")
    answer = dropped(alix, rdv, "21T11:00")
    assert answer.status_code == 409
    assert "Quelqu’un vient de modifier ce rendez-vous." in said(answer)


def test_another_line_is_another_adviser(signed_in_as: SignedInAs, alix: FlaskClient) -> None:
    """Papers are done by both professions; Chloé hands them to Alix."""
    papers = book(alix, SLOT.replace("motif=accompagnement", "motif=demarches")).rpartition("/")[2]
    answer = dropped(alix, papers, "19T09:00", to="alix")
    assert "de 9 h à 9 h 30 (Alix Aubert)" in said(answer)


def test_a_room_is_changed_on_its_own_line(alix: FlaskClient) -> None:
    held = book(alix, f"{SLOT}&salle=bureau-brume").rpartition("/")[2]
    assert "Bureau 1" in words(alix.get(f"/rendez-vous/{held}").text)
    answer = dropped(alix, held, "19T10:00", **{"from": "bureau-brume", "to": "salle-brume"})
    assert "(Chloé Caron, Salle numérique)" in said(answer)
    (back,) = forms(answer)
    assert "(Chloé Caron, Bureau 1)" in said(alix.post(f"/planning/deplacer/{held}", data=back))


def test_a_room_of_another_place_is_refused(signed_in_as: SignedInAs) -> None:
    helene = signed_in_as("helene")
    held = book(helene, f"{SLOT}&salle=bureau-brume").rpartition("/")[2]
    answer = dropped(helene, held, "19T10:00", **{"from": "bureau-brume", "to": "salle-orme"})
    assert answer.status_code == 422
    assert "Ce choix ne convient pas" in said(answer)


def test_who_may_not_change_it_may_not_drag_it(signed_in_as: SignedInAs, rdv: str) -> None:
    assert dropped(signed_in_as("gaston"), rdv, "21T09:00").status_code == 403
    assert dropped(signed_in_as("zoe"), rdv, "21T09:00").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"start": "hier"}, {"end": "2027-01-19T09:00"}, {"version": "deux"}, {"version": ""}]
)
def test_nonsense_is_refused_in_words(alix: FlaskClient, rdv: str, wrong: dict[str, str]) -> None:
    sent = {"version": "1", "start": "2027-01-19T10:00", **wrong}
    answer = alix.post(f"/planning/deplacer/{rdv}", data=sent)
    assert answer.status_code == 422
    assert "Cette heure n’a pas été comprise." in said(answer)


def test_a_cancelled_appointment_is_not_moved(alix: FlaskClient, rdv: str) -> None:
    alix.post(f"/rendez-vous/{rdv}/annuler")
    assert dropped(alix, rdv, "21T09:00", version="2").status_code == 409
