"""What every answer tells the browser, and the two languages."""

from __future__ import annotations

import gzip
import logging
from io import StringIO

import pytest
from flask import Flask

from booking import clock
from booking.actions.routes import ROUTES, Access
from booking.web import logs
from tests.plumbing.service import make_app


def policy(answer) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))


def test_a_page_may_use_nothing_but_our_own(client):
    allowed = policy(client.get("/connexion"))

    assert allowed["default-src"] == "'none'"
    assert allowed["script-src"] == "'self'"
    assert allowed["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(allowed)


@pytest.mark.parametrize("address", ["/connexion", "/nulle-part", "/static/css/booking.css"])
def test_every_answer_bears_the_guards(client, address):
    headers = client.get(address).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_nothing_of_a_page_stays_on_a_shared_computer(signed_in_as):
    assert "no-store" in signed_in_as("adviser").get("/profil").headers["Cache-Control"]


def test_pages_hold_no_script_and_no_style_of_their_own(signed_in_as):
    page = signed_in_as("administrator").get("/comptes").text

    assert "<style" not in page
    assert " style=" not in page
    assert "onclick" not in page
    assert "<script>" not in page


@pytest.fixture
def https(database_url, tmp_path):
    app = make_app(database_url, tmp_path, BOOKING_BASE_URL="https://rdv.example")
    yield app
    clock.freeze(None)


def test_behind_https_the_cookie_is_bound_to_the_host(https: Flask):
    answer = https.test_client().get("/installation/", base_url="https://rdv.example")
    cookie = answer.headers["Set-Cookie"]

    assert cookie.startswith("__Host-booking=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Strict-Transport-Security" in answer.headers


def test_without_https_one_can_sign_in_all_the_same(client, cast):
    cookie = client.get("/connexion").headers["Set-Cookie"]

    assert cookie.startswith("booking=")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie


def test_pages_are_french_first(client, cast):
    assert '<html lang="fr">' in client.get("/connexion").text


def test_english_is_one_press_away_and_stays(client, cast):
    client.post("/langue", data={"language": "en", "suite": "/connexion"})

    page = client.get("/connexion").text
    assert '<html lang="en">' in page
    assert "Password" in page


def test_the_language_of_an_account_follows_it_to_another_device(app, signed_in_as):
    signed_in_as("adviser").post("/langue", data={"language": "en", "suite": "/"})

    assert '<html lang="en">' in signed_in_as("adviser").get("/profil").text


def test_a_frozen_clock_is_said_on_every_page(client, cast):
    assert "l’horloge du service est arrêtée" in client.get("/connexion").text


def test_static_files_are_kept_and_change_their_address_with_their_content(client, cast):
    page = client.get("/connexion").text
    address = next(part for part in page.split('"') if part.startswith("/static/css/booking.css?v="))

    assert "max-age=31536000" in client.get(address).headers["Cache-Control"]


def test_static_text_is_sent_compressed_to_whoever_understands_it(client):
    plain = client.get("/static/css/booking.css", headers={"Accept-Encoding": "identity"})
    small = client.get("/static/css/booking.css", headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data) / 2
    assert small.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in small.headers["Vary"]


def test_a_broken_page_is_logged_without_its_address_or_its_words(app, monkeypatch):
    def broken(secret):
        raise RuntimeError("Marcel Sage")

    monkeypatch.setitem(ROUTES, "broken", Access("public"))
    app.add_url_rule("/broken/<secret>", "broken", broken)
    app.testing = False
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.OneLine())
    logs.requests.addHandler(handler)

    answer = app.test_client().get("/broken/tell-nobody")
    logs.requests.removeHandler(handler)
    logged = written.getvalue()

    assert answer.status_code == 500
    assert "RuntimeError" in logged
    assert "tell-nobody" not in logged
    assert "Marcel" not in logged
