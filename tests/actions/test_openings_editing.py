"""Making and changing openings: whole, from a date on, or one date; who may; what it displaces."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from booking import database
from booking.actions import opening_views, openings_editing, slots
from booking.actions.audit import history
from booking.actions.opening_views import NextDate
from booking.actions.openings_editing import OpeningDraft
from booking.actions.slots import Search
from booking.models import Calendar, Opening
from booking.refusals import Forbidden, Invalid, NotFound, Stale
from tests.actions.conftest import NOW, Desk, at

MONDAYS = OpeningDraft("maison-brume", "2027-01-25T14:00", 120, "FREQ=WEEKLY;BYDAY=MO")


def offered(desk: Desk, adviser: str, since: date, until: date) -> list[str]:
    search = Search(minutes=60, advisers=(adviser,), since=since, until=until, grid=60)
    page = desk.read("helene", lambda session, actor: slots.find(session, actor, search, NOW))
    return [f"{_wall(slot.starts)} {slot.venue}" for slot in page.items]


def _wall(minute: int) -> str:
    from booking.actions.series import wall_text
    from tests.actions.conftest import PARIS

    return wall_text(minute, PARIS)


def version_of(desk: Desk, calendar: str) -> int:
    with database.reading() as session:
        return session.scalars(select(Calendar.version).where(Calendar.id == calendar)).one()


def test_an_adviser_opens_their_own_hours(desk: Desk) -> None:
    desk.do("alix", openings_editing.add, "alix", MONDAYS)
    assert offered(desk, "alix", date(2027, 1, 25), date(2027, 2, 1)) == [
        "2027-01-25T14:00 maison-brume",
        "2027-01-25T15:00 maison-brume",
        "2027-02-01T14:00 maison-brume",
        "2027-02-01T15:00 maison-brume",
    ]


def test_making_an_opening_raises_the_calendars_version_and_leaves_a_row_in_the_audit(desk: Desk) -> None:
    before = version_of(desk, "alix")
    made = desk.do("alix", openings_editing.add, "alix", MONDAYS)
    assert version_of(desk, "alix") > before
    with database.reading() as session:
        assert [(name, action) for _, name, action, _ in history(session, "opening", made.id)] == [
            ("Alix Aubert", "open")
        ]


@pytest.mark.parametrize("who", ["elise", "helene"])
def test_who_coordinates_or_administers_opens_hours_for_others(desk: Desk, who: str) -> None:
    assert desk.do(who, openings_editing.add, "alix", MONDAYS).id


@pytest.mark.parametrize("who", ["basile", "denise", "farid", "gaston"])
def test_who_may_only_book_opens_no_hours(desk: Desk, who: str) -> None:
    with pytest.raises(Forbidden):
        desk.do(who, openings_editing.add, "alix", MONDAYS)


@pytest.mark.parametrize("adviser", ["nobody", "zoe", "salle-loin"])
def test_hours_of_somebody_unknown_are_not_found(desk: Desk, adviser: str) -> None:
    with pytest.raises(NotFound):
        desk.do("helene", openings_editing.add, adviser, MONDAYS)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"venue": "nowhere"}, "/venue"),
        ({"venue": "salle-lointaine"}, "/venue"),
        ({"start": "2027-02-30T10:00"}, "/start"),
        ({"start": "2027-02-03"}, "/start"),
        ({"start": "2027-02-03T10:00:30"}, "/start"),
        ({"minutes": 0}, "/minutes"),
        ({"minutes": 1441}, "/minutes"),
        ({"rrule": "FREQ=HOURLY"}, "/rrule"),
        ({"rrule": "FREQ=WEEKLY;UNTIL=20260101"}, "/rrule"),
        ({"rrule": "X" * 501}, "/rrule"),
        ({"exdates": ("tomorrow",)}, "/exdates"),
        ({"admission": "always"}, "/admission"),
        ({"purposes": ("demarches", "nothing")}, "/purposes/1"),
        ({"holidays": "sometimes"}, "/holidays"),
    ],
)
def test_what_makes_no_sense_is_named(desk: Desk, wrong: dict[str, Any], pointer: str) -> None:
    values = {"venue": "maison-brume", "start": "2027-01-25T14:00", "minutes": 120, **wrong}
    with pytest.raises(Invalid) as refused:
        desk.do("alix", openings_editing.add, "alix", OpeningDraft(**values))
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_a_limited_opening_is_offered_for_its_purposes_only(desk: Desk) -> None:
    draft = OpeningDraft("maison-brume", "2027-01-25T14:00", 60, purposes=("demarches",))
    desk.do("alix", openings_editing.add, "alix", draft)

    def starts(search: Search) -> int:
        return len(desk.read("alix", lambda session, actor: slots.find(session, actor, search, NOW).items))

    assert starts(Search(purpose="demarches", advisers=("alix",))) == 3
    assert starts(Search(purpose="urgence", advisers=("alix",))) == 0
    assert starts(Search(minutes=30, advisers=("alix",))) == 0


def test_changing_an_opening_changes_it_whole(desk: Desk) -> None:
    draft = OpeningDraft("mairie-d-orme", "2027-01-05T10:00", 60, "FREQ=WEEKLY;BYDAY=TU")
    edited = desk.do("chloe", openings_editing.change, "chloe-1", draft)
    assert edited.version == 2
    assert offered(desk, "chloe", date(2027, 1, 18), date(2027, 1, 28)) == [
        "2027-01-19T10:00 mairie-d-orme",
        "2027-01-26T10:00 mairie-d-orme",
    ]


def test_this_and_the_following_keeps_the_past(desk: Desk) -> None:
    draft = OpeningDraft("maison-brume", "2027-01-26T14:00", 60, "FREQ=WEEKLY;BYDAY=TU")
    edited = desk.do("chloe", openings_editing.change, "chloe-1", draft, on=date(2027, 1, 25))
    assert edited.id != "chloe-1"
    assert offered(desk, "chloe", date(2027, 1, 19), date(2027, 2, 4)) == [
        *(f"2027-01-19T{hour}:00 maison-brume" for hour in ("09", "10", "11")),
        *(f"2027-01-21T{hour}:00 maison-brume" for hour in ("09", "10", "11")),
        "2027-01-26T14:00 maison-brume",
        "2027-02-02T14:00 maison-brume",
    ]


def test_from_the_first_date_on_is_the_whole(desk: Desk) -> None:
    draft = OpeningDraft("maison-brume", "2027-01-05T14:00", 60, "FREQ=WEEKLY;BYDAY=TU")
    assert desk.do("chloe", openings_editing.change, "chloe-1", draft, on=date(2027, 1, 5)).id == "chloe-1"


def test_from_a_date_after_the_end_is_refused(desk: Desk) -> None:
    made = desk.do("alix", openings_editing.add, "alix", OpeningDraft("maison-brume", "2027-01-25T14:00", 120))
    with pytest.raises(Invalid):
        desk.do("alix", openings_editing.change, made.id, MONDAYS, on=date(2027, 2, 1))


def test_one_date_can_be_cancelled_and_come_back(desk: Desk) -> None:
    before = offered(desk, "chloe", date(2027, 1, 19), date(2027, 1, 19))
    desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-19", start=None)
    assert offered(desk, "chloe", date(2027, 1, 19), date(2027, 1, 19)) == []
    desk.do("chloe", openings_editing.undo_date, "chloe-1", "2027-01-19T09:00")
    assert offered(desk, "chloe", date(2027, 1, 19), date(2027, 1, 19)) == before


def test_one_date_can_be_held_at_another_time_and_place(desk: Desk) -> None:
    desk.do(
        "chloe",
        openings_editing.change_date,
        "chloe-1",
        "2027-01-19",
        start="2027-01-20T15:00",
        minutes=60,
        venue="mairie-d-orme",
    )
    assert offered(desk, "chloe", date(2027, 1, 19), date(2027, 1, 20)) == ["2027-01-20T15:00 mairie-d-orme"]


def test_a_date_that_the_rule_does_not_give_is_not_found(desk: Desk) -> None:
    for original in ("2027-01-20", "2027-01-19T10:00", "x"):
        with pytest.raises(NotFound):
            desk.do("chloe", openings_editing.change_date, "chloe-1", original, start=None)


def test_a_changed_date_stays_when_the_opening_gets_longer(desk: Desk) -> None:
    desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-19", start=None)
    longer = OpeningDraft("maison-brume", "2027-01-05T09:00", 240, "FREQ=WEEKLY;BYDAY=TU,TH")
    desk.do("chloe", openings_editing.change, "chloe-1", longer)
    assert offered(desk, "chloe", date(2027, 1, 19), date(2027, 1, 19)) == []


def test_a_changed_date_is_let_go_when_the_rule_gives_it_no_more(desk: Desk) -> None:
    desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-19", start="2027-01-19T15:00")
    desk.do(
        "chloe",
        openings_editing.change,
        "chloe-1",
        OpeningDraft("maison-brume", "2027-01-07T09:00", 180, "FREQ=WEEKLY;BYDAY=TH"),
    )
    assert desk.read("chloe", opening_views.opening, "chloe-1").changes == ()


def test_removing_an_opening_takes_everything_with_it(desk: Desk) -> None:
    desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-19", start=None)
    desk.do("chloe", openings_editing.remove, "chloe-1")
    with database.reading() as session:
        assert session.scalar(select(Opening.pk).where(Opening.id == "chloe-1")) is None


def test_removing_from_a_date_on_keeps_what_was_before(desk: Desk) -> None:
    desk.do("chloe", openings_editing.remove, "chloe-1", on=date(2027, 1, 20))
    assert {each[:10] for each in offered(desk, "chloe", date(2027, 1, 18), date(2027, 2, 18))} == {"2027-01-19"}


def test_who_saw_an_older_state_is_told(desk: Desk) -> None:
    desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-19", start=None, seen=1)
    with pytest.raises(Stale):
        desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-21", start=None, seen=1)


def test_appointments_that_no_opening_holds_any_more_are_listed_and_stay(desk: Desk) -> None:
    inside = desk.book(start="2027-01-19T09:00")
    displaced = desk.book(start="2027-01-21T11:00")
    shorter = OpeningDraft("maison-brume", "2027-01-05T09:00", 120, "FREQ=WEEKLY;BYDAY=TU,TH")
    edited = desk.do("chloe", openings_editing.change, "chloe-1", shorter)
    assert [each.id for each in edited.outside] == [displaced.id]
    assert inside.id not in {each.id for each in edited.outside}
    from booking.actions.appointment_views import view

    assert desk.read("chloe", view, displaced.id).status == "confirmed"


def test_what_was_outside_before_is_not_listed_again(desk: Desk) -> None:
    desk.book("chloe", start="2027-01-20T15:00", override=True)
    edited = desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-26", start=None)
    assert edited.outside == ()


def test_another_opening_that_holds_the_appointment_keeps_it_inside(desk: Desk) -> None:
    desk.book(start="2027-01-19T09:00")
    same = OpeningDraft("maison-brume", "2027-01-19T08:00", 180)
    desk.do("chloe", openings_editing.add, "chloe", same)
    assert desk.do("chloe", openings_editing.remove, "chloe-1").outside == ()


def test_the_next_dates_skip_a_public_holiday_and_note_a_school_holiday(desk: Desk) -> None:
    draft = OpeningDraft("maison-brume", "2027-03-22T09:00", 180, "FREQ=WEEKLY;BYDAY=MO")
    dates = desk.read("chloe", lambda session, actor: opening_views.next_dates(session, draft, NOW))
    assert [(one.start, one.dropped) for one in dates] == [
        ("2027-03-22T09:00", None),
        ("2027-03-29T09:00", "Lundi de Pâques"),
        ("2027-04-05T09:00", None),
        ("2027-04-12T09:00", None),
        ("2027-04-19T09:00", None),
        ("2027-04-26T09:00", None),
    ]
    assert {one.start[:10] for one in dates if one.school_holiday} == {"2027-04-12", "2027-04-19"}


def test_an_opening_that_is_open_on_holidays_takes_place_on_them(desk: Desk) -> None:
    draft = OpeningDraft("maison-brume", "2027-03-29T09:00", 180, holidays="open")
    assert desk.read("chloe", lambda session, actor: opening_views.next_dates(session, draft, NOW)) == [
        NextDate("2027-03-29T09:00", "2027-03-29T09:00", 180)
    ]


def test_the_next_dates_show_what_was_changed(desk: Desk) -> None:
    desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-19", start=None)
    desk.do("chloe", openings_editing.change_date, "chloe-1", "2027-01-21", start="2027-01-22T10:00", minutes=30)
    view = desk.read("chloe", opening_views.opening, "chloe-1")
    dates = desk.read(
        "chloe", lambda session, actor: opening_views.next_dates(session, view.draft, NOW, 2, view.changes)
    )
    assert dates == [
        NextDate("2027-01-19T09:00", "2027-01-19T09:00", 180, "cancelled", changed=True),
        NextDate("2027-01-21T09:00", "2027-01-22T10:00", 30, changed=True),
        NextDate("2027-01-26T09:00", "2027-01-26T09:00", 180),
    ]


def test_a_draft_that_makes_no_sense_has_no_next_dates(desk: Desk) -> None:
    with pytest.raises(Invalid):
        desk.read(
            "chloe",
            lambda session, actor: opening_views.next_dates(session, OpeningDraft("maison-brume", "x", 1), NOW),
        )


def test_openings_are_seen_by_whoever_sees_the_calendar(desk: Desk) -> None:
    [seen] = desk.read("gaston", opening_views.openings_of, "chloe")
    assert (seen.id, seen.venue_name, seen.may_change) == ("chloe-1", "Maison de Brume", False)
    assert {each.calendar for each in desk.read("gaston", opening_views.openings_of)} == {"chloe", "farid"}
    with pytest.raises(NotFound):
        desk.read("zoe", opening_views.openings_of, "chloe")
    with pytest.raises(NotFound):
        desk.read("zoe", opening_views.opening, "chloe-1")


def test_a_room_opens_where_it_is_for_whatever_it_is_taken(desk: Desk) -> None:
    elsewhere = replace(MONDAYS, venue="mairie-d-orme", admission="drop_in", purposes=("demarches",))
    made = desk.do("elise", openings_editing.add, "salle-brume", elsewhere)
    seen = desk.read("elise", opening_views.opening, made.id)
    assert (seen.calendar, seen.venue, seen.admission, seen.purposes) == ("salle-brume", "maison-brume", "both", None)


def test_a_start_before_the_change_of_clocks_is_told_on_the_wall(desk: Desk) -> None:
    desk.do("alix", openings_editing.add, "alix", MONDAYS)
    assert offered(desk, "alix", date(2027, 3, 22), date(2027, 3, 22))[0] == "2027-03-22T14:00 maison-brume"
    assert offered(desk, "alix", date(2027, 4, 5), date(2027, 4, 5))[0] == "2027-04-05T14:00 maison-brume"
    assert at("2027-04-05T14:00") - at("2027-03-22T14:00") == 14 * 1440 - 60
