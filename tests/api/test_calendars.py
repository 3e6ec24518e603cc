"""Calendars: what may be seen, at which level, and when they are busy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from booking import database
from booking.models import Calendar
from tests.api.conftest import Api, appointment, at
from tests.cast import Cast

WEEK = "from=2027-01-18&to=2027-01-24"


def test_the_calendars_of_the_territory_are_seen_with_the_accounts_level(api: Api) -> None:
    levels = {each["id"]: each["level"] for each in api("alix").items("/calendars")}
    assert levels == {
        "alix": "manage",
        "basile": "book",
        "chloe": "book",
        "farid": "book_offered",
        "bureau-brume": "book",
        "salle-brume": "book",
        "clio-brume": "book",
        "salle-orme": "free_busy",
        "bus-orme": "free_busy",
    }


def test_of_another_territory_only_what_is_shared_is_seen(api: Api, share: Callable[..., None]) -> None:
    share("zoe", "details", account="alix")
    alix = api("alix")
    assert [each["id"] for each in alix.items("/calendars?organisation=mairie-lointaine")] == ["zoe"]
    assert "salle-lointaine" in {each["id"] for each in alix.items("/venues")}
    assert "mairie-lointaine" in {each["id"] for each in alix.items("/organisations")}


def test_a_calendar_tells_what_its_kind_has(api: Api) -> None:
    room = api("alix").get("/calendars/salle-brume").get_json()
    assert (room["capacity"], room["equipment"]) == (10, ["ordinateurs", "vidéoprojecteur"])
    assert (room["setup_minutes"], room["moderated"], room["venue"]) == (15, False, "maison-brume")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("kind=vehicle", ["bus-orme", "clio-brume"]),
        ("kind=room&venue=maison-brume", ["bureau-brume", "salle-brume"]),
        ("organisation=mairie-orme&kind=adviser", ["farid"]),
        ("profession=conseiller_france_services", ["alix", "basile"]),
        ("venue=nowhere", []),
    ],
)
def test_calendars_are_filtered(api: Api, query: str, ids: list[str]) -> None:
    assert [each["id"] for each in api("alix").items(f"/calendars?{query}")] == ids


def test_a_kind_that_is_none_is_422(api: Api) -> None:
    assert api("alix").get("/calendars?kind=boat").status_code == 422


def test_a_calendar_that_may_not_be_seen_is_404(api: Api) -> None:
    for path in ("/calendars/zoe", "/calendars/nobody", f"/calendars/zoe/busy?{WEEK}"):
        assert api("alix").get(path).status_code == 404


def test_a_closed_calendar_is_gone_from_the_list(app: Flask, api: Api, cast: Cast) -> None:
    with app.app_context():
        database.write(lambda s: setattr(s.get_one(Calendar, cast.car.pk), "active", False) or s.flush())
    assert api("alix").items("/calendars?kind=vehicle&venue=maison-brume") == []
    assert api("alix").get("/calendars/clio-brume").status_code == 404


def test_the_tag_of_a_calendar_is_made_of_what_is_told(api: Api, share: Callable[..., None]) -> None:
    gaston = api("gaston")
    tag = gaston.get("/calendars/chloe").headers["ETag"]
    assert gaston.get("/calendars/chloe", If_None_Match=tag).status_code == 304
    share("chloe", "details", account="gaston")
    assert gaston.get("/calendars/chloe", If_None_Match=tag).status_code == 200


def test_busy_times_are_merged_and_hold_the_buffers(api: Api, open_days: None) -> None:
    alix = api("alix")
    for hour in ("09:30", "10:35"):
        alix.post("/appointments", appointment(start=at(f"2027-01-19T{hour}"), before=0, after=5))
    assert alix.items(f"/calendars/chloe/busy?{WEEK}") == [
        {"start": at("2027-01-19T09:30"), "end": at("2027-01-19T11:40"), "type": "busy"}
    ]


def test_busy_times_of_another_strength_are_told_apart(api: Api, open_days: None, share: Callable[..., None]) -> None:
    share("chloe", "propose", territory=True)
    api("gaston").post("/appointments", appointment())
    api("alix").post("/appointments", appointment(start=at("2027-01-19T11:00")))
    assert [each["type"] for each in api("alix").items(f"/calendars/chloe/busy?{WEEK}")] == ["busy-tentative", "busy"]


def test_busy_times_are_cut_to_the_period(api: Api, open_days: None) -> None:
    alix = api("alix")
    alix.post("/appointments", appointment())
    path = "/calendars/chloe/busy?from=2027-01-19T10:30:00%2B01:00&to=2027-01-19T10:45:00%2B01:00"
    assert alix.items(path) == [{"start": at("2027-01-19T10:30"), "end": at("2027-01-19T10:45"), "type": "busy"}]


def test_whoever_sees_that_it_is_busy_sees_when(api: Api, open_days: None) -> None:
    api("alix").post("/appointments", appointment())
    assert len(api("gaston").items(f"/calendars/chloe/busy?{WEEK}")) == 1


def test_without_a_period_it_is_the_next_four_weeks(api: Api, open_days: None) -> None:
    alix = api("alix")
    for day in ("2027-02-11", "2027-02-16"):
        alix.post("/appointments", appointment(start=at(f"{day}T10:00")))
    assert [each["start"] for each in alix.items("/calendars/chloe/busy")] == [at("2027-02-11T10:00")]


@pytest.mark.parametrize("query", ["from=2027-01-20&to=2027-01-19", "from=2027-01-01&to=2028-06-01", "to=2026-01-01"])
def test_a_period_that_makes_no_sense_is_422(api: Api, query: str) -> None:
    response = api("alix").get(f"/calendars/chloe/busy?{query}")
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["pointer"] == "/to"


def test_times_are_told_in_the_zone_of_the_territory(api: Api) -> None:
    assert api("zoe").get("/calendars/zoe").get_json()["timezone"] == "Indian/Reunion"
