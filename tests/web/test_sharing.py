"""Partage: levels in words, given and taken back, and what it looks like from outside."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from booking import database
from booking.models import Share
from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import book, open_doors, words


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


@pytest.fixture
def chloe(signed_in_as: SignedInAs) -> FlaskClient:
    return signed_in_as("chloe")


def levels(app: Flask) -> list[str]:
    with app.app_context():
        return list(database.db.session.scalars(select(Share.level).order_by(Share.pk)))


def glance_of(page: str) -> str:
    return words(re.search(r'<section class="sheet glance">.*?</section>', page, re.DOTALL).group())


def set_level(client: FlaskClient, audience: str, id: str, level: str, calendar: str = "chloe") -> str:
    data = {"audience": audience, "id": id, "level": level}
    return client.post(f"/partage/{calendar}", data=data, follow_redirects=True).text


def press_undo(client: FlaskClient, page: str) -> str:
    form = re.search(r'<div class="messages".*?<form method="post" action="([^"]*)"(.*?)</form>', page, re.DOTALL)
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', form[2])
    data = {name: html.unescape(value) for name, value in fields}
    return client.post(html.unescape(form[1]), data=data, follow_redirects=True).text


def test_the_usual_settings_are_shown_and_said_to_be(chloe: FlaskClient) -> None:
    page = chloe.get("/partage").text

    assert words(page).count("réglage habituel") == 2
    assert re.search(r'<option value="book_offered" selected>peut prendre les créneaux ouverts', page)
    assert re.search(r'<option value="book" selected>voit le détail et peut prendre', page)


def test_a_room_has_no_openings_to_book(signed_in_as: SignedInAs) -> None:
    assert "book_offered" not in signed_in_as("elise").get("/partage?agenda=salle-brume").text


def test_a_level_is_given_and_the_message_takes_it_back(app: Flask, chloe: FlaskClient) -> None:
    page = set_level(chloe, "territory", "val-de-brume", "details")
    assert levels(app) == ["details"]
    assert "Le partage avec Val-de-Brume est enregistré." in words(page)

    press_undo(chloe, page)

    assert levels(app) == []


def test_undo_leads_back_to_what_was_chosen_before(app: Flask, chloe: FlaskClient) -> None:
    set_level(chloe, "territory", "val-de-brume", "details")

    press_undo(chloe, set_level(chloe, "territory", "val-de-brume", "none"))

    assert levels(app) == ["details"]


def test_what_was_chosen_goes_back_to_the_usual(app: Flask, chloe: FlaskClient) -> None:
    set_level(chloe, "organisation", "fs-brume", "free_busy")

    page = set_level(chloe, "organisation", "fs-brume", "")

    assert levels(app) == []
    assert "c’est de nouveau le réglage habituel" in words(page)


def test_a_person_is_added_by_name(app: Flask, chloe: FlaskClient) -> None:
    page = chloe.post(
        "/partage/chloe/ajouter", data={"who": "Farid Faure, Mairie d’Orme", "level": "manage"}, follow_redirects=True
    ).text

    assert levels(app) == ["manage"]
    assert "Farid Faure une personne" in words(page)


def test_who_was_given_the_calendar_manages_it(chloe: FlaskClient, signed_in_as: SignedInAs) -> None:
    chloe.post("/partage/chloe/ajouter", data={"who": "farid", "level": "manage"})

    assert signed_in_as("farid").get("/disponibilites?agenda=chloe").status_code == 200


def test_a_few_letters_are_enough_when_one_name_fits(app: Flask, chloe: FlaskClient) -> None:
    chloe.post("/partage/chloe/ajouter", data={"who": "gaston", "level": "details"})

    assert levels(app) == ["details"]


def test_several_names_that_fit_are_offered(app: Flask, chloe: FlaskClient) -> None:
    answer = chloe.post("/partage/chloe/ajouter", data={"who": "orme", "level": "details"})

    assert answer.status_code == 422
    assert levels(app) == []
    assert "Plusieurs noms correspondent" in words(answer.text)
    assert 'type="radio" name="who" id="who-1" value="farid"' in answer.text
    assert '<option value="details" selected>' in answer.text


@pytest.mark.parametrize("name", ["Zoé Zoreil", "zoe", "mairie-lointaine", "Personne", "chloe"])
def test_a_name_that_is_not_of_the_territory_is_unknown(app: Flask, chloe: FlaskClient, name: str) -> None:
    answer = chloe.post("/partage/chloe/ajouter", data={"who": name, "level": "details"})

    assert answer.status_code == 422
    assert "Personne de ce nom sur le territoire" in words(answer.text)
    assert levels(app) == []


def test_a_level_below_that_of_the_whole_territory_is_said_to_be_without_effect(chloe: FlaskClient) -> None:
    page = set_level(chloe, "organisation", "fs-brume", "none")

    assert "Sans effet tant que tout le territoire a plus" in words(page)


def test_somebody_from_elsewhere_sees_no_title(chloe: FlaskClient) -> None:
    book(chloe)

    assert "9 h 00 – à 10 h 00" in glance_of(chloe.get("/partage").text)
    assert "Occupé" in glance_of(chloe.get("/partage").text)
    assert "Accompagnement" not in glance_of(chloe.get("/partage").text)


def test_a_colleague_sees_the_purpose(chloe: FlaskClient) -> None:
    book(chloe)

    assert "Accompagnement individuel" in glance_of(chloe.get("/partage?vu-par=structure").text)


def test_what_is_seen_follows_what_is_shared(chloe: FlaskClient) -> None:
    book(chloe)
    assert "Accompagnement individuel" in glance_of(set_level(chloe, "territory", "val-de-brume", "details"))
    assert "l’agenda n’apparaît pas" in glance_of(set_level(chloe, "territory", "val-de-brume", "none"))


@pytest.mark.parametrize(("who", "status"), [("alix", 403), ("denise", 403), ("farid", 403), ("zoe", 404)])
def test_only_who_manages_a_calendar_shares_it(app: Flask, signed_in_as: SignedInAs, who: str, status: int) -> None:
    client = signed_in_as(who)

    for answer in (
        client.get("/partage?agenda=chloe"),
        client.post("/partage/chloe", data={"audience": "person", "id": who, "level": "manage"}),
        client.post("/partage/chloe/ajouter", data={"who": who, "level": "manage"}),
    ):
        assert answer.status_code == status
    assert levels(app) == []


def test_who_manages_nothing_is_told_so(signed_in_as: SignedInAs) -> None:
    assert "il n’y a rien à partager" in words(signed_in_as("denise").get("/partage").text)
