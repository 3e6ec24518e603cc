"""Openings through the API: whole, from a date on, one date."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Api, Caller, appointment, at

TUESDAYS = {
    "adviser": "chloe",
    "venue": "maison-brume",
    "start": "2027-01-19T09:00",
    "minutes": 180,
    "rrule": "FREQ=WEEKLY;BYDAY=TU",
}


@pytest.fixture
def chloe(api: Api) -> Caller:
    return api("chloe")


def opened(caller: Caller, **changes: Any) -> TestResponse:
    response = caller.post("/openings", TUESDAYS | changes)
    assert response.status_code == 201, response.text
    return response


def starts(caller: Caller, period: str = "from=2027-01-18&to=2027-01-31") -> list[str]:
    path = f"/slots?minutes=60&grid=60&adviser=chloe&{period}"
    return [slot["start"][:16] for slot in caller.items(path)]


def test_an_opening_is_made_and_offers_slots(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    assert made == made | {
        "version": 1,
        "adviser": "chloe",
        "venue": "maison-brume",
        "timezone": "Europe/Paris",
        "start": at("2027-01-19T09:00"),
        "minutes": 180,
        "rrule": "FREQ=WEEKLY;BYDAY=TU",
        "exdates": [],
        "admission": "by_appointment",
        "purposes": None,
        "holidays": "closed",
        "dates": [],
        "displaced": [],
    }
    assert starts(chloe) == [f"2027-01-{day}T{hour}:00" for day in (19, 26) for hour in ("09", "10", "11")]


def test_its_location_leads_to_it(chloe: Caller) -> None:
    response = opened(chloe)
    read = chloe.get(response.headers["Location"].removeprefix("/api/v1"))
    assert read.headers["ETag"] == response.headers["ETag"]
    assert read.get_json()["id"] == response.get_json()["id"]


def test_the_start_may_be_an_instant_with_any_offset(chloe: Caller) -> None:
    assert opened(chloe, start="2027-01-19T08:00:00Z").get_json()["start"] == at("2027-01-19T09:00")


def test_it_may_be_for_some_purposes_and_drop_in(chloe: Caller) -> None:
    made = opened(chloe, purposes=["demarches"], admission="both", holidays="open").get_json()
    assert (made["purposes"], made["admission"], made["holidays"]) == (["demarches"], "both", "open")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"adviser": "nobody"}, "/adviser"),
        ({"adviser": "zoe"}, "/adviser"),
        ({"adviser": "bureau-brume"}, "/adviser"),
        ({"venue": "salle-lointaine"}, "/venue"),
        ({"start": "2027-01-19"}, "/start"),
        ({"minutes": 1441}, "/minutes"),
        ({"rrule": "FREQ=SOMETIMES"}, "/rrule"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=XX"}, "/rrule"),
        ({"exdates": ["tomorrow"]}, "/exdates"),
        ({"admission": "perhaps"}, "/admission"),
        ({"purposes": ["demarches", "nothing"]}, "/purposes/1"),
        ({"id": "mine"}, "/id"),
    ],
)
def test_what_is_wrong_with_an_opening_is_422_and_named(chloe: Caller, changes: dict[str, Any], pointer: str) -> None:
    response = chloe.post("/openings", TUESDAYS | changes)
    assert response.status_code == 422, response.text
    assert response.get_json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(("who", "status"), [("elise", 201), ("helene", 201), ("denise", 403), ("farid", 403)])
def test_who_may_open_somebodys_time(api: Api, who: str, status: int) -> None:
    assert api(who).post("/openings", TUESDAYS).status_code == status


def test_whoever_sees_the_calendar_sees_its_openings(api: Api, chloe: Caller) -> None:
    made = opened(chloe).get_json()
    assert [each["id"] for each in api("gaston").items("/openings?adviser=chloe")] == [made["id"]]
    assert api("zoe").get("/openings?adviser=chloe").status_code == 404
    assert api("zoe").get(f"/openings/{made['id']}").status_code == 404
    assert api("zoe").items("/openings") == []


def test_openings_come_in_pages(chloe: Caller) -> None:
    for hour in ("09", "13", "16"):
        opened(chloe, start=f"2027-01-19T{hour}:00", minutes=60)
    first = chloe.get("/openings?limit=2").get_json()
    second = chloe.get(f"/openings?limit=2&cursor={first['next']}").get_json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
    assert first["items"] + second["items"] == chloe.items("/openings")


def test_it_is_changed_as_a_whole(chloe: Caller) -> None:
    response = opened(chloe, exdates=["2027-01-26"])
    path = f"/openings/{response.get_json()['id']}"
    changed = chloe.patch(path, {"minutes": 60}, If_Match=response.headers["ETag"]).get_json()
    assert (changed["minutes"], changed["exdates"], changed["version"]) == (60, ["2027-01-26"], 2)
    assert starts(chloe) == ["2027-01-19T09:00"]


def test_a_stale_change_is_412(chloe: Caller) -> None:
    response = opened(chloe)
    path = f"/openings/{response.get_json()['id']}"
    chloe.patch(path, {"minutes": 60})
    assert chloe.patch(path, {"minutes": 90}, If_Match=response.headers["ETag"]).status_code == 412
    assert chloe.delete(path, If_Match=response.headers["ETag"]).status_code == 412
    assert chloe.get(path).get_json()["minutes"] == 60


def test_a_change_lists_what_it_displaces(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    booked = chloe.post("/appointments", appointment()).get_json()
    displaced = chloe.patch(f"/openings/{made['id']}", {"minutes": 60}).get_json()["displaced"]
    assert [(each["id"], each["start"]) for each in displaced] == [(booked["id"], booked["start"])]
    assert chloe.get(f"/appointments/{booked['id']}").get_json()["status"] == "confirmed"


def test_it_is_changed_from_a_date_on(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    tail = chloe.patch(
        f"/openings/{made['id']}?from=2027-01-26", {"start": "2027-01-26T14:00", "minutes": 60}
    ).get_json()
    assert tail["id"] != made["id"]
    assert starts(chloe) == [*(f"2027-01-19T{hour}:00" for hour in ("09", "10", "11")), "2027-01-26T14:00"]


def test_purposes_are_opened_to_any_again(chloe: Caller) -> None:
    made = opened(chloe, purposes=["demarches"]).get_json()
    assert chloe.patch(f"/openings/{made['id']}", {"any_purpose": True}).get_json()["purposes"] is None


def test_an_empty_rule_makes_it_a_single_date(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    assert chloe.patch(f"/openings/{made['id']}", {"rrule": ""}).get_json()["rrule"] is None


def test_it_is_closed(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    response = chloe.delete(f"/openings/{made['id']}")
    assert (response.status_code, response.data) == (204, b"")
    assert chloe.get(f"/openings/{made['id']}").status_code == 404
    assert starts(chloe) == []


def test_it_is_closed_from_a_date_on(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    assert chloe.delete(f"/openings/{made['id']}?from=2027-01-26").status_code == 204
    assert {start[:10] for start in starts(chloe)} == {"2027-01-19"}


def test_one_date_is_moved(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    body = {"start": "2027-01-20T14:00", "minutes": 60, "venue": "mairie-d-orme"}
    changed = chloe.patch(f"/openings/{made['id']}/dates/2027-01-19", body).get_json()
    assert changed["dates"] == [
        {
            "date": "2027-01-19",
            "cancelled": False,
            "start": at("2027-01-20T14:00"),
            "minutes": 60,
            "venue": "mairie-d-orme",
        }
    ]
    assert starts(chloe, "from=2027-01-18&to=2027-01-24") == ["2027-01-20T14:00"]


def test_one_date_is_shortened_at_its_own_hour(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    chloe.patch(f"/openings/{made['id']}/dates/2027-01-19", {"minutes": 60})
    assert starts(chloe, "from=2027-01-18&to=2027-01-24") == ["2027-01-19T09:00"]


def test_one_date_is_cancelled_and_restored(chloe: Caller) -> None:
    made = opened(chloe).get_json()
    path = f"/openings/{made['id']}/dates/2027-01-19"
    assert chloe.delete(path).status_code == 204
    assert chloe.get(f"/openings/{made['id']}").get_json()["dates"][0]["cancelled"] is True
    assert {start[:10] for start in starts(chloe)} == {"2027-01-26"}
    assert chloe.patch(path, {}).get_json()["dates"] == []
    assert {start[:10] for start in starts(chloe)} == {"2027-01-19", "2027-01-26"}


@pytest.mark.parametrize("date", ["2027-01-20", "2027-02-30", "tomorrow", "2027-01-19T10:00", "%00", "2027-01-1\u0669"])
def test_a_date_that_the_rule_does_not_give_is_404(chloe: Caller, date: str) -> None:
    made = opened(chloe).get_json()
    assert chloe.delete(f"/openings/{made['id']}/dates/{date}").status_code == 404
    assert chloe.patch(f"/openings/{made['id']}/dates/{date}", {"minutes": 60}).status_code == 404
