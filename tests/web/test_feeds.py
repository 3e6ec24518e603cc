"""My subscriptions on screen: make a link, see it once, see who reads it, end it."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking import database
from booking.actions import feed_lookup
from tests.cast import Cast
from tests.web.desk import words

WANTED = {"target": "adviser:chloe", "detail": "limited", "alarm": "30", "name": "Mon téléphone"}


@pytest.fixture
def chloe(signed_in_as) -> FlaskClient:
    client: FlaskClient = signed_in_as("chloe")
    return client


def address(page: str) -> str:
    found = re.search(r'id="adresse"[^>]* value="([^"]+)"', page)
    assert found
    return html.unescape(found.group(1))


def secret_of(page: str) -> str:
    return address(page).rpartition("/")[2].removesuffix(".ics")


def test_the_page_asks_to_sign_in(app: Flask, client: FlaskClient, cast: Cast) -> None:
    assert client.get("/abonnements").status_code == 302


def test_who_has_none_is_told_so_and_asked_for_one(chloe: FlaskClient) -> None:
    page = chloe.get("/abonnements").text

    assert "Aucun abonnement pour l’instant." in page
    assert "Créer l’abonnement" in page
    assert re.search(r'<option selected value="adviser:chloe">', page)


def test_a_new_subscription_shows_its_link_which_works(chloe: FlaskClient, client: FlaskClient) -> None:
    answer = chloe.post("/abonnements", data=WANTED)

    assert answer.status_code == 201
    assert address(answer.text).startswith("http://127.0.0.1:8000/ics/")
    assert f"webcal://127.0.0.1:8000/ics/{secret_of(answer.text)}.ics" in answer.text
    fetched = client.get(f"/ics/{secret_of(answer.text)}.ics")
    assert fetched.status_code == 200
    assert "X-WR-CALNAME:Mon téléphone" in fetched.text


def test_the_link_is_shown_once(chloe: FlaskClient) -> None:
    secret = secret_of(chloe.post("/abonnements", data=WANTED).text)

    page = chloe.get("/abonnements").text

    assert "Mon téléphone" in page
    assert secret not in page
    assert feed_lookup.secret_hash(secret) not in page


def test_the_page_with_the_link_is_kept_nowhere(chloe: FlaskClient) -> None:
    headers = chloe.post("/abonnements", data=WANTED).headers

    assert "no-store" in headers["Cache-Control"]
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_code_to_photograph_and_the_ways_of_the_programs(chloe: FlaskClient) -> None:
    page = chloe.post("/abonnements", data=WANTED).text

    assert re.search(r'<img src="data:image/svg\+xml[^"]+"[^>]* alt="Code QR', page)
    for name in ("Thunderbird", "iPhone, iPad, Mac", "Nextcloud", "Outlook", "Google Agenda"):
        assert name in page
    assert "relit toutes les 8 à 24 heures seulement" in page
    google = re.search(r'href="(https://calendar\.google\.com/[^"]+)" rel="noreferrer noopener"', page)
    assert google
    assert f"cid=webcal%3A%2F%2F127.0.0.1%3A8000%2Fics%2F{secret_of(page)}.ics" in html.unescape(google.group(1))


def test_the_same_press_sent_twice_makes_one(chloe: FlaskClient) -> None:
    chloe.post("/abonnements", data={**WANTED, "key": "k"})

    again = chloe.post("/abonnements", data={**WANTED, "key": "k"}, follow_redirects=True)

    assert "Cet abonnement est déjà créé." in again.text
    assert again.text.count("Révoquer<") == 1


def test_asking_for_more_than_one_sees_is_said_beside_the_field(chloe: FlaskClient) -> None:
    answer = chloe.post("/abonnements", data={**WANTED, "target": "adviser:farid"})

    assert answer.status_code == 422
    assert "Vous ne voyez de cet agenda que les heures occupées" in answer.text
    assert "Mon téléphone" in answer.text, "what was typed stays"


@pytest.mark.parametrize("target", ["adviser:zoe", "adviser:nobody", "planet:x", ""])
def test_what_is_not_in_the_list_is_refused(chloe: FlaskClient, target: str) -> None:
    answer = chloe.post("/abonnements", data={**WANTED, "target": target})

    assert answer.status_code == 422
    assert "ics/" not in words(answer.text)


def test_the_list_says_level_reading_and_program(chloe: FlaskClient, client: FlaskClient) -> None:
    secret = secret_of(chloe.post("/abonnements", data=WANTED).text)
    assert "jamais lu" in words(chloe.get("/abonnements").text)

    client.get(f"/ics/{secret}.ics", headers={"User-Agent": "Thunderbird/128"})

    text = words(chloe.get("/abonnements").text)
    assert "Agenda de Chloé Caron" in text
    assert "Le motif et le lieu" in text
    assert "rappel 30 min avant" in text
    assert "10 h 40 – Thunderbird" in text


def test_revoking_asks_once_more_and_ends_the_link(chloe: FlaskClient, client: FlaskClient) -> None:
    secret = secret_of(chloe.post("/abonnements", data=WANTED).text)
    leads = re.search(r'href="(/abonnements/[^"]+/revoquer)"', chloe.get("/abonnements").text)
    assert leads

    asked = chloe.get(leads.group(1))
    assert "ne pourra pas être rétabli" in asked.text
    assert client.get(f"/ics/{secret}.ics").status_code == 200

    done = chloe.post(leads.group(1), follow_redirects=True)
    assert "L’abonnement est révoqué" in done.text
    assert client.get(f"/ics/{secret}.ics").status_code == 410


def test_the_feed_of_another_is_not_there(chloe: FlaskClient, signed_in_as) -> None:
    chloe.post("/abonnements", data=WANTED)
    leads = re.search(r'href="(/abonnements/[^"]+/revoquer)"', chloe.get("/abonnements").text)
    assert leads
    other = signed_in_as("helene")

    assert other.get(leads.group(1)).status_code == 404
    assert other.post(leads.group(1)).status_code == 404


def test_the_page_speaks_english(chloe: FlaskClient) -> None:
    chloe.set_cookie("langue", "en")

    page = chloe.post("/abonnements", data=WANTED).text

    assert "This link is shown only once" in page
    assert "reads again every 8 to 24 hours only" in page


def test_reading_the_pages_writes_nothing(app: Flask, chloe: FlaskClient) -> None:
    chloe.post("/abonnements", data=WANTED)
    with app.app_context(), database.reading() as session:
        before = database.rows(session, "SELECT count(*), max(pk) FROM audit", {})
    chloe.get("/abonnements")
    with app.app_context(), database.reading() as session:
        assert database.rows(session, "SELECT count(*), max(pk) FROM audit", {}) == before
