"""Links by mail, and what makes a password good enough."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking import clock, database
from booking.actions import people
from booking.models import Account, Reminder
from tests.cast import Cast

GOOD = "colline verte 12"
BOTH = {"password": GOOD, "password_again": GOOD}


def link(app: Flask, cast: Cast, who: str, kind: str = "invitation") -> str:
    with app.app_context():
        account = database.db.session.get(Account, cast.accounts[who].pk)
        return "/mot-de-passe/" + people.link_token(app.config["BOOKING_SETTINGS"].secret_key, kind, account)


def test_an_invitation_lets_one_choose_a_password_and_signs_in(app, cast, client):
    answer = client.post(link(app, cast, "alix"), data=BOTH)

    assert answer.status_code == 302
    assert client.get("/profil").status_code == 200


def test_following_the_link_alone_changes_nothing(app, cast, client):
    address = link(app, cast, "alix")
    client.get(address)

    assert client.get(address).status_code == 200
    assert client.get("/profil").status_code == 302


def test_a_link_serves_once(app, cast, client):
    address = link(app, cast, "alix")
    client.post(address, data=BOTH)

    assert client.get(address).status_code == 410
    assert client.post(address, data=BOTH).status_code == 410


@pytest.mark.parametrize(("kind", "life"), [("invitation", timedelta(days=7)), ("password_reset", timedelta(hours=1))])
def test_a_link_dies_of_age(app, cast, client, kind, life):
    address = link(app, cast, "alix", kind)

    with time_machine.travel(clock.real_now() + life - timedelta(minutes=1)):
        assert client.get(address).status_code == 200
    with time_machine.travel(clock.real_now() + life + timedelta(minutes=1)):
        assert client.get(address).status_code == 410


def test_a_forged_link_is_none(client):
    assert client.get("/mot-de-passe/abc.def.ghi").status_code == 410


def test_the_link_of_a_closed_account_is_none(app, cast, client):
    address = link(app, cast, "alix")
    with app.app_context():
        database.write(
            lambda session: people.account_by_id(session, "alix", cast.territory.pk).__setattr__("active", False)
        )

    assert client.get(address).status_code == 410


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("court", "au moins 12"),
        ("motdepasse123", "facile à deviner"),
        ("Mot de passe 2027 !", "facile à deviner"),
        ("azertyuiop123", "facile à deviner"),
        ("aaaaaaaaaaaaaaaa", "facile à deviner"),
        ("1234567890123", "facile à deviner"),
        ("alix aubert 1", "votre nom"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(app, cast, client, password, said):
    answer = client.post(link(app, cast, "alix"), data={"password": password, "password_again": password})

    assert answer.status_code == 422
    assert said in answer.text


def test_a_slip_in_the_second_writing_is_told(app, cast, client):
    answer = client.post(link(app, cast, "alix"), data={**BOTH, "password_again": GOOD + "!"})

    assert "différents" in answer.text


def asked(app: Flask) -> list[str]:
    with app.app_context():
        return list(database.db.session.scalars(select(Reminder.kind)))


def test_the_answer_is_the_same_for_known_and_unknown_addresses(app, cast, client):
    known = client.post("/mot-de-passe-oublie", data={"email": "alix@brume.example"})
    unknown = client.post("/mot-de-passe-oublie", data={"email": "nemo@brume.example"})

    assert known.status_code == unknown.status_code == 200
    assert len(known.text) == len(unknown.text)
    assert len(asked(app)) == 1


def test_whoever_never_chose_a_password_is_invited_again_instead(app, cast, client):
    client.post("/mot-de-passe-oublie", data={"email": "alix@brume.example"})

    assert asked(app) == ["invitation"]


def test_asking_again_and_again_fills_nobodys_mailbox(app, cast, client):
    for _ in range(20):
        client.post("/mot-de-passe-oublie", data={"email": "alix@brume.example"})

    assert len(asked(app)) <= 6


def test_changing_ones_password_asks_for_the_present_one(app, cast, signed_in_as):
    client = signed_in_as("alix")

    answer = client.post("/profil/mot-de-passe", data={**BOTH, "current_password": "ce n’est pas lui"})

    assert answer.status_code == 422
    assert "mot de passe actuel" in answer.text


def test_passwords_are_argon2id(app, cast, client):
    client.post(link(app, cast, "alix"), data=BOTH)

    with app.app_context():
        assert database.db.session.get(Account, cast.alix.pk).password_hash.startswith("$argon2id$")
