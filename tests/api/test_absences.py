"""Absences and closures through the API."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Api, Caller, appointment, at

HOLIDAY = {"adviser": "chloe", "start": "2027-01-19T09:00", "end": "2027-01-19T12:00", "title": "Congés"}


@pytest.fixture
def chloe(api: Api) -> Caller:
    return api("chloe")


def away(caller: Caller, **changes: Any) -> TestResponse:
    response = caller.post("/absences", HOLIDAY | changes)
    assert response.status_code == 201, response.text
    return response


def busy(caller: Caller, calendar: str = "chloe") -> list[tuple[str, str]]:
    path = f"/calendars/{calendar}/busy?from=2027-01-18&to=2027-02-14"
    return [(each["start"][:16], each["end"][:16]) for each in caller.items(path)]


def test_an_absence_is_made(chloe: Caller) -> None:
    made = away(chloe).get_json()
    assert made == made | {
        "version": 1,
        "calendar": "chloe",
        "title": "Congés",
        "timezone": "Europe/Paris",
        "start": at("2027-01-19T09:00"),
        "end": at("2027-01-19T12:00"),
        "whole_days": False,
        "rrule": None,
        "exdates": [],
        "dates": [],
        "displaced": [],
    }
    assert busy(chloe) == [("2027-01-19T09:00", "2027-01-19T12:00")]


def test_its_location_leads_to_it(chloe: Caller) -> None:
    response = away(chloe)
    read = chloe.get(response.headers["Location"].removeprefix("/api/v1"))
    assert read.get_json() == {name: each for name, each in response.get_json().items() if name != "displaced"}
    assert read.headers["ETag"] == response.headers["ETag"]


def test_instants_with_an_offset_will_do(chloe: Caller) -> None:
    away(chloe, start="2027-01-19T08:00:00Z", end=at("2027-01-19T12:00"))
    assert busy(chloe) == [("2027-01-19T09:00", "2027-01-19T12:00")]


def test_days_are_whole_and_the_last_is_inside(chloe: Caller) -> None:
    made = away(chloe, start="2027-01-19", end="2027-01-20").get_json()
    assert made["whole_days"] is True
    assert busy(chloe) == [("2027-01-19T00:00", "2027-01-21T00:00")]


def test_it_lists_what_was_booked_under_it(chloe: Caller, open_days: None) -> None:
    booked = chloe.post("/appointments", appointment()).get_json()
    assert [each["id"] for each in away(chloe).get_json()["displaced"]] == [booked["id"]]
    assert chloe.get(f"/appointments/{booked['id']}").get_json()["status"] == "confirmed"


def test_nothing_is_offered_on_it(chloe: Caller, open_days: None) -> None:
    away(chloe)
    response = chloe.post("/appointments", appointment())
    assert "absence" in {each["code"] for each in response.get_json()["reasons"]}


def test_a_room_is_closed_by_whoever_manages_it(api: Api) -> None:
    elise = api("elise")
    response = elise.post("/absences", {"calendar": "salle-brume", "start": "2027-01-19", "end": "2027-01-19"})
    assert response.status_code == 201
    assert busy(elise, "salle-brume") == [("2027-01-19T00:00", "2027-01-20T00:00")]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"adviser": "nobody"}, "/adviser"),
        ({"adviser": "zoe"}, "/adviser"),
        ({"adviser": None}, "/adviser"),
        ({"adviser": None, "calendar": "nothing"}, "/calendar"),
        ({"start": "2027-01-20"}, "/end"),
        ({"end": "2029-01-20"}, "/end"),
        ({"end": None}, "/end"),
        ({"start": "soon"}, "/start"),
        ({"rrule": "FREQ=NEVER"}, "/rrule"),
        ({"rrule": "FREQ=DAILY;INTERVAL=4000;COUNT=400"}, "/rrule"),
        ({"rrule": "FREQ=DAILY", "exdates": ["x"]}, "/exdates"),
        ({"title": "x" * 201}, "/title"),
    ],
)
def test_what_is_wrong_with_an_absence_is_422_and_named(chloe: Caller, changes: dict[str, Any], pointer: str) -> None:
    response = chloe.post("/absences", HOLIDAY | changes)
    assert response.status_code == 422, response.text
    assert response.get_json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(("who", "status"), [("elise", 201), ("denise", 403), ("farid", 403)])
def test_who_may_note_somebodys_absence(api: Api, who: str, status: int) -> None:
    assert api(who).post("/absences", HOLIDAY).status_code == status


@pytest.mark.parametrize(("who", "status"), [("alix", 200), ("gaston", 403), ("zoe", 404)])
def test_who_may_read_it(api: Api, chloe: Caller, who: str, status: int) -> None:
    made = away(chloe).get_json()
    assert api(who).get(f"/absences/{made['id']}").status_code == status
    assert api(who).get("/absences?adviser=chloe").status_code == status


def test_the_list_holds_those_that_are_not_over(chloe: Caller) -> None:
    away(chloe, start="2027-01-11", end="2027-01-12")
    to_come = away(chloe).get_json()
    later = away(chloe, start="2027-02-11", end="2027-02-12").get_json()
    assert [each["id"] for each in chloe.items("/absences")] == [to_come["id"], later["id"]]
    assert [each["id"] for each in chloe.items("/absences?to=2027-01-31")] == [to_come["id"]]
    assert len(chloe.items("/absences?from=2027-01-01&calendar=chloe")) == 3


def test_absences_come_in_pages(chloe: Caller) -> None:
    for day in (19, 20, 21):
        away(chloe, start=f"2027-01-{day}", end=f"2027-01-{day}")
    first = chloe.get("/absences?limit=2").get_json()
    second = chloe.get(f"/absences?limit=2&cursor={first['next']}").get_json()
    assert first["items"] + second["items"] == chloe.items("/absences")
    assert second["next"] is None


def test_it_is_changed(chloe: Caller) -> None:
    response = away(chloe)
    path = f"/absences/{response.get_json()['id']}"
    changed = chloe.patch(path, {"end": "2027-01-19T10:00"}, If_Match=response.headers["ETag"]).get_json()
    assert (changed["end"], changed["title"], changed["version"]) == (at("2027-01-19T10:00"), "Congés", 2)
    assert busy(chloe) == [("2027-01-19T09:00", "2027-01-19T10:00")]


def test_a_stale_change_is_412(chloe: Caller) -> None:
    response = away(chloe)
    path = f"/absences/{response.get_json()['id']}"
    chloe.patch(path, {"title": "Formation"})
    assert chloe.patch(path, {"title": "Autre"}, If_Match=response.headers["ETag"]).status_code == 412
    assert chloe.delete(path, If_Match=response.headers["ETag"]).status_code == 412


def test_it_is_taken_away(chloe: Caller) -> None:
    path = f"/absences/{away(chloe).get_json()['id']}"
    assert [chloe.delete(path).status_code for _ in range(2)] == [204, 204]
    assert chloe.get(path).status_code == 404
    assert chloe.patch(path, {"title": "Autre"}).status_code == 404
    assert busy(chloe) == []


@pytest.fixture
def weekly(chloe: Caller) -> str:
    return str(away(chloe, rrule="FREQ=WEEKLY;COUNT=3").get_json()["id"])


def test_it_recurs(chloe: Caller, weekly: str) -> None:
    assert [start for start, _ in busy(chloe)] == ["2027-01-19T09:00", "2027-01-26T09:00", "2027-02-02T09:00"]


def test_one_date_is_moved(chloe: Caller, weekly: str) -> None:
    body = {"start": "2027-01-27T14:00", "end": "2027-01-27T15:00"}
    changed = chloe.patch(f"/absences/{weekly}/dates/2027-01-26", body).get_json()
    assert changed["dates"] == [
        {"date": "2027-01-26", "cancelled": False, "start": at(body["start"]), "end": at(body["end"])}
    ]
    assert busy(chloe)[1] == (body["start"], body["end"])


def test_one_date_is_cancelled_and_restored(chloe: Caller, weekly: str) -> None:
    path = f"/absences/{weekly}/dates/2027-01-26"
    assert chloe.delete(path).status_code == 204
    assert len(busy(chloe)) == 2
    assert chloe.patch(path, {}).status_code == 200
    assert len(busy(chloe)) == 3


def test_a_moved_date_needs_both_its_ends(chloe: Caller, weekly: str) -> None:
    response = chloe.patch(f"/absences/{weekly}/dates/2027-01-26", {"start": "2027-01-27T14:00"})
    assert (response.status_code, response.get_json()["errors"][0]["pointer"]) == (422, "/end")


@pytest.mark.parametrize("date", ["2027-01-27", "2027-02-30", "tomorrow", "%00"])
def test_a_date_that_the_rule_does_not_give_is_404(chloe: Caller, weekly: str, date: str) -> None:
    assert chloe.delete(f"/absences/{weekly}/dates/{date}").status_code == 404


def test_what_does_not_recur_has_no_dates(chloe: Caller) -> None:
    made = away(chloe).get_json()
    assert chloe.delete(f"/absences/{made['id']}/dates/2027-01-19").status_code == 404
