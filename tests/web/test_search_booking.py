"""Booking the slot that was chosen: for whom, once, and what happens when it cannot be had."""

import html
import re

import pytest
from flask import Flask
from sqlalchemy import text

from booking.database import db
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


def counted(app: Flask, sql: str) -> int:
    with app.app_context():
        found = int(db.session.execute(text(sql)).scalar_one())
        db.session.remove()
        return found


def test_a_booking_leads_to_its_page(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    page = words(client.get(book(client, **PERSON)).text)

    assert "Le rendez-vous est confirmé." in page
    assert "mardi 19 janvier 2027 demain de 10 h à 11 h" in page
    assert "Pris par Alix Aubert" in page
    assert "06 39 98 10 13" in page


def test_what_will_be_sent_and_when_is_on_the_page(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    page = words(client.get(book(client, **PERSON)).text)

    assert "Confirmation à la personne part maintenant" in page
    assert "Rappel de la veille à la personne heure déjà passée à la prise du rendez-vous" in page
    assert "Rappel deux heures avant à la personne part le mardi 19 janvier à 8 h" in page
    assert "Changement d’agenda à Chloé Caron" in page


def test_without_mail_the_slip_is_proposed(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    page = words(client.get(book(client, phone="06 39 98 10 13")).text)

    assert "Pas d’adresse mail : rien ne part à la personne. Donnez-lui la fiche à imprimer." in page


def test_pressing_twice_books_once(signed_in_as: SignedInAs, app: Flask) -> None:
    client = signed_in_as("alix")
    first = client.post(SLOT, data={**PERSON, "key": "k" * 22})
    second = client.post(SLOT, data={**PERSON, "key": "k" * 22})

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert counted(app, "SELECT count(*) FROM entry WHERE kind = 'appointment'") == 1


def test_a_wrong_number_is_named_and_everything_typed_is_kept(signed_in_as: SignedInAs, app: Flask) -> None:
    answer = signed_in_as("alix").post(SLOT, data={**PERSON, "phone": "12", "note": "Vient avec sa fille"})

    assert answer.status_code == 422
    assert "Ce numéro de téléphone semble incomplet." in words(answer.text)
    assert 'value="Yvette Bouhier"' in answer.text
    assert "Vient avec sa fille" in answer.text
    assert counted(app, "SELECT count(*) FROM entry WHERE kind = 'appointment'") == 0


def test_a_note_has_at_most_300_characters(signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("alix").post(SLOT, data={**PERSON, "note": "a" * 301})

    assert answer.status_code == 422
    assert "Cette note est trop longue (300 caractères au plus)." in words(answer.text)


def test_line_ends_of_a_note_count_once(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")

    assert "a\n" in client.get(book(client, note="a\r\n" * 150)).text


def test_a_lost_race_shows_what_took_it_and_three_others_with_what_was_typed(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("denise"), name="Marcel Sage")
    answer = signed_in_as("alix").post(SLOT, data={**PERSON, "note": "Parle peu"})
    page = words(answer.text)

    assert answer.status_code == 409
    assert "Ce créneau vient d’être pris" in page
    assert "Chloé Caron n’est plus libre mardi 19 janvier 2027 , de 10 h à 11 h : Accompagnement individuel" in page
    assert len(re.findall(r"formaction=", answer.text)) == 3
    assert 'value="yvette@courriel.example"' in answer.text
    assert "Parle peu" in answer.text


def test_what_took_it_bears_no_title_for_who_may_not_see(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("denise"), name="Marcel Sage")
    page = words(signed_in_as("gaston").post(SLOT, data=PERSON).text)

    assert (
        "Chloé Caron n’est plus libre mardi 19 janvier 2027 , de 10 h à 11 h (le détail ne vous est pas ouvert)" in page
    )


def test_an_alternative_books_with_what_was_typed(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("denise"), name="Marcel Sage")
    client = signed_in_as("alix")
    refused = client.post(SLOT, data=PERSON).text
    address = html.unescape(re.findall(r'formaction="([^"#]+)', refused)[0])
    page = words(client.get(book(client, address, **PERSON)).text)

    assert "Yvette Bouhier" in page
    assert "Le rendez-vous est confirmé." in page


def test_what_is_not_offered_is_refused_with_its_reasons(signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("alix").post(SLOT.replace("T10:00", "T15:00"), data=PERSON)
    page = words(answer.text)

    assert answer.status_code == 409
    assert "En dehors des plages d’ouverture de Chloé Caron" in page
    assert "Prendre quand même" not in page


def test_who_manages_the_calendar_takes_it_all_the_same(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("chloe")
    page = words(client.get(book(client, SLOT.replace("T10:00", "T15:00"), insist="1")).text)

    assert "de 15 h à 16 h" in page
    assert "(hors des plages proposées)" in page


def test_who_does_not_manage_it_cannot_insist(signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("alix").post(SLOT.replace("T10:00", "T15:00"), data={**PERSON, "insist": "1"})

    assert answer.status_code == 403


def test_a_person_who_has_an_appointment_is_warned_of_before_another_is_made(
    signed_in_as: SignedInAs, app: Flask
) -> None:
    client = signed_in_as("alix")
    book(client, **PERSON)
    answer = client.post(SLOT.replace("19T10:00", "21T10:00"), data=PERSON)

    assert answer.status_code == 409
    assert "Cette personne a déjà rendez-vous" in words(answer.text)
    assert counted(app, "SELECT count(*) FROM entry WHERE kind = 'appointment'") == 1


def test_once_told_one_may_book_another(signed_in_as: SignedInAs, app: Flask) -> None:
    client = signed_in_as("alix")
    book(client, **PERSON)
    second = SLOT.replace("19T10:00", "21T10:00")
    seen = re.findall(r'name="seen" value="([^"]+)"', client.post(second, data=PERSON).text)
    book(client, second, **PERSON, seen=seen[0])

    assert counted(app, "SELECT count(*) FROM entry WHERE kind = 'appointment'") == 2


def test_the_warning_comes_while_typing_where_scripts_run(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    book(client, **PERSON)
    told = client.post("/rendez-vous/nouveau/deja", data={"phone": "0639981013"}).text

    assert "Cette personne a déjà rendez-vous" in told


def test_nobody_is_told_of_a_person_they_may_not_see(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("denise"), **PERSON)

    assert "déjà" not in signed_in_as("gaston").post("/rendez-vous/nouveau/deja", data={"phone": "0639981013"}).text


def test_a_proposal_claims_the_time_and_waits(signed_in_as: SignedInAs, app: Flask, cast: Cast) -> None:
    share(app, cast.chloe_calendar.pk, "propose", organisation_pk=None, territory_pk=cast.territory.pk)
    client = signed_in_as("gaston")
    page = words(client.get(book(client, **PERSON)).text)

    assert "La proposition est faite" in page
    assert "Proposé, en attente de réponse" in page
    assert "Il faut la réponse de Chloé Caron avant le mardi 19 janvier à 8 h." in page


def test_the_next_search_begins_with_what_was_booked_last(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("denise")
    book(client, SLOT.replace("motif=accompagnement", "motif=demarches"))
    page = client.get("/rendez-vous/nouveau").text

    assert '<option value="demarches" selected>' in page
    assert '<option value="maison-brume" selected>' in page


def test_the_next_appointment_takes_the_person_over(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    done = book(client, **PERSON).rsplit("/", 1)[1]
    page = client.get(f"{SLOT.replace('19T10:00', '21T10:00')}&suite_de={done}").text

    assert 'value="Yvette Bouhier"' in page
    assert 'value="yvette@courriel.example"' in page


def test_no_name_no_number_stands_in_an_address(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")

    assert "Yvette" not in client.post(SLOT, data=PERSON).headers["Location"]


def test_somebody_without_a_name_may_be_booked(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")

    assert "Accompagnement individuel" in words(client.get(book(client, name="")).text)


def test_a_form_carried_through_the_sign_in_is_shown_and_not_yet_booked(signed_in_as: SignedInAs, app: Flask) -> None:
    answer = signed_in_as("alix").post(SLOT, data={**PERSON, "_again": "1"})

    assert answer.status_code == 200
    assert 'value="Yvette Bouhier"' in answer.text
    assert counted(app, "SELECT count(*) FROM entry WHERE kind = 'appointment'") == 0
