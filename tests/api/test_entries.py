"""What stands on calendars, with titles as far as the account may see them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, appointment, at

pytestmark = pytest.mark.usefixtures("open_days")

WEEK = "from=2027-01-18&to=2027-01-24"
HIDDEN = ("id", "kind", "status", "title", "venue", "booked_by")


@pytest.fixture
def made(api: Api) -> Any:
    eve = {"name": "Ève Dupont", "phone": "+33639981234"}
    wanted = appointment(room="salle-brume", before=5, after=5, beneficiary=eve, note="private")
    return api("alix").post("/appointments", wanted).get_json()


def test_an_entry_tells_its_own_time_and_what_it_takes(api: Api, made: Any) -> None:
    (entry,) = api("alix").items(f"/entries?calendar=chloe&{WEEK}")
    assert entry == {
        "calendar": "chloe",
        "start": at("2027-01-19T10:00"),
        "end": at("2027-01-19T11:00"),
        "busy_start": at("2027-01-19T09:55"),
        "busy_end": at("2027-01-19T11:05"),
        "type": "busy",
        "id": made["id"],
        "kind": "appointment",
        "status": "confirmed",
        "title": "Accompagnement individuel",
        "venue": "maison-brume",
        "booked_by": "alix",
    }


def test_a_room_is_taken_with_its_own_minutes(api: Api, made: Any) -> None:
    (entry,) = api("alix").items(f"/entries?calendar=salle-brume&{WEEK}")
    assert (entry["busy_start"], entry["busy_end"]) == (at("2027-01-19T09:45"), at("2027-01-19T11:15"))


def test_who_sees_only_that_it_is_busy_is_told_no_more(api: Api, made: Any) -> None:
    (entry,) = api("gaston").items(f"/entries?calendar=chloe&{WEEK}")
    assert {entry[name] for name in HIDDEN} == {None}
    assert (entry["start"], entry["end"]) == (entry["busy_start"], entry["busy_end"])


def test_who_booked_it_is_told_what_it_is(api: Api) -> None:
    gaston = api("gaston")
    gaston.post("/appointments", appointment())
    assert [each["title"] for each in gaston.items(f"/entries?calendar=chloe&{WEEK}")] == ["Accompagnement individuel"]


def test_nobody_is_told_whom_it_is_for(api: Api, made: Any) -> None:
    for who in ("alix", "chloe", "helene", "gaston"):
        text = api(who).get(f"/entries?calendar=chloe&calendar=salle-brume&{WEEK}").text
        assert "Dupont" not in text
        assert "0639981234"[1:] not in text
        assert "private" not in text


def test_several_calendars_come_in_the_order_of_time(api: Api, made: Any) -> None:
    entries = api("alix").items(f"/entries?calendar=chloe&calendar=salle-brume&{WEEK}")
    assert [each["calendar"] for each in entries] == ["salle-brume", "chloe"]


def test_what_was_cancelled_stands_no_more(api: Api, made: Any) -> None:
    alix = api("alix")
    alix.post(f"/appointments/{made['id']}/cancel")
    assert alix.items(f"/entries?calendar=chloe&{WEEK}") == []


def test_a_calendar_that_may_not_be_seen_is_404(api: Api) -> None:
    for other in ("zoe", "nobody"):
        assert api("alix").get(f"/entries?calendar=chloe&calendar={other}&{WEEK}").status_code == 404


def test_the_calendar_is_required(api: Api) -> None:
    response = api("alix").get("/entries")
    assert (response.status_code, response.get_json()["errors"][0]["pointer"]) == (422, "/calendar")


def test_entries_come_in_pages(api: Api) -> None:
    alix = api("alix")
    for hour in ("09", "10", "11"):
        alix.post("/appointments", appointment(start=at(f"2027-01-19T{hour}:00"), room="bureau-brume"))
    path = f"/entries?calendar=chloe&calendar=bureau-brume&{WEEK}"
    seen, cursor = [], ""
    while cursor is not None:
        page = alix.get(f"{path}&limit=1{cursor}").get_json()
        seen += page["items"]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert seen == alix.items(path)
    assert len(seen) == 6


@pytest.mark.parametrize(
    "cursor", ["x", "bnVsbA", "WzFd", "WyJhIiwiYiJd", "W1tdLFtdXQ", "WzEsOTk5OTk5OTk5OV0", "a" * 4001]
)
def test_a_cursor_that_we_did_not_make_is_422(api: Api, cursor: str) -> None:
    response = api("alix").get(f"/entries?calendar=chloe&cursor={cursor}")
    assert (response.status_code, response.get_json()["errors"][0]["pointer"]) == (422, "/cursor")
