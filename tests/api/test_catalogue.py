"""Directories: purposes, venues, organisations, accounts."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api


def test_purposes_tell_what_they_ask_for(api: Api) -> None:
    purposes = {each["id"]: each for each in api("alix").items("/purposes")}
    assert set(purposes) == {"accompagnement", "demarches", "urgence", "atelier"}
    assert purposes["atelier"] == {
        "id": "atelier",
        "name": "Atelier collectif",
        "minutes": 120,
        "before": 30,
        "after": 30,
        "professions": ["conseiller_numerique"],
        "room_capacity": 6,
        "needs_vehicle": True,
        "notice_minutes": 0,
        "horizon_days": 92,
        "urgent": False,
    }


def test_purposes_of_a_profession(api: Api) -> None:
    path = "/purposes?profession=conseiller_france_services"
    assert [each["id"] for each in api("alix").items(path)] == ["demarches", "urgence"]


def test_venues_are_those_of_the_territory(api: Api) -> None:
    assert [each["id"] for each in api("alix").items("/venues")] == ["mairie-d-orme", "maison-brume"]


def test_venues_of_an_organisation(api: Api) -> None:
    (venue,) = api("alix").items("/venues?organisation=mairie-orme")
    assert (venue["id"], venue["commune"], venue["latitude"], venue["timezone"]) == (
        "mairie-d-orme",
        "Orme",
        45.514,
        "Europe/Paris",
    )


def test_organisations_are_those_of_the_territory(api: Api) -> None:
    assert [each["id"] for each in api("alix").items("/organisations")] == ["fs-brume", "mairie-orme"]


def test_accounts_are_those_of_the_territory(api: Api) -> None:
    ids = [each["id"] for each in api("alix").items("/accounts")]
    assert ids == ["alix", "basile", "chloe", "denise", "elise", "farid", "gaston", "helene"]


def test_an_account_tells_its_role_and_profession(api: Api) -> None:
    chloe = next(each for each in api("alix").items("/accounts") if each["id"] == "chloe")
    assert chloe == {
        "id": "chloe",
        "name": "Chloé Caron",
        "role": "adviser",
        "organisation": "fs-brume",
        "profession": "conseiller_numerique",
        "home_venue": "maison-brume",
        "email": "chloe@brume.example",
        "phone": None,
    }


@pytest.mark.parametrize(
    ("who", "seen"), [("alix", None), ("gaston", "farid@brume.example"), ("elise", "farid@brume.example")]
)
def test_addresses_are_for_colleagues_and_coordinators(api: Api, who: str, seen: str | None) -> None:
    farid = next(each for each in api(who).items("/accounts") if each["id"] == "farid")
    assert farid["email"] == seen


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("role=secretary", ["denise", "gaston"]),
        ("organisation=mairie-orme", ["farid", "gaston"]),
        ("profession=conseiller_numerique", ["chloe", "farid"]),
    ],
)
def test_accounts_are_filtered(api: Api, query: str, ids: list[str]) -> None:
    assert [each["id"] for each in api("alix").items(f"/accounts?{query}")] == ids


@pytest.mark.parametrize("path", ["/purposes", "/venues", "/organisations", "/accounts", "/calendars"])
def test_directories_come_in_pages(api: Api, path: str) -> None:
    alix = api("alix")
    seen, cursor = [], ""
    while cursor is not None:
        page = alix.get(f"{path}?limit=1{cursor}").get_json()
        assert len(page["items"]) == 1
        seen += page["items"]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert seen == alix.items(path)


def test_a_cursor_that_no_id_can_be_is_422(api: Api) -> None:
    nul = "WyJhXHUwMDAwIl0"
    assert api("alix").get(f"/venues?cursor={nul}").status_code == 422
