"""The page of an appointment, and everything one can do there."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking import clock
from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import SLOT, book, open_doors, share, words

PERSON = {
    "name": "Yvette Bouhier",
    "phone": "06 39 98 10 13",
    "email": "yvette@courriel.example",
    "consent_reminders": "y",
}


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


@pytest.fixture
def chloe(signed_in_as: SignedInAs) -> FlaskClient:
    return signed_in_as("chloe")


@pytest.fixture
def rdv(signed_in_as: SignedInAs) -> str:
    """The address of Yvette's appointment, which Alix took with Chloé for Tuesday at 10."""
    return book(signed_in_as("alix"), **PERSON)


def act(client: FlaskClient, address: str, **fields: Any) -> str:
    """Presses a button and reads the page it leads to."""
    answer = client.post(address, data=fields)
    assert answer.status_code == 303, words(answer.text)
    return words(client.get(answer.headers["Location"]).text)


def test_the_title_names_the_person_the_day_and_the_hour(chloe: FlaskClient, rdv: str) -> None:
    title = re.search(r"<title>(.*?)</title>", chloe.get(rdv).text.replace("\N{NO-BREAK SPACE}", " "))

    assert title is not None
    assert title.group(1).startswith("Yvette Bouhier, mardi 19 janvier, 10 h")


def test_whoever_sees_no_details_does_not_see_the_page(signed_in_as: SignedInAs, rdv: str) -> None:
    assert signed_in_as("gaston").get(rdv).status_code == 403
    assert signed_in_as("zoe").get(rdv).status_code == 404


def test_whoever_reads_details_only_sees_no_person(signed_in_as: SignedInAs, app: Flask, cast: Cast, rdv: str) -> None:
    share(app, cast.chloe_calendar.pk, "details", organisation_pk=None, territory_pk=cast.territory.pk)
    page = words(signed_in_as("gaston").get(rdv).text)

    assert "Accompagnement individuel" in page
    assert "Yvette" not in page
    assert "Déplacer" not in page


