"""Windows of rooms and vehicles: what stands against a reservation, in codes, and what only deserves a word."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from booking import database
from booking.actions import absences, openings_editing, reservation_rules
from booking.actions.absences import AbsenceDraft
from booking.actions.feasibility import calendars_named
from booking.actions.openings_editing import OpeningDraft
from booking.actions.rights import load_actor
from booking.models import Calendar
from tests.actions.conftest import NOW, Desk, at

HALL, CAR = "salle-brume", "clio-brume"


def rule(calendar: str, **columns: Any) -> None:
    database.write(lambda session: session.execute(update(Calendar).where(Calendar.id == calendar).values(**columns)))


def opened(desk: Desk, calendar: str = HALL, start: str = "2027-01-04T08:00", minutes: int = 600, **more: Any) -> None:
    draft = OpeningDraft("maison-brume", start, minutes, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", **more)
    desk.do("elise", openings_editing.add, calendar, draft)


def looked_at(
    desk: Desk, calendar: str, look: Callable[..., Any], *spans: tuple[str, str], who: str = "alix", **more: Any
) -> Any:
    def work(session: Session) -> Any:
        actor = load_actor(session, desk.cast.accounts[who].pk)
        facts = list(calendars_named(session, [calendar]).values())
        wanted = [(0, at(start), at(end)) for start, end in spans]
        return look(session, actor, facts, wanted, **more)

    with database.reading() as session:
        return work(session)


def hindered(desk: Desk, calendar: str, *spans: tuple[str, str], people: int | None = None) -> list[str]:
    def look(session: Session, actor: Any, facts: Any, wanted: Any) -> list[str]:
        found = reservation_rules.examine(session, actor, facts, wanted, people, None, None, NOW)
        assert {each.calendar for each in found} <= {calendar}
        return [each.code for each in found]

    return looked_at(desk, calendar, look, *spans)  # type: ignore[no-any-return]


def warned(desk: Desk, calendar: str, *spans: tuple[str, str], people: int | None = None) -> list[str]:
    def look(session: Session, actor: Any, facts: Any, wanted: Any) -> list[str]:
        return [each.code for each in reservation_rules.warnings(session, facts, wanted, people)]

    return looked_at(desk, calendar, look, *spans)  # type: ignore[no-any-return]


def test_a_room_without_rules_is_open_day_and_night(desk: Desk) -> None:
    assert (
        hindered(desk, HALL, ("2027-01-19T02:00", "2027-01-19T03:00"), ("2027-01-24T22:00", "2027-01-25T06:00")) == []
    )


def test_what_lies_outside_the_opening_hours_is_closed(desk: Desk) -> None:
    opened(desk)
    assert hindered(desk, HALL, ("2027-01-19T08:00", "2027-01-19T18:00")) == []
    assert hindered(desk, HALL, ("2027-01-19T07:30", "2027-01-19T09:00")) == ["closed"]
    assert hindered(desk, HALL, ("2027-01-23T10:00", "2027-01-23T11:00")) == ["closed"]


def test_the_setting_up_and_the_clearing_of_a_room_may_lie_outside_its_hours(desk: Desk) -> None:
    opened(desk, minutes=120)
    assert hindered(desk, HALL, ("2027-01-19T08:00", "2027-01-19T10:00")) == []


def test_a_loan_over_night_begins_and_ends_in_the_opening_hours(desk: Desk) -> None:
    opened(desk, CAR)
    assert hindered(desk, CAR, ("2027-01-19T17:00", "2027-01-20T09:00")) == []
    assert hindered(desk, CAR, ("2027-01-19T19:00", "2027-01-20T09:00")) == ["closed"]
    assert hindered(desk, CAR, ("2027-01-19T17:00", "2027-01-20T07:00")) == ["closed"]
    assert hindered(desk, CAR, ("2027-01-19T17:00", "2027-01-23T09:00")) == ["closed"]


def test_an_opening_is_closed_on_public_holidays_unless_it_says_otherwise(desk: Desk) -> None:
    easter_monday = ("2027-03-29T10:00", "2027-03-29T11:00")
    opened(desk)
    assert hindered(desk, HALL, easter_monday) == ["closed"]
    opened(desk, CAR, holidays="open")
    assert hindered(desk, CAR, easter_monday) == []


def test_a_room_without_openings_can_be_closed_on_public_holidays(desk: Desk) -> None:
    rule(HALL, closed_on=["public_holidays"])
    assert hindered(desk, HALL, ("2027-03-29T10:00", "2027-03-29T11:00")) == ["public_holiday"]
    assert hindered(desk, HALL, ("2027-03-30T10:00", "2027-03-30T11:00")) == []


def test_school_holidays_are_those_of_the_territory(desk: Desk) -> None:
    rule(HALL, closed_on=["school_holidays"])
    assert hindered(desk, HALL, ("2027-02-17T10:00", "2027-02-17T11:00")) == ["school_holiday"]
    assert hindered(desk, HALL, ("2027-01-20T10:00", "2027-01-20T11:00")) == []


def test_a_day_of_which_nobody_knows_closes_nothing_but_says_so(desk: Desk) -> None:
    rule(HALL, closed_on=["school_holidays"])
    beyond = ("2039-07-20T10:00", "2039-07-20T11:00")
    assert hindered(desk, HALL, beyond) == []
    assert warned(desk, HALL, beyond) == ["school_unknown"]
    assert warned(desk, HALL, ("2027-01-20T10:00", "2027-01-20T11:00")) == []


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"notice_minutes": 1440}, "notice"),
        ({"horizon_days": 1}, "horizon"),
        ({"shortest_minutes": 90}, "too_short"),
        ({"longest_minutes": 30}, "too_long"),
    ],
)
def test_notice_horizon_and_length_are_held(desk: Desk, columns: dict[str, int], code: str) -> None:
    soon = ("2027-01-19T10:00", "2027-01-19T11:00") if code != "horizon" else ("2027-01-19T10:30", "2027-01-19T11:30")
    assert hindered(desk, HALL, soon) == []
    rule(HALL, **columns)
    assert hindered(desk, HALL, soon) == [code]


def test_each_date_that_is_hindered_is_named(desk: Desk) -> None:
    opened(desk)
    first, second = ("2027-01-23T10:00", "2027-01-23T11:00"), ("2027-01-25T10:00", "2027-01-25T11:00")
    desk.do("elise", absences.add, AbsenceDraft(HALL, "2027-01-25", "2027-01-25"))
    assert hindered(desk, HALL, second, first) == ["closed", "absence"]


def test_too_many_or_too_few_people_are_warned_of_and_hinder_nobody(desk: Desk) -> None:
    rule(HALL, least_people=4)
    hour = ("2027-01-19T10:00", "2027-01-19T11:00")
    assert warned(desk, HALL, hour, people=11) == ["too_many_people"]
    assert warned(desk, HALL, hour, people=3) == ["too_few_people"]
    assert warned(desk, HALL, hour, people=6) == warned(desk, HALL, hour) == []
    assert hindered(desk, HALL, hour, people=11) == []


@pytest.mark.parametrize(
    ("look", "column", "code"),
    [
        (reservation_rules.may_still_change, "change_notice_minutes", "change_notice"),
        (reservation_rules.may_still_cancel, "cancel_notice_minutes", "cancel_notice"),
    ],
)
def test_changes_and_cancellations_ask_for_notice_save_of_who_manages(
    desk: Desk, look: Callable[..., Any], column: str, code: str
) -> None:
    def asked(who: str, start: str) -> str | None:
        with database.reading() as session:
            actor = load_actor(session, desk.cast.accounts[who].pk)
            found = look(session, actor, [desk.cast.hall.pk], at(start), NOW)
            return found.code if found else None

    assert asked("alix", "2027-01-18T11:00") is None
    rule(HALL, **{column: 120})
    assert asked("alix", "2027-01-18T12:30") == code
    assert asked("alix", "2027-01-18T12:40") is None
    assert asked("elise", "2027-01-18T12:30") is None
