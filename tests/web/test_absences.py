"""Absences by form: laid, changed, taken away; what they were laid over is listed."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import book, open_doors
from tests.web.desk import words as text_of

NEW = "/disponibilites/absences/nouvelle"
TRAINING = {
    "extent": "hours",
    "day": "2027-01-19",
    "from_hour": "09:00",
    "to_day": "",
    "to_hour": "12:00",
    "repeats": "once",
    "rank": "date",
    "weekday": "0",
    "interval": "1",
    "ends": "never",
    "title": "Formation",
}
WEEKLY = {**TRAINING, "repeats": "weekly", "days": ["TU"]}


def words(page: str) -> str:
    return text_of(page).replace(" ,", ",")


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


@pytest.fixture
def chloe(signed_in_as: SignedInAs) -> FlaskClient:
    return signed_in_as("chloe")


def laid(client: FlaskClient, **fields: object) -> str:
    """The address of a new absence's page."""
    answer = client.post(NEW, data={**TRAINING, **fields})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["Location"])


def dates_of(page: str) -> list[str]:
    listed = re.search(r'<ol class="coming">.*?</ol>', page, re.DOTALL)
    return [words(each) for each in re.findall(r"<li.*?</li>", listed.group(), re.DOTALL)] if listed else []


def press_undo(client: FlaskClient, page: str) -> str:
    form = re.search(r'<form method="post" action="([^"]*retablir)".*?</form>', page, re.DOTALL)
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', form.group())
    data = {name: html.unescape(value) for name, value in fields}
    return words(client.post(html.unescape(form[1]), data=data, follow_redirects=True).text)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Mardi 19 janvier 2027, de 9 h à 12 h"),
        ({"extent": "days"}, "Mardi 19 janvier 2027, toute la journée"),
        ({"extent": "days", "to_day": "2027-01-22"}, "Du mardi 19 janvier au vendredi 22 janvier 2027"),
        ({"to_day": "2027-01-20"}, "Du mardi 19 janvier, 9 h, au mercredi 20 janvier 2027, 12 h"),
        ({"extent": "days", "day": "2026-12-31", "to_day": "2027-01-20"}, "Du jeudi 31 décembre 2026 au mercredi"),
        ({"from_hour": "20:00", "to_hour": "00:00"}, "Mardi 19 janvier 2027, de 20 h à 0 h"),
    ],
)
def test_what_it_takes_is_said_before_and_after_saving(chloe: FlaskClient, fields: dict[str, str], said: str) -> None:
    before = chloe.post(NEW, data={**TRAINING, **fields, "preview": "1"})
    after = chloe.get(laid(chloe, **fields))

    assert dates_of(before.text)[0].startswith(said)
    assert said in words(after.text)


def test_the_next_five_dates_of_a_recurring_one_are_shown_before_saving(chloe: FlaskClient) -> None:
    page = chloe.post(NEW, data={**WEEKLY, "interval": "2", "preview": "1"}).text

    assert [each.split(",")[0] for each in dates_of(page)] == [
        "Mardi 19 janvier 2027",
        "Mardi 2 février 2027",
        "Mardi 16 février 2027",
        "Mardi 2 mars 2027",
        "Mardi 16 mars 2027",
    ]


def test_a_time_that_has_passed_is_said_to_have(chloe: FlaskClient) -> None:
    page = chloe.post(NEW, data={**TRAINING, "day": "2027-01-12", "preview": "1"}).text

    assert "Ce temps est déjà passé." in words(page)


def test_the_appointments_it_lies_on_are_listed_with_a_way_to_move_each(chloe: FlaskClient) -> None:
    appointment = book(chloe)

    page = chloe.get(laid(chloe)).text

    assert "Une chose est à régler" in words(page)
    assert "Yvette Bouhier" in words(page)
    assert f'href="{appointment}/deplacer"' in page
    assert "/agendas/chloe/absent?jour=2027-01-19" in page


def test_an_absence_on_free_time_says_that_nothing_is_to_be_moved(chloe: FlaskClient) -> None:
    assert "aucun rendez-vous n’est à déplacer" in words(chloe.get(laid(chloe)).text)


def test_nobody_books_on_an_absence_any_more(chloe: FlaskClient, signed_in_as: SignedInAs) -> None:
    laid(chloe)

    page = signed_in_as("alix").get("/rendez-vous/nouveau?motif=accompagnement&ou=maison-brume&km=0").text

    assert "debut=2027-01-19" not in page
    assert "debut=2027-01-21" in page