def test_cancelling_says_so_and_offers_the_way_back(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/annuler", data={"reason": "Grippe", "by": "beneficiary"})
    page = chloe.get(answer.headers["Location"]).text

    assert "Le rendez-vous est annulé" in words(page)
    assert "Raison Grippe" in words(page)
    assert f'action="{rdv}/retablir"' in page


def test_the_undo_brings_it_back(chloe: FlaskClient, rdv: str) -> None:
    act(chloe, f"{rdv}/annuler")
    page = act(chloe, f"{rdv}/retablir")

    assert "Le rendez-vous est rétabli." in page
    assert "Confirmé" in page


def test_the_undo_tells_when_somebody_took_the_time(signed_in_as: SignedInAs, chloe: FlaskClient, rdv: str) -> None:
    act(chloe, f"{rdv}/annuler")
    book(signed_in_as("denise"), name="Marcel Sage")
    page = act(chloe, f"{rdv}/retablir")

    assert "Ce n’est plus possible : Chloé Caron n’est plus libre à cette heure." in page


def test_a_reason_is_cut_at_300_characters_not_refused(chloe: FlaskClient, rdv: str) -> None:
    assert "Annulé" in act(chloe, f"{rdv}/annuler", reason="x" * 400)


def test_an_old_page_changes_nothing(signed_in_as: SignedInAs, chloe: FlaskClient, rdv: str) -> None:
    act(signed_in_as("alix"), f"{rdv}/presence", attendance="excused")
    page = act(chloe, f"{rdv}/annuler", version="1")

    assert "Quelqu’un vient de modifier ce rendez-vous." in page
    assert "Confirmé" in page


@pytest.mark.parametrize(("code", "word"), [("attended", "Honoré"), ("excused", "Excusé"), ("no_show", "Absent")])
def test_attendance_is_noted(chloe: FlaskClient, rdv: str, code: str, word: str) -> None:
    page = act(chloe, f"{rdv}/presence", attendance=code)

    assert "C’est noté." in page
    assert f"a noté : {word.lower()}" in page


def test_attendance_is_asked_once_it_has_begun(chloe: FlaskClient, rdv: str) -> None:
    before = words(chloe.get(rdv).text)
    clock.freeze("2027-01-19T10:20:00+01:00")
    after = words(chloe.get(rdv).text)

    assert "La personne est-elle venue ?" not in before
    assert "La personne est-elle venue ?" in after


def test_an_appointment_under_way_ends_early(chloe: FlaskClient, rdv: str) -> None:
    clock.freeze("2027-01-19T10:20:00+01:00")
    page = act(chloe, f"{rdv}/terminer")

    assert "Le rendez-vous est terminé" in page
    assert "de 10 h à 10 h 20" in page


def test_ending_what_has_not_begun_is_said(chloe: FlaskClient, rdv: str) -> None:
    assert "Ce rendez-vous n’est pas en cours." in act(chloe, f"{rdv}/terminer")


def test_the_button_on_another_page_leads_back_there(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/presence", data={"attendance": "attended", "suite": "/ma-journee"})

    assert answer.headers["Location"] == "/ma-journee"


def test_nobody_is_led_elsewhere(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/presence", data={"attendance": "attended", "suite": "//example.com"})

    assert answer.headers["Location"] == rdv


def test_the_person_can_be_corrected(chloe: FlaskClient, rdv: str) -> None:
    page = act(chloe, f"{rdv}/modifier", name="Yvette Boyer", phone="05 36 49 12 34", note="Malentendante du guichet")

    assert "Les informations sont à jour." in page
    assert "Yvette Boyer" in page
    assert "05 36 49 12 34" in page
    assert "a modifié les informations" in page


def test_a_wrong_address_in_a_correction_is_named(chloe: FlaskClient, rdv: str) -> None:
    answer = chloe.post(f"{rdv}/modifier", data={"name": "Y", "email": "nope"})

    assert answer.status_code == 422
    assert "Cette adresse mail semble incomplète." in words(answer.text)


def test_a_correction_of_the_name_leaves_the_reminders_as_they_were(chloe: FlaskClient, rdv: str) -> None:
    page = act(chloe, f"{rdv}/modifier", **{**PERSON, "name": "Yvette Boyer"})

    assert page.count("Rappel deux heures avant") == 1
    assert "part le mardi 19 janvier à 8 h" in page


def test_who_agrees_later_gets_confirmation_and_reminders_from_then_on(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    rdv = book(client, phone="06 39 98 10 13")
    page = act(client, f"{rdv}/modifier", **PERSON)

    assert "Confirmation à la personne" in page
    assert "Rappel deux heures avant à la personne part le mardi 19 janvier à 8 h" in page
    assert page.count("Changement d’agenda") == 1


def test_the_slip_holds_what_one_needs_on_paper(signed_in_as: SignedInAs, rdv: str) -> None:
    page = words(signed_in_as("alix").get(f"{rdv}/fiche").text)

    assert "Votre rendez-vous Yvette Bouhier" in page
    assert "mardi 19 janvier 2027 10 h (1 h)" in page
    assert "3 place du Marché 19260 Brume" in page


def test_the_slip_of_a_cancelled_appointment_says_so(chloe: FlaskClient, rdv: str) -> None:
    act(chloe, f"{rdv}/annuler")

    assert "Ce rendez-vous est annulé." in words(chloe.get(f"{rdv}/fiche").text)


@pytest.fixture
def proposal(signed_in_as: SignedInAs, app: Flask, cast: Cast) -> str:
    """Gaston of Orme proposes to Chloé."""
    share(app, cast.chloe_calendar.pk, "propose", organisation_pk=None, territory_pk=cast.territory.pk)
    return book(signed_in_as("gaston"), **PERSON)


def test_a_proposal_is_accepted(chloe: FlaskClient, proposal: str) -> None:
    page = act(chloe, f"{proposal}/accepter")

    assert "Le rendez-vous est confirmé." in page
    assert "Chloé Caron a dit oui" in page


def test_a_proposal_is_refused_with_a_reason(signed_in_as: SignedInAs, chloe: FlaskClient, proposal: str) -> None:
    act(chloe, f"{proposal}/refuser", reason="Je forme ce jour-là")
    page = words(signed_in_as("gaston").get(proposal).text)

    assert "Refusé" in page
    assert "Je forme ce jour-là" in page


def test_who_proposed_cannot_say_yes(signed_in_as: SignedInAs, proposal: str) -> None:
    assert signed_in_as("gaston").post(f"{proposal}/accepter").status_code == 403


def test_a_lapsed_proposal_says_so(chloe: FlaskClient, proposal: str) -> None:
    clock.freeze("2027-01-19T08:30:00+01:00")

    assert "Cette proposition est tombée" in act(chloe, f"{proposal}/accepter")


@pytest.mark.parametrize("text", ["bouhier", "Bouh", "yvette BOUHIER", "06 39 98 10 13", "+33639981013"])
def test_a_caller_is_found_by_name_or_number(signed_in_as: SignedInAs, rdv: str, text: str) -> None:
    page = signed_in_as("denise").get("/rendez-vous", query_string={"q": text}).text

    assert f'href="{rdv}"' in page


def test_what_is_ahead_stands_before_what_was(signed_in_as: SignedInAs, rdv: str) -> None:
    client = signed_in_as("alix")
    later = book(client, SLOT.replace("19T10:00", "28T10:00"), **PERSON, seen=rdv.rsplit("/", 1)[1])
    clock.freeze("2027-01-20T09:00:00+01:00")
    page = client.get("/rendez-vous?q=bouhier").text

    assert page.index(later) < page.index("Trois derniers mois") < page.index(rdv)


def test_nobody_finds_whom_they_may_not_see(signed_in_as: SignedInAs, rdv: str) -> None:
    page = words(signed_in_as("gaston").get("/rendez-vous?q=bouhier").text)

    assert "Aucun rendez-vous à venir" in page
    assert "Yvette" not in page


def test_the_field_at_the_head_of_every_page_finds_too(signed_in_as: SignedInAs, rdv: str) -> None:
    assert 'action="/rendez-vous"' in signed_in_as("denise").get(rdv).text
