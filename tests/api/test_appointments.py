"""Booking, reading, moving, cancelling and settling appointments through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Api, appointment, at

MEMBERS = {
    *("id", "uid", "sequence", "version", "status", "lapses_at", "purpose", "advisers", "venue", "room", "vehicle"),
    *("start", "end", "before", "after", "booked_by", "booked_at", "attendance", "beneficiary", "note", "urgency"),
}
EVE = {"name": "Ève Dupont", "phone": "06 39 98 12 34", "email": "eve@exemple.example", "consent_reminders": True}

pytestmark = pytest.mark.usefixtures("open_days")


def booked(api: Api, who: str = "alix", **changes: Any) -> dict[str, Any]:
    response = api(who).post("/appointments", appointment(**changes))
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.get_json()
    return made


def test_an_appointment_is_booked(api: Api) -> None:
    response = api("alix").post("/appointments", appointment(beneficiary=EVE, note="First time", urgency="felt"))
    assert response.status_code == 201
    made = response.get_json()
    assert set(made) >= MEMBERS
    assert made == made | {
        "sequence": 0,
        "version": 1,
        "status": "confirmed",
        "lapses_at": None,
        "purpose": "accompagnement",
        "advisers": ["chloe"],
        "venue": "maison-brume",
        "room": None,
        "vehicle": None,
        "start": at("2027-01-19T10:00"),
        "end": at("2027-01-19T11:00"),
        "booked_by": "alix",
        "booked_at": at("2027-01-18T10:40"),
        "attendance": "unknown",
        "beneficiary": {**EVE, "phone": "+33639981234", "language": "fr"},
        "note": "First time",
        "urgency": "felt",
    }


def test_its_location_leads_to_it(api: Api) -> None:
    alix = api("alix")
    response = alix.post("/appointments", appointment())
    assert alix.get(response.headers["Location"].removeprefix("/api/v1")).get_json() == response.get_json()


def test_any_room_is_one_that_is_free(api: Api) -> None:
    assert booked(api, room="any")["room"] == "bureau-brume"


def test_null_takes_none_as_absent_does(api: Api) -> None:
    assert booked(api, room=None, vehicle=None, beneficiary=None, note=None, also=None)["room"] is None


def test_what_the_purpose_asks_for_and_was_not_taken_is_warned_of(api: Api) -> None:
    made = booked(api, "helene", purpose="atelier", override=True)
    assert [each["code"] for each in made["warnings"]] == ["no_room", "no_vehicle"]


def test_without_cause_there_is_no_warning(api: Api) -> None:
    assert "warnings" not in booked(api)


def test_the_start_may_be_any_minute(api: Api) -> None:
    assert booked(api, start=at("2027-01-19T10:07"))["start"] == at("2027-01-19T10:07")


def test_the_start_may_be_told_with_any_offset(api: Api) -> None:
    assert booked(api, start="2027-01-19T12:00:00+03:00")["start"] == at("2027-01-19T10:00")


def test_the_length_and_the_buffers_may_be_others_than_the_purposes(api: Api) -> None:
    made = booked(api, minutes=30, before=5, after=10)
    assert (made["end"], made["before"], made["after"]) == (at("2027-01-19T10:30"), 5, 10)


def test_further_claims_are_taken_in_the_same_transaction(api: Api) -> None:
    booked(api, also=[{"calendar": "clio-brume", "start": at("2027-01-19T09:00"), "end": at("2027-01-19T12:00")}])
    period = "from=2027-01-19&to=2027-01-19"
    assert [each["start"] for each in api("alix").items(f"/calendars/clio-brume/busy?{period}")] == [
        at("2027-01-19T09:00")
    ]


def test_a_time_that_is_taken_is_409_with_what_took_it(api: Api) -> None:
    made = booked(api)
    response = api("basile").post("/appointments", appointment(start=at("2027-01-19T10:30")))
    assert response.status_code == 409
    assert response.get_json()["type"].endswith("/clash")
    assert response.get_json()["clashes"] == [
        {
            "calendar": "chloe",
            "start": made["start"],
            "end": made["end"],
            "title": "Accompagnement individuel",
        }
    ]


def test_who_sees_only_that_it_is_busy_is_not_told_the_title(api: Api) -> None:
    booked(api)
    response = api("gaston").post("/appointments", appointment())
    assert set(response.get_json()["clashes"][0]) == {"calendar", "start", "end"}


def test_up_to_three_alternatives_can_be_booked(api: Api) -> None:
    booked(api)
    basile = api("basile")
    offered = basile.post("/appointments", appointment()).get_json()["alternatives"]
    assert len(offered) == 3
    for slot in offered[:1]:
        wanted = appointment(advisers=slot["advisers"], venue=slot["venue"], start=slot["start"])
        assert basile.post("/appointments", wanted).status_code == 201


def test_what_is_no_slot_is_409_with_reasons_and_alternatives(api: Api) -> None:
    response = api("alix").post("/appointments", appointment(start=at("2027-01-19T14:00")))
    assert response.status_code == 409
    problem = response.get_json()
    assert problem["type"].endswith("/not-offered")
    assert problem["reasons"] == [
        {
            "code": "outside_openings",
            "calendar": "chloe",
            "start": at("2027-01-19T14:00"),
            "end": at("2027-01-19T15:00"),
        }
    ]
    assert len(problem["alternatives"]) == 3


def test_under_notice_is_no_slot(api: Api) -> None:
    response = api("alix").post("/appointments", appointment(start=at("2027-01-18T10:45")))
    assert "notice" in {each["code"] for each in response.get_json()["reasons"]}


def test_beyond_the_horizon_is_no_slot(api: Api) -> None:
    response = api("alix").post("/appointments", appointment(start="2027-06-01T10:00:00+02:00"))
    assert "horizon" in {each["code"] for each in response.get_json()["reasons"]}


def test_who_manages_every_adviser_may_override(api: Api) -> None:
    made = booked(api, "elise", start=at("2027-01-19T14:00"), override=True)
    assert made["status"] == "confirmed"


def test_who_does_not_may_not(api: Api) -> None:
    response = api("alix").post("/appointments", appointment(start=at("2027-01-19T14:00"), override=True))
    assert response.status_code == 403


def test_what_is_taken_is_never_overridden(api: Api) -> None:
    booked(api)
    assert api("elise").post("/appointments", appointment(override=True)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"purpose": "nothing"}, "/purpose"),
        ({"advisers": ["nobody"]}, "/advisers/0"),
        ({"advisers": ["chloe", "zoe"]}, "/advisers/1"),
        ({"advisers": ["bureau-brume"]}, "/advisers/0"),
        ({"advisers": []}, "/advisers"),
        ({"advisers": ["chloe", "chloe"]}, "/advisers"),
        ({"advisers": "chloe"}, "/advisers"),
        ({"venue": "nowhere"}, "/venue"),
        ({"venue": "salle-lointaine"}, "/venue"),
        ({"room": "salle-loin"}, "/room"),
        ({"room": "clio-brume"}, "/room"),
        ({"vehicle": "nothing"}, "/vehicle"),
        ({"start": "2027-01-19T10:00:00"}, "/start"),
        ({"start": None}, "/start"),
        ({"minutes": 0}, "/minutes"),
        ({"minutes": 10**12}, "/minutes"),
        ({"before": -1}, "/before"),
        ({"note": "x" * 301}, "/note"),
        ({"note": "nul\x00"}, "/note"),
        ({"urgency": "very"}, "/urgency"),
        ({"beneficiary": {"phone": "12"}}, "/beneficiary/phone"),
        ({"beneficiary": {"email": "eve"}}, "/beneficiary/email"),
        ({"beneficiary": {"name": "x" * 121}}, "/beneficiary/name"),
        ({"beneficiary": {"surname": "Dupont"}}, "/beneficiary/surname"),
        (
            {"also": [{"calendar": "nothing", "start": at("2027-01-19T10:00"), "end": at("2027-01-19T11:00")}]},
            "/also/0",
        ),
        ({"also": [{"calendar": "clio-brume", "start": at("2027-01-19T10:00")}]}, "/also/0/end"),
        ({"colour": "green"}, "/colour"),
    ],
)
def test_what_is_wrong_with_a_booking_is_422_and_named(api: Api, changes: dict[str, Any], pointer: str) -> None:
    response = api("alix").post("/appointments", appointment(**changes))
    assert response.status_code == 422, response.text
    assert response.get_json()["errors"][0]["pointer"].startswith(pointer)


def test_the_purpose_and_the_advisers_are_required(api: Api) -> None:
    response = api("alix").post("/appointments", {})
    pointers = {each["pointer"] for each in response.get_json()["errors"]}
    assert pointers == {"/purpose", "/advisers", "/venue", "/start"}


def test_a_colleague_elsewhere_in_the_territory_may_be_booked(api: Api) -> None:
    assert booked(api, "gaston")["booked_by"] == "gaston"


def test_who_may_only_see_busy_times_may_not_book(api: Api, share: Callable[..., None]) -> None:
    share("chloe", "free_busy", territory=True)
    assert api("gaston").post("/appointments", appointment()).status_code == 403


def test_with_the_right_to_propose_it_is_tentative_and_lapses(api: Api, share: Callable[..., None]) -> None:
    share("chloe", "propose", territory=True)
    made = booked(api, "gaston", start=at("2027-01-28T10:00"))
    assert (made["status"], made["lapses_at"]) == ("tentative", at("2027-01-20T10:40"))


def test_a_proposal_lapses_two_hours_before_it_would_begin(api: Api, share: Callable[..., None]) -> None:
    share("chloe", "propose", territory=True)
    assert booked(api, "gaston")["lapses_at"] == at("2027-01-19T08:00")


def test_a_proposal_is_confirmed_by_whoever_manages(api: Api, share: Callable[..., None]) -> None:
    share("chloe", "propose", territory=True)
    made = booked(api, "gaston")
    response = api("chloe").post(f"/appointments/{made['id']}/confirm")
    assert response.status_code == 200
    assert (response.get_json()["status"], response.get_json()["lapses_at"]) == ("confirmed", None)


def test_a_proposal_is_not_confirmed_by_whoever_made_it(api: Api, share: Callable[..., None]) -> None:
    share("chloe", "propose", territory=True)
    made = booked(api, "gaston")
    assert api("gaston").post(f"/appointments/{made['id']}/confirm", {}).status_code == 403


def test_a_proposal_is_rejected_with_a_reason(api: Api, share: Callable[..., None]) -> None:
    share("chloe", "propose", territory=True)
    made = booked(api, "gaston")
    rejected = api("chloe").post(f"/appointments/{made['id']}/reject", {"reason": "on the road"}).get_json()
    assert (rejected["status"], rejected["reason"]) == ("cancelled", "on the road")


def test_what_is_no_proposal_cannot_be_confirmed(api: Api) -> None:
    made = booked(api)
    response = api("chloe").post(f"/appointments/{made['id']}/confirm")
    assert response.status_code == 409
    assert response.get_json()["type"].endswith("/wrong-state")


def test_it_moves_with_all_its_claims(api: Api) -> None:
    made = booked(api, room="bureau-brume", vehicle="clio-brume")
    moved = api("chloe").patch(f"/appointments/{made['id']}", {"start": at("2027-01-21T11:00")}).get_json()
    assert (moved["start"], moved["sequence"], moved["uid"]) == (at("2027-01-21T11:00"), 1, made["uid"])
    for calendar in ("chloe", "bureau-brume", "clio-brume"):
        busy = api("alix").items(f"/calendars/{calendar}/busy?from=2027-01-18&to=2027-01-31")
        assert [each["start"] for each in busy] == [at("2027-01-21T11:00")]


def test_what_a_move_does_not_name_stays(api: Api) -> None:
    made = booked(api, room="bureau-brume", beneficiary=EVE, note="First time")
    moved = api("alix").patch(f"/appointments/{made['id']}", {"minutes": 90, "room": None}).get_json()
    changed = {name for name in made if moved[name] != made[name]}
    assert changed == {"end", "sequence", "version"}


def test_its_words_change_without_a_new_sequence(api: Api) -> None:
    made = booked(api)
    changed = api("alix").patch(f"/appointments/{made['id']}", {"note": "by bus", "beneficiary": EVE}).get_json()
    assert (changed["note"], changed["sequence"], changed["version"]) == ("by bus", 0, 2)
    assert changed["beneficiary"]["name"] == "Ève Dupont"


def test_what_it_needs_no_more_is_free_again(api: Api) -> None:
    made = booked(api, room="bureau-brume", vehicle="clio-brume")
    moved = api("alix").patch(f"/appointments/{made['id']}", {"without": ["room"]}).get_json()
    assert (moved["room"], moved["vehicle"], moved["sequence"]) == (None, "clio-brume", 1)
    assert api("alix").items("/calendars/bureau-brume/busy") == []


def test_it_passes_to_another_adviser(api: Api) -> None:
    made = booked(api)
    assert api("alix").patch(f"/appointments/{made['id']}", {"advisers": ["farid"]}).get_json()["advisers"] == ["farid"]


def test_a_move_onto_what_is_taken_is_409_with_alternatives(api: Api) -> None:
    booked(api, start=at("2027-01-21T10:00"))
    made = booked(api)
    response = api("alix").patch(f"/appointments/{made['id']}", {"start": at("2027-01-21T10:30")})
    assert response.status_code == 409
    assert response.get_json()["clashes"][0]["calendar"] == "chloe"
    assert len(response.get_json()["alternatives"]) == 3


def test_a_refused_move_changes_nothing(api: Api) -> None:
    made = booked(api)
    alix = api("alix")
    assert alix.patch(f"/appointments/{made['id']}", {"start": at("2027-01-21T15:00")}).status_code == 409
    assert alix.get(f"/appointments/{made['id']}").get_json() == made


def test_an_empty_move_is_no_fault(api: Api) -> None:
    made = booked(api)
    assert api("alix").patch(f"/appointments/{made['id']}", {}).status_code == 200


def test_it_is_cancelled_with_a_reason_and_its_time_is_free(api: Api) -> None:
    made = booked(api)
    cancelled = api("alix").post(f"/appointments/{made['id']}/cancel", {"reason": "ill"}).get_json()
    assert (cancelled["status"], cancelled["reason"], cancelled["sequence"]) == ("cancelled", "ill", 1)
    assert cancelled["advisers"] == ["chloe"]
    assert booked(api, "basile")["status"] == "confirmed"


def test_it_is_cancelled_without_a_body(api: Api) -> None:
    made = booked(api)
    assert api("alix").post(f"/appointments/{made['id']}/cancel").get_json()["attendance"] == "cancelled_by_service"


def test_it_is_cancelled_for_the_beneficiary(api: Api) -> None:
    made = booked(api)
    cancelled = api("alix").post(f"/appointments/{made['id']}/cancel", {"by": "beneficiary"}).get_json()
    assert cancelled["attendance"] == "excused"


def test_what_is_cancelled_does_not_move(api: Api) -> None:
    made = booked(api)
    alix = api("alix")
    alix.post(f"/appointments/{made['id']}/cancel")
    response = alix.patch(f"/appointments/{made['id']}", {"start": at("2027-01-21T11:00")})
    assert (response.status_code, response.get_json()["code"]) == (409, "cancelled")


def test_attendance_is_noted(api: Api) -> None:
    made = booked(api)
    noted = api("chloe").post(f"/appointments/{made['id']}/attendance", {"attendance": "no_show"}).get_json()
    assert (noted["attendance"], noted["sequence"]) == ("no_show", 0)


def test_an_attendance_that_is_none_is_422(api: Api) -> None:
    made = booked(api)
    assert api("chloe").post(f"/appointments/{made['id']}/attendance", {"attendance": "late"}).status_code == 422


@pytest.mark.parametrize(("who", "status"), [("chloe", 200), ("denise", 200), ("gaston", 403), ("zoe", 404)])
def test_who_may_read_it(api: Api, who: str, status: int) -> None:
    made = booked(api)
    assert api(who).get(f"/appointments/{made['id']}").status_code == status


@pytest.mark.parametrize(("who", "status"), [("chloe", 200), ("denise", 200), ("gaston", 403), ("zoe", 404)])
def test_who_may_cancel_it(api: Api, who: str, status: int) -> None:
    made = booked(api)
    assert api(who).post(f"/appointments/{made['id']}/cancel").status_code == status


def test_who_booked_it_may_read_and_move_it(api: Api) -> None:
    made = booked(api, "gaston", beneficiary=EVE)
    gaston = api("gaston")
    assert gaston.get(f"/appointments/{made['id']}").get_json()["beneficiary"]["name"] == "Ève Dupont"
    assert gaston.patch(f"/appointments/{made['id']}", {"start": at("2027-01-21T11:00")}).status_code == 200


def test_who_sees_details_only_is_not_told_whom_it_is_for(api: Api, share: Callable[..., None]) -> None:
    share("chloe", "details", account="gaston")
    made = booked(api, beneficiary=EVE, note="private")
    seen = api("gaston").get(f"/appointments/{made['id']}").get_json()
    assert (seen["purpose"], seen["beneficiary"], seen["note"]) == ("accompagnement", None, None)


def test_what_cannot_be_an_id_is_404(api: Api) -> None:
    for wrong in ("-a", "a%00b", "a" * 65, "%E2%80%A8", "a%2Fb"):
        assert api("alix").get(f"/appointments/{wrong}").status_code == 404


def test_the_list_holds_what_may_be_read_in_the_period(api: Api) -> None:
    first, second = booked(api, start=at("2027-01-21T10:00")), booked(api)
    cancelled = booked(api, start=at("2027-01-19T09:00"))
    alix = api("alix")
    alix.post(f"/appointments/{cancelled['id']}/cancel")
    assert alix.items("/appointments") == [second, first]
    assert alix.items("/appointments?to=2027-01-19") == [second]
    assert [each["id"] for each in alix.items("/appointments?status=cancelled")] == [cancelled["id"]]
    assert alix.items("/appointments?adviser=farid") == []
    assert alix.items("/appointments?adviser=chloe") == [second, first]


def test_the_list_holds_nothing_that_may_not_be_read(api: Api) -> None:
    booked(api)
    assert api("gaston").items("/appointments") == []
    assert api("zoe").items("/appointments") == []


def test_the_list_holds_what_the_account_booked(api: Api) -> None:
    made = booked(api, "gaston")
    assert api("gaston").items("/appointments") == [made]


def test_a_list_for_a_calendar_that_may_not_be_seen_is_404(api: Api) -> None:
    assert api("alix").get("/appointments?adviser=zoe").status_code == 404


def test_the_list_comes_in_pages(api: Api) -> None:
    made = [booked(api, start=at(f"2027-01-{day}T{hour}:00")) for day in (19, 21) for hour in ("09", "10", "11")]
    alix, seen, cursor = api("alix"), [], ""
    while cursor is not None:
        page = alix.get(f"/appointments?limit=4{cursor}").get_json()
        seen.append([each["id"] for each in page["items"]])
        cursor = page["next"] and f"&cursor={page['next']}"
    assert [len(page) for page in seen] == [4, 2]
    assert [each for page in seen for each in page] == [each["id"] for each in made]
