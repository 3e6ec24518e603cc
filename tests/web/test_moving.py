"""Moving an appointment: one press on a slot, or any day and hour."""

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import SLOT, book, open_doors, words


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


@pytest.fixture
def chloe(signed_in_as: SignedInAs) -> FlaskClient:
    return signed_in_as("chloe")


@pytest.fixture
def rdv(signed_in_as: SignedInAs) -> str:
    return book(signed_in_as("alix"), email="yvette@courriel.example", consent_reminders="y")


def moved(client: FlaskClient, rdv: str, **fields: str) -> str:
    answer = client.post(f"{rdv}/deplacer", data=fields)
    assert answer.status_code == 303, words(answer.text)
    return words(client.get(answer.headers["Location"]).text)


def test_the_slots_are_those_of_the_same_person_at_the_same_place(chloe: FlaskClient, rdv: str) -> None:
    page = chloe.get(f"{rdv}/deplacer").text

    assert "pour l’instant mardi 19 janvier 2027 , de 10 h à 11 h" in words(page)
    assert re.findall(r'name="slot" value="([^"]+)"', page)[0] == "2027-01-19T09:00|chloe|maison-brume"


def test_one_press_moves(chloe: FlaskClient, rdv: str) -> None:
    page = moved(chloe, rdv, slot="2027-01-21T11:00|chloe|maison-brume")

    assert "Le rendez-vous est déplacé : jeudi 21 janvier à 11 h." in page
    assert "Chloé Caron a déplacé le rendez-vous : mardi 19 janvier 10 h → jeudi 21 janvier 11 h" in page


def test_the_new_hours_of_the_reminders_are_shown(chloe: FlaskClient, rdv: str) -> None:
    page = moved(chloe, rdv, slot="2027-01-21T11:00|chloe|maison-brume")

    assert "Rappel de la veille à la personne part le mercredi 20 janvier à 11 h" in page
    assert "Rappel deux heures avant à la personne part le jeudi 21 janvier à 9 h" in page
    assert "remplacé après le déplacement" in page


def test_a_day_and_an_hour_may_be_typed(chloe: FlaskClient, rdv: str) -> None:
    assert "jeudi 21 janvier à 9 h 20" in moved(chloe, rdv, day="2027-01-21", hour="09:20")


def test_it_may_overlap_its_own_old_time(chloe: FlaskClient, rdv: str) -> None:
    assert "mardi 19 janvier à 10 h 30" in moved(chloe, rdv, day="2027-01-19", hour="10:30")


def test_the_way_back_is_offered(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/deplacer", data={"slot": "2027-01-21T11:00|chloe|maison-brume"})
    page = chloe.get(answer.headers["Location"]).text
    old = re.findall(r'name="slot" value="([^"]+)"', page)

    assert old == ["2027-01-19T10:00|chloe|maison-brume"]
    assert "mardi 19 janvier à 10 h" in moved(chloe, rdv, slot=old[0])


def test_another_length_may_be_typed_and_the_way_back_gives_the_old_one(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/deplacer", data={"day": "2027-01-21", "hour": "09:00", "minutes": "90"})
    page = chloe.get(answer.headers["Location"]).text
    assert "de 9 h à 10 h 30" in words(page)

    back = page.partition('class="post-button"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(slot|minutes)" value="([^"]+)"', back))
    chloe.post(f"{rdv}/deplacer", data=fields)
    assert "de 10 h à 11 h Motif" in words(chloe.get(rdv).text)


def test_a_length_that_is_none_is_said(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/deplacer", data={"day": "2027-01-21", "hour": "09:00", "minutes": "une heure"})
    assert answer.status_code == 422
    assert "Indiquez la durée en minutes" in words(answer.text)
    assert 'name="minutes" value="une heure"' in answer.text


def test_another_room_of_the_place_may_be_chosen(chloe: FlaskClient, signed_in_as: SignedInAs) -> None:
    held = book(signed_in_as("alix"), f"{SLOT}&salle=bureau-brume")
    assert "Salle numérique" in moved(chloe, held, day="2027-01-19", hour="10:00", room="salle-brume")


def test_nothing_typed_is_said(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/deplacer", data={"day": "", "hour": ""})

    assert answer.status_code == 422
    assert "Indiquez un jour et une heure." in words(answer.text)


def test_a_time_that_was_taken_is_refused_with_three_others(
    signed_in_as: SignedInAs, chloe: FlaskClient, rdv: str
) -> None:
    book(signed_in_as("denise"), SLOT.replace("19T10:00", "21T11:00"), name="Marcel Sage")
    answer = chloe.post(f"{rdv}/deplacer", data={"slot": "2027-01-21T11:00|chloe|maison-brume"})
    refused = answer.text.split('id="refus"')[1].split('class="columns"')[0]

    assert answer.status_code == 409
    assert "Chloé Caron n’est plus libre jeudi 21 janvier 2027 , de 11 h à 12 h" in words(answer.text)
    assert len(re.findall(r'name="slot"', refused)) == 3


def test_outside_of_the_openings_who_manages_insists(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/deplacer", data={"day": "2027-01-20", "hour": "15:00"})

    assert "En dehors des plages d’ouverture de Chloé Caron" in words(answer.text)
    assert "Déplacer quand même" in words(answer.text)
    assert "mercredi 20 janvier à 15 h" in moved(chloe, rdv, day="2027-01-20", hour="15:00", insist="1")


def test_what_was_typed_is_kept_when_refused(chloe: FlaskClient, rdv: str) -> None:
    page = chloe.post(f"{rdv}/deplacer", data={"day": "2027-01-20", "hour": "15:00"}).text

    assert 'name="day" value="2027-01-20"' in page
    assert 'name="hour" value="15:00"' in page


def test_an_old_page_moves_nothing(chloe: FlaskClient, rdv: str) -> None:
    moved(chloe, rdv, slot="2027-01-21T11:00|chloe|maison-brume", version="1")
    page = moved(chloe, rdv, slot="2027-01-21T09:00|chloe|maison-brume", version="1")

    assert "Quelqu’un vient de modifier ce rendez-vous." in page
    assert "jeudi 21 janvier 2027, de 11 h à 12 h" in page.replace(" ,", ",")


def test_with_anybody_the_others_are_listed_too(chloe: FlaskClient, rdv: str) -> None:
    page = html.unescape(chloe.get(f"{rdv}/deplacer?avec=toutes").text)

    assert "|farid|mairie-d-orme" in page


def test_a_cancelled_appointment_does_not_move(chloe: FlaskClient, rdv: str) -> None:
    chloe.post(f"{rdv}/annuler")

    assert "Ce rendez-vous est annulé : il ne se déplace plus." in moved(
        chloe, rdv, slot="2027-01-21T11:00|chloe|maison-brume"
    )


def test_whoever_may_not_change_it_may_not_move_it(signed_in_as: SignedInAs, rdv: str) -> None:
    assert signed_in_as("gaston").get(f"{rdv}/deplacer").status_code == 403


def test_nonsense_in_a_slot_is_said(chloe: FlaskClient, rdv: str) -> None:
    assert chloe.post(f"{rdv}/deplacer", data={"slot": "|||"}).status_code == 422
    assert chloe.post(f"{rdv}/deplacer", data={"slot": "2027-01-21T11:00|nobody|x"}).status_code == 422
