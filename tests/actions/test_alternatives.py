"""Other times for a lost one: near it, from the same people first."""

from __future__ import annotations

from typing import Any

import pytest

from booking.actions import absences, openings_editing
from booking.actions.absences import AbsenceDraft
from booking.actions.alternatives import alternatives
from booking.actions.appointment_requests import Request
from booking.actions.openings_editing import OpeningDraft
from tests.actions.conftest import NOW, Desk, at


def others(
    desk: Desk, start: str = "2027-01-19T10:00", who: str = "alix", **changes: Any
) -> list[tuple[int, str, str]]:
    wanted = {"purpose": "accompagnement", "advisers": ("chloe",), "venue": "maison-brume", **changes}
    found = desk.read(
        who, lambda session, actor: alternatives(session, actor, Request(starts=at(start), **wanted), NOW)
    )
    return [(slot.starts, slot.advisers[0], slot.venue) for slot in found]


def test_the_nearest_of_the_same_day_come_first(desk: Desk) -> None:
    desk.book(start="2027-01-19T10:00")
    assert others(desk) == [(at(f"2027-01-19T{hour}"), "chloe", "maison-brume") for hour in ("09:00", "11:00")] + [
        (at("2027-01-21T09:00"), "chloe", "maison-brume")
    ]


def test_at_most_three_are_given(desk: Desk) -> None:
    assert len(others(desk)) == 3


def test_elsewhere_comes_after_the_same_venue(desk: Desk) -> None:
    desk.do("chloe", openings_editing.remove, "chloe-1")
    desk.do("chloe", openings_editing.add, "chloe", OpeningDraft("maison-brume", "2027-01-28T09:00", 60))
    desk.do("chloe", openings_editing.add, "chloe", OpeningDraft("mairie-d-orme", "2027-01-19T14:00", 60))
    assert others(desk)[:2] == [
        (at("2027-01-28T09:00"), "chloe", "maison-brume"),
        (at("2027-01-19T14:00"), "chloe", "mairie-d-orme"),
    ]


def test_somebody_else_comes_last(desk: Desk) -> None:
    desk.do("chloe", openings_editing.remove, "chloe-1")
    assert others(desk) == [
        (at(f"2027-01-22T{hour}"), "farid", "mairie-d-orme") for hour in ("09:00", "09:15", "09:30")
    ]


def test_several_together_are_not_replaced_by_one(desk: Desk) -> None:
    assert others(desk, advisers=("chloe", "farid"), venue=None) == []


def test_nothing_before_now_is_proposed(desk: Desk) -> None:
    assert all(start > int(NOW.timestamp()) // 60 for start, _, _ in others(desk, start="2027-01-14T10:00"))


def test_a_room_that_was_asked_for_may_be_another_one(desk: Desk) -> None:
    desk.do("elise", absences.add, AbsenceDraft("bureau-brume", "2027-01-18", "2027-03-18"))
    assert others(desk, room="bureau-brume")[0] == (at("2027-01-19T10:00"), "chloe", "maison-brume")


@pytest.mark.parametrize(
    "senseless", [{"purpose": "nothing"}, {"advisers": ("zoe",)}, {"minutes": 0}, {"venue": "nowhere"}]
)
def test_a_request_that_makes_no_sense_has_none_and_does_not_fail(desk: Desk, senseless: dict[str, Any]) -> None:
    found = others(desk, **senseless)
    assert found == [] or {adviser for _, adviser, _ in found} <= {"chloe", "farid"}
