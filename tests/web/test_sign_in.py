"""Signing in: the right password opens, everything else looks the same, guessers are slowed."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking import database
from tests import cast as people
from tests.cast import PASSWORD, Cast

WRONG = "une autre phrase 34"


@pytest.fixture
def cast(app: Flask, cast: Cast) -> Cast:
    with app.app_context():
        database.write(lambda session: people.give_passwords(session, people.refreshed(session, cast)))
    return cast


def sign_in(client: FlaskClient, email: str, password: str):
    return client.post("/connexion", data={"email": email, "password": password})


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrf_token"[^>]*value="[^"]*"', "", page)


def test_the_right_password_opens_a_session(client, cast):
    answer = sign_in(client, "denise@brume.example", PASSWORD)

    assert answer.status_code == 302
    assert client.get("/profil").status_code == 200


def test_the_address_is_read_in_any_case_of_letters(client, cast):
    assert sign_in(client, " Denise@Brume.EXAMPLE ", PASSWORD).status_code == 302


def test_a_wrong_password_and_an_unknown_address_get_the_same_page(client, cast):
    known = sign_in(client, "denise@brume.example", WRONG)
    unknown = sign_in(client, "nobody@brume.example", WRONG)

    assert known.status_code == unknown.status_code == 422
    assert without_tokens(known.text).replace("denise", "nobody") == without_tokens(unknown.text)


def test_a_closed_account_cannot_sign_in(app, client, cast):
    with app.app_context():
        database.write(lambda session: setattr(people.refreshed(session, cast).denise, "active", False))

    assert sign_in(client, "denise@brume.example", PASSWORD).status_code == 422


def test_after_five_failures_from_one_address_one_has_to_wait(client, cast):
    answers = [sign_in(client, "denise@brume.example", WRONG).status_code for _ in range(8)]

    assert answers[:6] == [422] * 6
    assert answers[-1] == 429


def test_waiting_for_one_account_keeps_nobody_else_out(client, cast):
    for _ in range(8):
        sign_in(client, "denise@brume.example", WRONG)

    assert sign_in(client, "alix@brume.example", PASSWORD).status_code == 302


def test_many_guesses_at_once_count_like_one_after_the_other(app, cast):
    def guess(number: int) -> int:
        return sign_in(app.test_client(), "denise@brume.example", WRONG).status_code

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(12)))

    assert answers.count(422) < 9  # six are free, and a slow machine gives time for another
    assert 429 in answers


def test_signing_out_ends_the_session(signed_in_as):
    client = signed_in_as("secretary")

    client.post("/deconnexion")

    assert client.get("/profil").status_code == 302


def test_following_a_link_signs_nobody_out(signed_in_as):
    client = signed_in_as("secretary")

    assert client.get("/deconnexion").status_code == 404
    assert client.get("/profil").status_code == 200


def test_the_page_asked_for_comes_after_signing_in(client, cast):
    asked = client.get("/profil?onglet=1")
    answer = client.post(
        "/connexion",
        data={"email": "denise@brume.example", "password": PASSWORD, "suite": "/profil?onglet=1"},
    )

    assert asked.location == "/connexion?suite=/profil?onglet%3D1"
    assert answer.location == "/profil?onglet=1"


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1"])
def test_signing_in_leads_nowhere_else(client, cast, elsewhere):
    answer = client.post("/connexion", data={"email": "denise@brume.example", "password": PASSWORD, "suite": elsewhere})

    assert answer.location == "/"


def test_eight_idle_hours_end_the_session(signed_in_as):
    client = signed_in_as("secretary")
    with client.session_transaction() as session:
        session["seen"] -= 8 * 3600 + 1

    assert client.get("/profil").status_code == 302


def test_seven_days_end_the_session_however_busy(signed_in_as):
    client = signed_in_as("secretary")
    with client.session_transaction() as session:
        session["since"] -= 7 * 24 * 3600 + 1

    assert client.get("/profil").status_code == 302


def test_a_changed_password_ends_the_other_sessions(app, cast, signed_in_as):
    client = signed_in_as("secretary")

    with app.app_context():
        database.write(lambda session: setattr(people.refreshed(session, cast).denise, "session_version", 1))

    assert client.get("/profil").status_code == 302
