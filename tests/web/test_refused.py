"""What goes wrong is said in plain words, and a database that is away is no fault of the page."""

from __future__ import annotations

import json
import logging
import sqlite3

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from booking import refusals
from booking.actions.routes import ROUTES, Access
from booking.web import logs


@pytest.fixture
def refusing(app: Flask, monkeypatch: pytest.MonkeyPatch):
    """A page of the test's own that raises what it is told."""

    def page(error: Exception):
        def view():
            raise error

        monkeypatch.setitem(ROUTES, "refusing", Access("public"))
        app.add_url_rule("/refusing", "refusing", view)
        return app.test_client().get("/refusing")

    return page


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (refusals.NotFound(), 404),
        (refusals.Forbidden(), 403),
        (refusals.Clash(), 409),
        (refusals.NotOffered([]), 409),
        (refusals.Stale(), 409),
        (refusals.WrongState("x"), 409),
        (refusals.Invalid([]), 422),
        (refusals.KeyReused(), 422),
        (refusals.KeyRunning(), 409),
        (refusals.Unavailable(), 503),
    ],
)
def test_a_refusal_is_a_page_with_its_status(refusing, error, status):
    answer = refusing(error)

    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_a_database_that_is_away_asks_to_come_back(refusing):
    away = OperationalError("select", {}, sqlite3.OperationalError("disk I/O error"))

    answer = refusing(away)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_page_that_does_not_exist_is_said_so_in_french(client):
    answer = client.get("/nulle-part")

    assert answer.status_code == 404
    assert "Cette page n’existe pas" in answer.text


def test_whoever_lacks_a_right_is_told_who_can_help(signed_in_as):
    answer = signed_in_as("adviser").get("/comptes")

    assert answer.status_code == 403
    assert "Élise Esnault" in answer.text


def test_an_endpoint_outside_the_table_is_closed(app, client):
    app.add_url_rule("/forgotten", "forgotten_door", lambda: "open")

    assert client.get("/forgotten").status_code == 403


def line(record: logging.LogRecord) -> dict[str, object]:
    text = logs.OneLine().format(record)
    assert "\n" not in text
    return json.loads(text)


def record(message: str, exc_info=None) -> logging.LogRecord:
    return logging.LogRecord("booking.x", logging.ERROR, "x.py", 1, message, (), exc_info)


def test_a_line_of_the_log_cannot_be_broken_in_two():
    assert line(record('a\nb\r{"level": "info"}\x1b[31m'))["message"] == 'a\nb\r{"level": "info"}\x1b[31m'


def test_the_log_keeps_where_an_error_came_from_and_not_its_words():
    logs.configure("error")
    try:
        raise ValueError("Marcel Sage +33639982898")
    except ValueError as error:
        written = logs.OneLine().format(record("broke", (type(error), error, error.__traceback__)))

    assert "ValueError" in written
    assert "test_refused.py" in written
    assert "Marcel" not in written


BEYOND = ("/ma-journee?jour=9999-12-31", "/planning/0001-01-01", "/planning/9999-12-31?vue=semaine")


@pytest.mark.parametrize("address", BEYOND)
def test_a_day_beyond_the_calendar_is_the_askers_to_correct(signed_in_as, address):
    assert signed_in_as("administrator").get(address).status_code == 422


@pytest.mark.parametrize("word", ["_scheme=javascript&_external=1", "_anchor=x", "day=x", "_method=POST"])
def test_an_address_takes_over_no_words_that_are_not_ours(signed_in_as, word):
    client = signed_in_as("administrator")

    assert client.get(f"/planning?{word}").location == "/planning/2027-01-18"
    assert "javascript:" not in client.get(f"/planning/2027-01-19?{word}").text


@pytest.mark.parametrize("address", ["/rendez-vous?q=a%00b", "/comptes/a%00b", "/connexion?suite=%00"])
def test_what_no_database_can_hold_is_no_fault_of_the_service(signed_in_as, address):
    assert signed_in_as("administrator").get(address).status_code < 500


def test_control_characters_do_not_come_through_a_form(app, signed_in_as):
    client = signed_in_as("adviser")

    answer = client.post("/profil", data={"name": "Alix\x00 Au\x1bbert", "phone": "", "language": "fr"})

    assert answer.status_code == 302
    assert 'value="Alix Aubert"' in client.get("/profil").text
