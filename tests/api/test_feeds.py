"""Feeds through the API: made, listed, revoked; the secret told once and kept nowhere."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from booking import database
from tests.api.conftest import Api, Caller
from tests.cast import Cast

OWN = {"scope": "adviser", "id": "chloe", "detail": "limited"}


@pytest.fixture
def chloe(api: Api) -> Caller:
    return api("chloe")


def test_a_feed_is_made_and_its_address_told(chloe: Caller) -> None:
    response = chloe.post("/feeds", OWN | {"alarm_minutes": 15, "name": "Mon téléphone"})
    assert response.status_code == 201
    made = response.get_json()
    assert made["url"].startswith("http://127.0.0.1:8000/ics/")
    assert made["url"].endswith(".ics")
    assert made["webcal_url"] == made["url"].replace("http://", "webcal://")
    assert made["name"] == "Mon téléphone"


def test_its_address_serves_it(app: Flask, chloe: Caller) -> None:
    url = chloe.post("/feeds", OWN).get_json()["url"]
    response = app.test_client().get(url)
    assert (response.status_code, response.mimetype) == (200, "text/calendar")


def test_what_is_listed_tells_no_address(chloe: Caller) -> None:
    made = chloe.post("/feeds", OWN).get_json()
    response = chloe.get("/feeds")
    (feed,) = response.get_json()["items"]
    assert (feed["id"], feed["scope"], feed["target"], feed["detail"]) == (made["id"], "adviser", "chloe", "limited")
    assert made["url"].rpartition("/")[2].removesuffix(".ics") not in response.text
    assert chloe.get(f"/feeds/{made['id']}").get_json() == feed


def test_it_is_revoked_for_good(app: Flask, chloe: Caller) -> None:
    made = chloe.post("/feeds", OWN).get_json()
    assert [chloe.delete(f"/feeds/{made['id']}").status_code for _ in range(2)] == [204, 204]
    assert chloe.items("/feeds") == []
    assert chloe.get(f"/feeds/{made['id']}").status_code == 404
    assert app.test_client().get(made["url"]).status_code == 410


def test_the_feeds_of_others_are_nothing(api: Api, chloe: Caller) -> None:
    made = chloe.post("/feeds", OWN).get_json()
    for who in ("elise", "zoe"):
        assert api(who).get(f"/feeds/{made['id']}").status_code == 404
        assert api(who).delete(f"/feeds/{made['id']}").status_code == 404
        assert api(who).items("/feeds") == []


def test_the_same_key_gets_the_same_address(chloe: Caller) -> None:
    first, second = (chloe.post("/feeds", OWN, Idempotency_Key="k") for _ in range(2))
    assert first.data == second.data
    assert len(chloe.items("/feeds")) == 1


def test_the_secret_is_nowhere_in_the_database(app: Flask, chloe: Caller, cast: Cast) -> None:
    url = chloe.post("/feeds", OWN, Idempotency_Key="k").get_json()["url"]
    secret = url.rpartition("/")[2].removesuffix(".ics")
    with app.app_context(), database.reading() as session:
        stored = [*session.execute(text("SELECT * FROM answer")), *session.execute(text("SELECT * FROM feed"))]
    assert len(stored) == 2
    assert secret not in str(stored)
    assert str(chloe.token) not in str(stored)


def test_the_same_key_with_another_token_of_the_account_is_another_request(api: Api, chloe: Caller) -> None:
    chloe.post("/feeds", OWN, Idempotency_Key="k")
    assert api("chloe").post("/feeds", OWN, Idempotency_Key="k").status_code == 422


def test_without_detail_it_shows_busy_times(chloe: Caller) -> None:
    made = chloe.post("/feeds", {"scope": "adviser", "id": "farid"}).get_json()
    assert chloe.get(f"/feeds/{made['id']}").get_json()["detail"] == "free_busy"


def test_more_than_may_be_seen_is_403(chloe: Caller) -> None:
    assert chloe.post("/feeds", OWN | {"id": "farid"}).status_code == 403


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"scope": "everything"}, "/scope"),
        ({"id": "zoe"}, "/id"),
        ({"id": "nobody"}, "/id"),
        ({"scope": "room"}, "/id"),
        ({"detail": "all"}, "/detail"),
        ({"alarm_minutes": -1}, "/alarm_minutes"),
        ({"alarm_minutes": "15"}, "/alarm_minutes"),
        ({"name": "x" * 121}, "/name"),
        ({"colour": "green"}, "/colour"),
    ],
)
def test_what_is_wrong_with_a_feed_is_422_and_named(chloe: Caller, changes: dict[str, object], pointer: str) -> None:
    response = chloe.post("/feeds", OWN | changes)
    assert response.status_code == 422, response.text
    assert response.get_json()["errors"][0]["pointer"] == pointer


def test_if_match_is_honoured(chloe: Caller) -> None:
    made = chloe.post("/feeds", OWN).get_json()
    path = f"/feeds/{made['id']}"
    tag = chloe.get(path).headers["ETag"]
    assert chloe.get(path, If_None_Match=tag).status_code == 304
    assert [chloe.delete(path, If_Match=other).status_code for other in ('"other"', f"W/{tag}")] == [412, 412]
    assert len(chloe.items("/feeds")) == 1
    assert chloe.delete(path, If_Match=tag).status_code == 204


def test_feeds_come_in_pages(chloe: Caller) -> None:
    for _ in range(3):
        chloe.post("/feeds", OWN)
    first = chloe.get("/feeds?limit=2").get_json()
    second = chloe.get(f"/feeds?limit=2&cursor={first['next']}").get_json()
    assert first["items"] + second["items"] == chloe.items("/feeds")
