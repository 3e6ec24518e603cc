"""Sans rendez-vous, maintenant."""

import pytest
from flask import Flask

from booking import clock
from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import SLOT, absent, book, open_doors, words

NOW = "/rendez-vous/maintenant"


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


def test_oneself_comes_first(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("alix").get(f"{NOW}?purpose=demarches").text

    assert "Avec qui ? Alix Aubert (moi) libre" in words(page)
    assert 'value="alix" checked' in page


def test_it_begins_this_minute(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    form = {"purpose": "demarches", "adviser": "alix", "venue": "maison-brume", "name": "Léon"}
    page = words(client.get(client.post(NOW, data=form).headers["Location"]).text)

    assert "C’est parti : le rendez-vous a commencé." in page
    assert "de 10 h 40 à 11 h 10" in page


def test_it_may_be_shorter_than_the_purpose(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    form = {"purpose": "demarches", "adviser": "alix", "venue": "maison-brume", "minutes": "15"}

    assert "de 10 h 40 à 10 h 55" in words(client.get(client.post(NOW, data=form).headers["Location"]).text)


def test_one_s_own_openings_do_not_bind(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("chloe")
    form = {"purpose": "accompagnement", "adviser": "chloe", "venue": "maison-brume"}

    assert client.post(NOW, data=form).status_code == 303


def test_a_colleague_without_an_opening_at_this_hour_takes_the_person(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("denise")
    form = {"purpose": "accompagnement", "adviser": "chloe", "venue": "maison-brume"}

    assert client.post(NOW, data=form).status_code == 303


def test_whoever_books_only_what_is_offered_cannot_send_somebody_in(signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("gaston").post(NOW, data={"purpose": "accompagnement", "adviser": "chloe"})

    assert answer.status_code == 409
    assert "En dehors des plages d’ouverture" in words(answer.text)


def test_an_absence_holds_unless_one_insists(signed_in_as: SignedInAs, app: Flask, cast: Cast) -> None:
    absent(app, cast.alix_calendar.pk)
    client = signed_in_as("alix")
    form = {"purpose": "demarches", "adviser": "alix", "venue": "maison-brume"}
    answer = client.post(NOW, data=form)

    assert answer.status_code == 409
    assert "Indisponibilité de Alix Aubert" in words(answer.text)
    assert client.post(NOW, data={**form, "insist": "1"}).status_code == 303


def test_a_colleague_who_receives_at_this_hour_takes_the_person(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("denise")
    form = {"purpose": "demarches", "adviser": "alix", "venue": "maison-brume"}

    assert client.post(NOW, data=form).status_code == 303


def test_who_is_taken_is_shown_with_the_hour_until_which(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("denise"), SLOT)
    clock.freeze("2027-01-19T10:05:00+01:00")

    assert "Chloé Caron pas libre avant 11 h" in words(signed_in_as("denise").get(f"{NOW}?purpose=accompagnement").text)


def test_pressing_twice_begins_one(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    form = {"purpose": "demarches", "adviser": "alix", "venue": "maison-brume", "key": "k" * 22}
    first, second = (client.post(NOW, data=form).headers["Location"] for _ in range(2))

    assert first == second


def test_who_is_just_taken_is_refused_in_words(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("alix")
    form = {"purpose": "demarches", "adviser": "alix", "venue": "maison-brume"}
    client.post(NOW, data=form)
    answer = client.post(NOW, data={**form, "name": "Léon"})

    assert answer.status_code == 409
    assert "Alix Aubert n’est plus libre lundi 18 janvier 2027 , de 10 h 40 à 11 h 10" in words(answer.text)
    assert 'value="Léon"' in answer.text


def test_nobody_chosen_is_said(signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("alix").post(NOW, data={"purpose": "demarches"})

    assert answer.status_code == 422
    assert "Choisissez la personne qui reçoit." in words(answer.text)
