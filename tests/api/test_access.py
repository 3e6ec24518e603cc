"""Who gets in: bearer tokens."""

from __future__ import annotations

from flask import Flask

from booking import clock, database
from booking.actions import rights, tokens
from booking.api import access
from tests.api.conftest import Api, Caller, appointment
from tests.cast import Cast


def test_without_a_token_it_is_401_with_a_challenge(nobody: Caller, cast: Cast) -> None:
    response = nobody.get("/calendars")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_token_is_401_and_the_challenge_says_so(app: Flask, cast: Cast) -> None:
    response = Caller(app, "booking_" + "x" * 43).get("/calendars")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_what_is_no_bearer_header_is_401(nobody: Caller, cast: Cast) -> None:
    for header in ("Basic YTpi", "Bearer", "Bearer é", "bearer a b", "\t"):
        assert nobody.get("/calendars", Authorization=header).status_code == 401


def test_the_word_bearer_may_be_written_in_small_letters(app: Flask, api: Api, nobody: Caller) -> None:
    token = api("alix").token
    assert nobody.get("/calendars", Authorization=f"bearer {token}").status_code == 200


def test_a_revoked_token_is_401(app: Flask, api: Api) -> None:
    caller = api("alix")
    with app.app_context():
        database.write(lambda s: tokens.revoke(s, tokens.listed(s)[0].pk, clock.now()))
    assert caller.get("/calendars").status_code == 401


def test_the_token_of_a_closed_account_is_401(app: Flask, api: Api, cast: Cast) -> None:
    from booking.models import Account

    caller = api("alix")
    with app.app_context():
        database.write(lambda s: setattr(s.get_one(Account, cast.alix.pk), "active", False) or s.flush())
    assert caller.get("/calendars").status_code == 401


def test_a_reading_token_may_read(api: Api) -> None:
    assert api("alix:read").get("/calendars").status_code == 200


def test_a_reading_token_may_not_write(api: Api, open_days: None) -> None:
    response = api("alix:read").post("/appointments", appointment())
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


def test_the_door_and_the_screens_agree_on_who_acts(app: Flask, api: Api, cast: Cast) -> None:
    for name in cast.accounts:
        token = api(name).token or ""
        with app.app_context():
            found = access.bearer(token)
            with database.reading() as session:
                bearer = tokens.bearer(session, token)
                assert bearer is not None
                assert found == (bearer.scope, rights.load_actor(session, bearer.account_pk))


def test_no_cookie_is_set(api: Api) -> None:
    assert "Set-Cookie" not in api("alix").get("/calendars").headers


def test_a_session_of_the_screens_opens_no_door_of_the_api(app: Flask, signed_in_as: object) -> None:
    client = signed_in_as("alix")  # type: ignore[operator]
    assert client.get("/api/v1/calendars").status_code == 401


def test_options_needs_no_token_and_names_the_methods(nobody: Caller) -> None:
    response = nobody.send("OPTIONS", "/appointments")
    assert response.status_code == 200
    assert {"GET", "HEAD", "POST", "OPTIONS"} == set(response.headers["Allow"].replace(" ", "").split(","))


def test_head_answers_as_get_without_a_body(api: Api) -> None:
    caller = api("alix")
    response = caller.send("HEAD", "/purposes")
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Length"] == caller.get("/purposes").headers["Content-Length"]
