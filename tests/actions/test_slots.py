"""Searching for slots: what may be asked, by whom, what it costs, and what becomes of it when something changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from booking import database
from booking.actions import claims, slots
from booking.actions.appointment_requests import Request
from booking.actions.slots import Search
from booking.models import Opening, Organisation, Share, Venue
from booking.refusals import Forbidden, Invalid, NotFound
from tests.actions.conftest import NOW, Desk, at

TUESDAY = Search(purpose="accompagnement", until=date(2027, 1, 19))


def found(desk: Desk, who: str, search: Search) -> list[slots.Slot]:
    return desk.read(who, lambda session, actor: slots.find(session, actor, search, NOW).items)


def starts(desk: Desk, who: str = "alix", search: Search = TUESDAY) -> list[int]:
    return [slot.starts for slot in found(desk, who, search)]


def test_the_first_offers_are_those_of_the_opening_that_nothing_takes(desk: Desk) -> None:
    desk.book(start="2027-01-19T09:00")
    assert starts(desk) == [at(f"2027-01-19T{hour}") for hour in ("10:00", "10:15", "10:30", "10:45", "11:00")]


def test_a_slot_tells_adviser_venue_and_the_venues_zone(desk: Desk) -> None:
    slot = found(desk, "alix", TUESDAY)[0]
    assert (slot.advisers, slot.venue, slot.zone, slot.rooms, slot.vehicles) == (
        ("chloe",),
        "maison-brume",
        "Europe/Paris",
        (),
        (),
    )


def test_a_booked_time_is_offered_no_more_and_a_cancelled_one_again(desk: Desk) -> None:
    from booking.actions import appointments

    before = starts(desk)
    booked = desk.book(start="2027-01-19T10:00")
    assert at("2027-01-19T10:00") not in starts(desk)
    desk.do("alix", appointments.cancel, booked.id, None)
    assert starts(desk) == before


def test_an_opening_that_changes_changes_the_offers(desk: Desk) -> None:
    before = starts(desk)

    def shorten(session: Session) -> None:
        session.execute(update(Opening).where(Opening.id == "chloe-1").values(minutes=120))
        database.lock_calendars(session, [desk.cast.chloe_calendar.pk])

    database.write(shorten)
    assert starts(desk) == [start for start in before if start <= at("2027-01-19T10:00")]


def test_a_territory_that_changes_its_clock_changes_the_offers(desk: Desk) -> None:
    before = starts(desk)

    def move_west(session: Session) -> None:
        from booking.models import Territory

        session.execute(update(Territory).where(Territory.id == "val-de-brume").values(timezone="Europe/London"))

    database.write(move_west)
    assert starts(desk, search=replace(TUESDAY, until=date(2027, 1, 19))) == [start + 60 for start in before]


def test_what_a_transaction_saw_and_undid_leaves_no_trace(desk: Desk) -> None:
    before = starts(desk)

    class Undone(Exception):
        pass

    def look_and_fail(session: Session) -> None:
        database.lock_calendars(session, [desk.cast.chloe_calendar.pk])
        claims.take(
            session, _an_entry(session, desk), [claims.Wanted(desk.cast.chloe_calendar.pk, before[0], before[-1])]
        )
        slots.find(session, desk.actor("alix"), TUESDAY, NOW)
        raise Undone

    with pytest.raises(Undone):
        database.write(look_and_fail)
    desk.book(start="2027-01-28T10:00")  # raises the same version
    assert starts(desk) == before


def _an_entry(session: Session, desk: Desk) -> int:
    from booking.actions import entries

    pk, _, _ = entries.new_entry(
        session,
        kind="meeting",
        now=NOW,
        status="confirmed",
        zone="Europe/Paris",
        starts=at("2027-01-19T09:00"),
        ends=at("2027-01-19T12:00"),
        territory_pk=desk.cast.territory.pk,
    )
    return pk


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (Search(), "/minutes"),
        (Search(minutes=0), "/minutes"),
        (Search(minutes=30, before=-1), "/before"),
        (Search(minutes=30, notice=-1), "/notice"),
        (Search(minutes=30, grid=7), "/grid"),
        (Search(minutes=30, limit=5001), "/limit"),
        (Search(minutes=30, limit=0), "/limit"),
        (Search(minutes=30, near=(45.0, 1.0)), "/within_km"),
        (Search(minutes=30, near=(45.0, 1.0), within_km=float("nan")), "/within_km"),
        (Search(minutes=30, near=(95.0, 1.0), within_km=3), "/near"),
        (Search(minutes=30, together=True), "/together"),
        (Search(minutes=30, since=date(2027, 2, 1), until=date(2027, 1, 1)), "/to"),
        (Search(minutes=30, since=date(2027, 2, 1), until=date(2027, 5, 13)), "/to"),
        (Search(minutes=30, since=date(9999, 12, 31), until=date(9999, 12, 31)), "/from"),
        (Search(minutes=30, cursor="nonsense"), "/cursor"),
        (Search(minutes=30, cursor="W10"), "/cursor"),
    ],
)
def test_values_that_make_no_sense_are_named(desk: Desk, wrong: Search, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        found(desk, "alix", wrong)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_a_hundred_days_may_be_searched(desk: Desk) -> None:
    assert found(desk, "alix", Search(minutes=30, since=date(2027, 2, 1), until=date(2027, 5, 12)))


@pytest.mark.parametrize(
    "unknown",
    [
        {"purpose": "nothing"},
        {"advisers": ("nobody",)},
        {"advisers": ("zoe",)},
        {"advisers": ("bureau-brume",)},
        {"venues": ("nowhere",)},
        {"venues": ("salle-lointaine",)},
        {"organisation": "none"},
        {"organisation": "mairie-lointaine"},
        {"room": "nothing"},
        {"room": "salle-loin"},
        {"vehicle": "nothing"},
    ],
)
def test_what_may_not_be_known_of_is_not_found(desk: Desk, unknown: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        found(desk, "alix", replace(Search(minutes=30), **unknown))


def test_an_organisation_without_anybody_to_book_has_no_slots(desk: Desk) -> None:
    def found_one(session: Session) -> None:
        session.add(Organisation(id="ccas", name="CCAS", territory_pk=desk.cast.territory.pk))

    database.write(found_one)
    assert found(desk, "alix", Search(minutes=30, organisation="ccas")) == []


def test_a_room_that_may_only_be_seen_is_refused(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        found(desk, "alix", Search(minutes=30, room="salle-orme"))


def test_an_adviser_who_may_only_be_seen_is_refused_by_name_and_left_out_otherwise(desk: Desk) -> None:
    def close(session: Session) -> None:
        session.add(
            Share(calendar_pk=desk.cast.farid_calendar.pk, territory_pk=desk.cast.territory.pk, level="free_busy")
        )

    database.write(close)
    with pytest.raises(Forbidden):
        found(desk, "alix", Search(minutes=30, advisers=("farid",)))
    assert {slot.advisers for slot in found(desk, "alix", Search(minutes=30))} == {("chloe",)}


def test_only_rooms_that_the_account_may_book_are_offered(desk: Desk) -> None:
    here = found(desk, "alix", replace(TUESDAY, room="any"))
    assert {slot.rooms for slot in here} == {("bureau-brume", "salle-brume")}
    friday = Search(purpose="accompagnement", advisers=("farid",), room="any")
    assert found(desk, "alix", friday) == []
    assert {slot.rooms for slot in found(desk, "gaston", friday)} == {("salle-orme",)}


def test_a_purpose_that_asks_for_room_and_vehicle_has_them_required(desk: Desk) -> None:
    offered = found(desk, "alix", Search(purpose="atelier", advisers=("chloe",)))
    assert {(slot.rooms, slot.vehicles) for slot in offered} == {(("salle-brume",), ("clio-brume",))}


def test_a_purpose_asks_for_nothing_when_told_not_to(desk: Desk) -> None:
    offered = found(desk, "alix", Search(purpose="atelier", advisers=("chloe",), as_purpose_asks=False))
    assert {(slot.rooms, slot.vehicles) for slot in offered} == {((), ())}


def test_a_room_is_free_with_its_own_minutes_around(desk: Desk) -> None:
    desk.book("basile", room="salle-brume", start="2027-01-21T10:00")

    def other_opening(session: Session) -> None:
        session.add(
            Opening(
                id="alix-1",
                calendar_pk=desk.cast.alix_calendar.pk,
                venue_pk=desk.cast.maison.pk,
                starts_wall="2027-01-21T08:00",
                minutes=300,
                admission="both",
            )
        )
        database.lock_calendars(session, [desk.cast.alix_calendar.pk])

    database.write(other_opening)
    search = Search(minutes=30, advisers=("alix",), room="salle-brume", until=date(2027, 1, 21))
    offered = starts(desk, search=search)
    # 10:00 to 11:00 with a quarter before and after, and the same around what is looked for.
    assert at("2027-01-21T09:00") in offered
    assert at("2027-01-21T09:15") not in offered
    assert at("2027-01-21T11:15") not in offered
    assert at("2027-01-21T11:30") in offered


def test_together_is_a_slot_of_each_at_one_venue(desk: Desk) -> None:
    def both(session: Session) -> None:
        session.add(
            Opening(
                id="farid-2",
                calendar_pk=desk.cast.farid_calendar.pk,
                venue_pk=desk.cast.maison.pk,
                starts_wall="2027-01-19T11:00",
                minutes=240,
                admission="by_appointment",
            )
        )
        database.lock_calendars(session, [desk.cast.farid_calendar.pk])

    database.write(both)
    search = Search(minutes=30, advisers=("farid", "chloe"), together=True, until=date(2027, 1, 22))
    assert [(slot.starts, slot.advisers) for slot in found(desk, "alix", search)] == [
        (at(f"2027-01-19T{hour}"), ("farid", "chloe")) for hour in ("11:00", "11:15", "11:30")
    ]


def test_together_with_different_homes_has_no_vehicle(desk: Desk) -> None:
    search = Search(minutes=30, advisers=("farid", "chloe"), together=True, vehicle="any")
    assert found(desk, "helene", search) == []


def test_near_counts_venues_with_a_place_within_the_distance(desk: Desk) -> None:
    near_orme = Search(minutes=30, near=(45.5140, 1.6800), within_km=5)
    assert {slot.venue for slot in found(desk, "alix", near_orme)} == {"mairie-d-orme"}
    assert {slot.venue for slot in found(desk, "alix", replace(near_orme, within_km=15))} == {
        "mairie-d-orme",
        "maison-brume",
    }

    def forget_where(session: Session) -> None:
        session.execute(update(Venue).where(Venue.id == "mairie-d-orme").values(latitude=None, longitude=None))

    database.write(forget_where)
    assert found(desk, "alix", near_orme) == []


def test_a_proposal_that_waits_takes_its_time(desk: Desk) -> None:
    def propose_only(session: Session) -> None:
        pk = desk.cast.chloe_calendar.pk
        session.add(Share(calendar_pk=pk, organisation_pk=desk.cast.brume.pk, level="propose"))
        session.add(Share(calendar_pk=pk, territory_pk=desk.cast.territory.pk, level="none"))

    database.write(propose_only)
    before = starts(desk)
    booked = desk.book(start="2027-01-19T10:00")
    assert booked.status == "tentative"
    assert set(before) - set(starts(desk)) == {
        at(f"2027-01-19T{hour}") for hour in ("09:15", "09:30", "09:45", "10:00", "10:15", "10:30", "10:45")
    }


def test_seconds_count_a_search_never_offers_a_start_that_is_past(desk: Desk) -> None:
    search = Search(minutes=30, notice=0, grid=5)
    opening = at("2027-01-19T09:00")
    first = NOW + timedelta(minutes=opening + 10 - int(NOW.timestamp()) // 60, seconds=1)
    offered = desk.read("alix", lambda session, actor: slots.find(session, actor, search, first).items)
    assert offered[0].starts == opening + 15


def test_every_offered_slot_can_be_booked(desk: Desk) -> None:
    search = Search(purpose="accompagnement", room="any", vehicle="any", until=date(2027, 1, 21), grid=60)
    for slot in found(desk, "alix", search):
        desk.do(
            "alix",
            _book,
            Request(
                purpose="accompagnement",
                advisers=slot.advisers,
                venue=slot.venue,
                starts=slot.starts,
                room=slot.rooms[0],
                vehicle=slot.vehicles[0],
            ),
        )
    assert found(desk, "alix", search) == []


def _book(session: Session, *arguments: Any) -> None:
    from booking.actions import appointments

    appointments.book(session, *arguments)
