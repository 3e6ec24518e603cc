"""Why a search found nothing, in codes by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from booking.actions import absences, openings_editing, slot_obstacles, slots
from booking.actions.absences import AbsenceDraft
from booking.actions.openings_editing import OpeningDraft
from booking.actions.slot_obstacles import Hindered
from booking.actions.slots import Search
from tests.actions.conftest import NOW, Desk, at

TUESDAY, WEDNESDAY = date(2027, 1, 19), date(2027, 1, 20)
WITH_CHLOE = Search(purpose="accompagnement", advisers=("chloe",), since=TUESDAY, until=TUESDAY)


def hindered(desk: Desk, search: Search = WITH_CHLOE, who: str = "alix") -> list[Hindered]:
    return desk.read(who, lambda session, actor: slot_obstacles.why_none(session, actor, search, NOW))


def test_a_day_that_has_a_slot_is_left_out(desk: Desk) -> None:
    assert hindered(desk) == []


def test_a_day_outside_of_openings_is_told(desk: Desk) -> None:
    search = replace(WITH_CHLOE, since=WEDNESDAY, until=WEDNESDAY)
    assert hindered(desk, search) == [Hindered(WEDNESDAY, "outside_openings", "chloe", "Chloé Caron")]


def test_an_absence_is_told_before_what_is_booked(desk: Desk) -> None:
    desk.book(start="2027-01-19T09:00")
    desk.do("chloe", absences.add, AbsenceDraft("chloe", "2027-01-19", "2027-01-19"))
    assert hindered(desk) == [Hindered(TUESDAY, "absence", "chloe", "Chloé Caron")]


def test_a_full_day_is_busy(desk: Desk) -> None:
    for hour in ("09:00", "10:00", "11:00"):
        desk.book(start=f"2027-01-19T{hour}")
    assert hindered(desk) == [Hindered(TUESDAY, "busy", "chloe", "Chloé Caron")]


def test_a_public_holiday_is_told(desk: Desk) -> None:
    easter = date(2027, 3, 29)
    draft = OpeningDraft("maison-brume", "2027-03-29T09:00", 180)
    desk.do("chloe", openings_editing.add, "chloe", draft)
    search = replace(WITH_CHLOE, since=easter, until=easter)
    assert [each.code for each in hindered(desk, search)] == ["public_holiday"]


def test_notice_and_horizon_are_told(desk: Desk) -> None:
    assert [each.code for each in hindered(desk, replace(WITH_CHLOE, notice=5000))] == ["notice"]
    late = date(2027, 5, 4)
    assert [each.code for each in hindered(desk, replace(WITH_CHLOE, since=late, until=late))] == ["horizon"]


@pytest.mark.parametrize(("kind", "thing"), [("room", "salle-brume"), ("vehicle", "clio-brume")])
def test_a_room_or_a_vehicle_that_is_taken_is_told(desk: Desk, kind: str, thing: str) -> None:
    desk.do("elise", absences.add, AbsenceDraft(thing, "2027-01-19", "2027-01-19"))
    search = Search(purpose="atelier", advisers=("chloe",), since=TUESDAY, until=TUESDAY)
    assert [each.code for each in hindered(desk, search)] == [kind]


def test_each_of_several_is_told_for_its_own_reason(desk: Desk) -> None:
    desk.do("farid", openings_editing.add, "farid", OpeningDraft("mairie-d-orme", "2027-01-19T09:00", 60))
    desk.book(advisers=("farid",), venue="mairie-d-orme", start="2027-01-19T09:00")
    desk.do("chloe", absences.add, AbsenceDraft("chloe", "2027-01-19", "2027-01-19"))
    search = Search(purpose="accompagnement", since=TUESDAY, until=TUESDAY)
    assert [(each.code, each.name) for each in hindered(desk, search)] == [
        ("absence", "Chloé Caron"),
        ("busy", "Farid Faure"),
    ]


def test_one_free_adviser_is_enough_for_a_day_to_be_left_out(desk: Desk) -> None:
    desk.do("chloe", absences.add, AbsenceDraft("chloe", "2027-01-19", "2027-01-19"))
    desk.do("farid", openings_editing.add, "farid", OpeningDraft("mairie-d-orme", "2027-01-19T09:00", 60))
    assert hindered(desk, Search(purpose="accompagnement", since=TUESDAY, until=TUESDAY)) == []


def test_two_who_are_never_free_together_have_no_common_time(desk: Desk) -> None:
    desk.do("farid", openings_editing.add, "farid", OpeningDraft("maison-brume", "2027-01-19T12:00", 60))
    search = Search(minutes=60, advisers=("chloe", "farid"), together=True, since=TUESDAY, until=TUESDAY)
    assert hindered(desk, search) == [Hindered(TUESDAY, "no_common_time")]


def test_a_search_of_many_weeks_is_told_for_its_first_days_only(desk: Desk) -> None:
    desk.do("chloe", openings_editing.remove, "chloe-1")
    search = replace(WITH_CHLOE, until=date(2027, 3, 1))
    assert [each.day for each in hindered(desk, search)] == [date(2027, 1, day) for day in range(19, 26)]


def test_a_day_without_slots_always_has_a_reason(desk: Desk) -> None:
    desk.do("chloe", absences.add, AbsenceDraft("chloe", "2027-01-21T08:00", "2027-01-21T11:30"))
    desk.book(start="2027-01-26T10:00")
    search = Search(purpose="accompagnement", minutes=90, since=date(2027, 1, 18), until=date(2027, 2, 1))
    page = desk.read("alix", lambda session, actor: slots.find(session, actor, search, NOW))
    with_slots = {
        day
        for day in range(18, 25)
        for slot in page.items
        if at(f"2027-01-{day}T00:00") <= slot.starts < at(f"2027-01-{day + 1}T00:00")
    }
    told = {each.day.day for each in hindered(desk, search)}
    assert with_slots | told == set(range(18, 25))
    assert not with_slots & told