def test_the_title_is_for_those_who_see_the_details(chloe: FlaskClient, signed_in_as: SignedInAs) -> None:
    laid(chloe)
    address = "/planning/2027-01-19?structure=fs-brume"

    assert "Formation" in signed_in_as("alix").get(address).text
    assert "Formation" not in signed_in_as("farid").get(address).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"day": ""}, "Du : Indiquez un jour."),
        ({"to_hour": "08:00"}, "À : La fin vient avant le début."),
        ({"to_day": "2027-01-18"}, "Au : La fin vient avant le début."),
        ({"from_hour": ""}, "De : Indiquez une heure, par exemple 14:00."),
        ({"extent": "days", "to_day": "2029-01-18"}, "Au : Une absence dure un an au plus."),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    chloe: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    answer = chloe.post(NEW, data={**TRAINING, **fields})

    assert answer.status_code == 422
    assert sentence in words(answer.text)
    assert 'value="Formation"' in answer.text


def test_an_absence_is_changed(chloe: FlaskClient) -> None:
    address = laid(chloe)
    form = chloe.get(f"{address}/modifier").text
    assert 'value="Formation"' in form
    assert 'value="2027-01-19"' in form

    page = chloe.post(
        f"{address}/modifier", data={**TRAINING, "day": "2027-01-26", "version": "1"}, follow_redirects=True
    ).text

    assert "Mardi 26 janvier 2027, de 9 h à 12 h" in words(page)


def test_a_change_made_meanwhile_is_told(chloe: FlaskClient) -> None:
    address = laid(chloe)
    chloe.post(f"{address}/modifier", data={**TRAINING, "version": "1"})

    answer = chloe.post(f"{address}/modifier", data={**TRAINING, "version": "1"})

    assert answer.status_code == 422
    assert "Cette absence a été modifiée entre-temps" in words(answer.text)


def test_a_deleted_absence_is_put_back(chloe: FlaskClient) -> None:
    address = laid(chloe)
    page = chloe.post(f"{address}/supprimer", follow_redirects=True).text
    assert "Aucune absence à venir" in words(page)

    assert "Mardi 19 janvier 2027, de 9 h à 12 h" in press_undo(chloe, page)


def test_one_date_of_a_recurring_one_is_cancelled_and_put_back(chloe: FlaskClient) -> None:
    address = laid(chloe, repeats="weekly", days=["TU"])

    page = chloe.post(f"{address}/dates/2027-01-26/annuler", follow_redirects=True).text

    assert "mardi 26 janvier 2027 annulée" in words(page)
    assert "annulée" not in press_undo(chloe, page).replace("date est annulée", "")


def test_one_date_of_a_recurring_one_is_moved(chloe: FlaskClient) -> None:
    address = laid(chloe, repeats="weekly", days=["TU"])

    page = chloe.post(
        f"{address}/dates/2027-01-26",
        data={"extent": "hours", "day": "2027-01-27", "from_hour": "14:00", "to_hour": "15:30"},
        follow_redirects=True,
    ).text

    assert "mercredi 27 janvier 2027, de 14 h à 15 h 30 changée" in words(page)


def test_a_recurring_absence_put_back_keeps_its_changed_dates(chloe: FlaskClient) -> None:
    address = laid(chloe, repeats="weekly", days=["TU"])
    chloe.post(f"{address}/dates/2027-01-26/annuler", follow_redirects=True)

    page = chloe.post(f"{address}/supprimer", follow_redirects=True).text

    assert "mardi 26 janvier 2027 annulée" in press_undo(chloe, page)


def test_a_coordinator_closes_a_room(signed_in_as: SignedInAs) -> None:
    elise = signed_in_as("elise")

    elise.post(f"{NEW}?agenda=salle-brume", data={**TRAINING, "title": "Peinture"})

    page = words(elise.get("/disponibilites?agenda=salle-brume").text)
    assert "Peinture Mardi 19 janvier 2027, de 9 h à 12 h" in page


@pytest.mark.parametrize(("who", "status"), [("alix", 403), ("denise", 403), ("zoe", 404)])
def test_the_absences_of_others_are_not_changed(
    chloe: FlaskClient, signed_in_as: SignedInAs, who: str, status: int
) -> None:
    address = laid(chloe)
    client = signed_in_as(who)

    for answer in (
        client.get(address),
        client.post(f"{address}/modifier", data={**TRAINING, "version": "1"}),
        client.post(f"{address}/supprimer"),
        client.post(f"{NEW}?agenda=chloe", data=TRAINING),
    ):
        assert answer.status_code == status


def test_a_way_back_that_makes_no_sense_lays_nothing(chloe: FlaskClient) -> None:
    for text in ("", "{}", "[]", '{"changes": 3}'):
        answer = chloe.post("/disponibilites/absences/retablir", data={"agenda": "chloe", "absence": text})
        assert answer.status_code == 404

    assert "Aucune absence à venir" in words(chloe.get("/disponibilites").text)
