"""GET /slots: its parameters, its order, its pages. What a slot is, is held by the oracle of the actions."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.api.slots import QUERY, search_of
from booking.refusals import Fault
from tests.api.conftest import Api, appointment, at

pytestmark = pytest.mark.usefixtures("open_days")

PERIOD = "from=2027-01-18&to=2027-01-22"


def test_a_slot_says_when_with_whom_and_where(api: Api) -> None:
    slots = api("alix").items(f"/slots?purpose=accompagnement&adviser=chloe&{PERIOD}")
    assert slots[0] == {
        "start": at("2027-01-19T09:00"),
        "end": at("2027-01-19T10:00"),
        "advisers": ["chloe"],
        "venue": "maison-brume",
        "rooms": [],
        "vehicles": [],
    }
    assert len(slots) == 2 * 9


def test_slots_are_ordered_by_start_then_adviser_then_venue(api: Api) -> None:
    slots = api("alix").items(f"/slots?purpose=accompagnement&{PERIOD}")
    keys = [(slot["start"], slot["advisers"], slot["venue"]) for slot in slots]
    assert keys == sorted(keys)
    assert {slot["advisers"][0] for slot in slots} == {"chloe", "farid"}


def test_pages_follow_each_other_without_gap_or_repetition(api: Api) -> None:
    alix, path = api("alix"), f"/slots?purpose=accompagnement&{PERIOD}"
    seen, cursor = [], ""
    while cursor is not None:
        page = alix.get(f"{path}&limit=7{cursor}").get_json()
        assert len(page["items"]) <= 7
        seen += page["items"]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert seen == alix.items(path)


def test_what_is_booked_is_no_slot_any_more(api: Api) -> None:
    alix, path = api("alix"), f"/slots?purpose=accompagnement&adviser=chloe&{PERIOD}"
    alix.post("/appointments", appointment())
    starts = [slot["start"] for slot in alix.items(path)]
    assert at("2027-01-19T09:00") in starts
    assert at("2027-01-19T09:15") not in starts
    assert at("2027-01-19T11:00") in starts


def test_together_is_one_item_for_all(api: Api) -> None:
    slots = api("alix").items(f"/slots?minutes=60&adviser=chloe&adviser=farid&together=true&{PERIOD}")
    assert {tuple(slot["advisers"]) for slot in slots} == {("chloe", "farid")}


def test_rooms_that_would_do_are_named_when_asked_for(api: Api) -> None:
    path = f"/slots?minutes=60&adviser=chloe&room=any&capacity=5&equipment=ordinateurs&{PERIOD}"
    assert {tuple(slot["rooms"]) for slot in api("alix").items(path)} == {("salle-brume",)}


def test_an_instant_with_an_unescaped_plus_is_understood(api: Api) -> None:
    path = "/slots?minutes=60&adviser=chloe&from=2027-01-19T11:00:00+01:00&to=2027-01-19T12:00:00+01:00"
    assert [slot["start"] for slot in api("alix").items(path)] == [at("2027-01-19T11:00")]


def test_a_date_is_the_local_day_to_its_end(api: Api) -> None:
    path = "/slots?minutes=60&grid=60&adviser=farid&from=2027-01-22&to=2027-01-22"
    assert [slot["start"][11:16] for slot in api("alix").items(path)] == ["09:00", "10:00", "11:00"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/minutes"),
        ("minutes=0", "/minutes"),
        ("minutes=x", "/minutes"),
        ("minutes=60&grid=7", "/grid"),
        ("minutes=60&limit=0", "/limit"),
        ("minutes=60&limit=5001", "/limit"),
        ("minutes=60&from=2027-01-22&to=2027-01-19", "/to"),
        ("minutes=60&from=2027-01-01&to=2027-06-01", "/to"),
        ("minutes=60&from=yesterday", "/from"),
        ("minutes=60&from=2027-01-19T10:00:00", "/from"),
        ("minutes=60&near=45", "/near"),
        ("minutes=60&near=95,2&within_km=1", "/near"),
        ("minutes=60&near=45,2&within_km=-1", "/within_km"),
        ("minutes=60&cursor=nonsense", "/cursor"),
        ("minutes=60&together=perhaps", "/together"),
        ("minutes=60&room=any&capacity=-1", "/capacity"),
    ],
)
def test_a_parameter_that_will_not_do_is_422(api: Api, query: str, pointer: str) -> None:
    response = api("alix").get(f"/slots?{query}")
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("query", ["purpose=nothing", "minutes=60&adviser=zoe", "minutes=60&venue=salle-lointaine"])
def test_what_may_not_be_known_is_404(api: Api, query: str) -> None:
    assert api("alix").get(f"/slots?{query}").status_code == 404


def test_what_may_be_seen_and_not_booked_is_403(api: Api, share: object) -> None:
    share("chloe", "free_busy", territory=True)  # type: ignore[operator]
    assert api("gaston").get("/slots?minutes=60&adviser=chloe").status_code == 403


def test_every_parameter_of_the_contract_reaches_the_search(app: Flask) -> None:
    sent = {
        "purpose": "p",
        "minutes": "60",
        "before": "5",
        "after": "10",
        "notice": "1",
        "from": "2027-01-18",
        "to": "2027-01-19T10:00:00Z",
        "adviser": "a",
        "together": "true",
        "venue": "v",
        "organisation": "o",
        "near": "45.5,-1.25",
        "within_km": "7.5",
        "room": "any",
        "capacity": "6",
        "equipment": "écran",
        "vehicle": "any",
        "grid": "30",
        "limit": "9",
        "cursor": "c",
    }
    assert set(sent) == set(QUERY.members)
    faults: list[Fault] = []
    search = search_of(QUERY.read({name: [text] for name, text in sent.items()}, faults))
    assert faults == []
    assert {name for name, value in vars(search).items() if value in (None, (), False)} == set()
    assert (search.near, search.within_km, search.before, search.notice) == ((45.5, -1.25), 7.5, 5, 1)
