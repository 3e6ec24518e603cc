"""A form survives an expired session and a second tab: nothing typed is lost, nothing is done twice."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking import database
from booking.models import Account
from tests import cast as people
from tests.cast import PASSWORD, Cast

TYPED = {"name": "Denise d’Anjou & fils", "phone": "05 36 49 12 34", "language": "fr"}


@pytest.fixture
def cast(guarded_app: Flask) -> Cast:
    def fill(session):
        cast = people.build(session)
        people.give_passwords(session, cast)
        return cast

    with guarded_app.app_context():
        return database.write(fill)


@pytest.fixture
def client(guarded_app: Flask, cast: Cast) -> FlaskClient:
    """Served as it is served: with tokens."""
    return guarded_app.test_client()


def fields(page: str) -> dict[str, str]:
    """What the hidden fields of the page's main form hold."""
    main = page[page.index("<main") :]
    found = re.findall(r"<input[^>]*>", main)
    return {
        re.search(r'name="([^"]*)"', each)[1]: html.unescape(re.search(r'value="([^"]*)"', each)[1])
        for each in found
        if 'type="hidden"' in each
    }


def sign_in(client: FlaskClient, who: str = "denise", **more: str):
    token = fields(client.get("/connexion").text)["csrf_token"] if not more else more["csrf_token"]
    data = {"email": f"{who}@brume.example", "password": PASSWORD, **more, "csrf_token": token}
    return client.post("/connexion", data=data)


def phone_of_denise(app: Flask, cast: Cast) -> str | None:
    with app.app_context():
        return database.db.session.get(Account, cast.denise.pk).phone


def profile_page(client: FlaskClient) -> str:
    return client.get("/profil").text


def expire(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["seen"] -= 9 * 3600


def test_a_form_sent_after_the_session_ended_is_carried_through_the_sign_in(guarded_app, client, cast):
    sign_in(client)
    token = fields(profile_page(client))["csrf_token"]
    expire(client)

    stopped = client.post("/profil", data={**TYPED, "csrf_token": token})
    taken_up = sign_in(client, **fields(stopped.text))
    shown = client.post("/profil", data=fields(taken_up.text))

    assert stopped.status_code == 401
    assert shown.status_code == 200
    assert phone_of_denise(guarded_app, cast) is None
    assert html.escape(TYPED["name"], quote=False) in shown.text
    assert TYPED["phone"] in shown.text


def test_the_form_shown_again_then_does_what_it_says(guarded_app, client, cast):
    sign_in(client)
    token = fields(profile_page(client))["csrf_token"]
    expire(client)
    stopped = client.post("/profil", data={**TYPED, "csrf_token": token})
    shown = client.post("/profil", data=fields(sign_in(client, **fields(stopped.text)).text))

    done = client.post("/profil", data={**TYPED, "csrf_token": fields(shown.text)["csrf_token"]})

    assert done.status_code == 302
    assert phone_of_denise(guarded_app, cast) == "+33536491234"


def test_a_wrong_password_on_the_way_loses_nothing(client):
    sign_in(client)
    token = fields(profile_page(client))["csrf_token"]
    expire(client)
    stopped = client.post("/profil", data={**TYPED, "csrf_token": token})

    again = client.post(
        "/connexion",
        data={**fields(stopped.text), "email": "denise@brume.example", "password": "pas le bon du tout"},
    )
    taken_up = sign_in(client, **fields(again.text))

    assert fields(taken_up.text)["name"] == TYPED["name"]


def test_a_form_of_another_tab_is_taken_up(guarded_app, client, cast):
    sign_in(client)
    token = fields(profile_page(client))["csrf_token"]
    expire(client)
    sign_in(client)  # in the other tab: the old form's token is no longer the session's

    stopped = client.post("/profil", data={**TYPED, "csrf_token": token})
    shown = client.post("/profil", data=fields(stopped.text))

    assert stopped.status_code == 400
    assert shown.status_code == 200
    assert phone_of_denise(guarded_app, cast) is None
    assert TYPED["phone"] in shown.text


def test_what_another_site_posts_is_not_carried(client):
    answer = client.post("/profil", data=TYPED, headers={"Origin": "https://evil.example"})

    assert "carried" not in fields(answer.text)


def test_passwords_are_never_carried(client):
    sign_in(client)
    token = fields(client.get("/profil/mot-de-passe").text)["csrf_token"]
    expire(client)

    stopped = client.post(
        "/profil/mot-de-passe",
        data={"current_password": PASSWORD, "password": "x", "password_again": "x", "csrf_token": token},
    )
    taken_up = sign_in(client, **fields(stopped.text))

    assert set(fields(taken_up.text)) == {"csrf_token", "_again"}


def test_what_was_carried_cannot_be_forged(client):
    taken_up = sign_in(client, csrf_token=fields(client.get("/connexion").text)["csrf_token"], carried="forged")

    assert taken_up.status_code == 302


def test_a_post_without_a_token_does_nothing(guarded_app, client, cast):
    sign_in(client)

    client.post("/profil", data=TYPED)

    assert phone_of_denise(guarded_app, cast) is None


def test_a_sign_in_page_that_waited_too_long_keeps_what_it_carries(client):
    sign_in(client)
    token = fields(profile_page(client))["csrf_token"]
    expire(client)
    stopped = client.post("/profil", data={**TYPED, "csrf_token": token})
    client.delete_cookie("booking")

    again = client.post("/connexion", data={**fields(stopped.text), "email": "denise@brume.example"})
    taken_up = sign_in(client, **fields(again.text))

    assert 'value="denise@brume.example"' in again.text
    assert fields(taken_up.text)["name"] == TYPED["name"]
