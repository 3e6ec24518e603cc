"""Absences and closures: laid over what is booked, in the way of what is not; whole, or one date."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from booking import database
from booking.actions import absence_views, absences, slots
from booking.actions.absences import AbsenceDraft
from booking.actions.series import extend_series
from booking.actions.slots import Search
from booking.models import Claim, Entry, ReleasedClaim
from booking.refusals import Forbidden, Invalid, NotFound, NotOffered, Stale, WrongState
from tests.actions.conftest import NOW, Desk, at

THE_19TH = AbsenceDraft("chloe", "2027-01-19", "2027-01-19", title="Congés")
EACH_TUESDAY = AbsenceDraft("chloe", "2027-01-19T10:00", "2027-01-19T11:00", "FREQ=WEEKLY;BYDAY=TU")


def claimed(absence_id: str) -> list[tuple[int, int]]:
    with database.reading() as session:
        found = session.execute(
            select(Claim.starts, Claim.ends).join(Entry, Entry.pk == Claim.entry_pk).where(Entry.id == absence_id)
        )
        return sorted((starts, ends) for starts, ends in found)


def days_offered(desk: Desk, until: date = date(2027, 2, 5)) -> set[str]:
    search = Search(purpose="accompagnement", advisers=("chloe",), until=until)
    page = desk.read("alix", lambda session, actor: slots.find(session, actor, search, NOW))
    return {datetime.fromtimestamp(slot.starts * 60, UTC).strftime("%d/%m %H:%M") for slot in page.items}


def test_a_whole_day_runs_from_midnight_to_midnight(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, THE_19TH)
    assert claimed(made.id) == [(at("2027-01-19T00:00"), at("2027-01-20T00:00"))]


def test_a_whole_day_on_which_the_clocks_change_is_as_long_as_it_is(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, AbsenceDraft("chloe", "2027-03-28", "2027-03-28"))
    [(starts, ends)] = claimed(made.id)
    assert ends - starts == 23 * 60


def test_nothing_is_offered_on_an_absence(desk: Desk) -> None:
    desk.do("chloe", absences.add, THE_19TH)
    assert not [each for each in days_offered(desk) if each.startswith("19/01")]


def test_nothing_is_booked_on_an_absence_without_saying_so(desk: Desk) -> None:
    desk.do("chloe", absences.add, THE_19TH)
    with pytest.raises(NotOffered) as refused:
        desk.book(start="2027-01-19T10:00")
    assert [each.code for each in refused.value.hindrances] == ["absence"]
    assert desk.book("chloe", start="2027-01-19T10:00", override=True).id


def test_an_absence_laid_over_appointments_is_accepted_and_lists_them(desk: Desk) -> None:
    before = desk.book(start="2027-01-19T09:00")
    desk.book(start="2027-01-21T09:00")
    made = desk.do("chloe", absences.add, THE_19TH)
    assert [(each.id, each.kind) for each in made.lies_on] == [(before.id, "appointment")]


def test_an_absence_over_the_whole_of_what_is_past_lists_nothing(desk: Desk) -> None:
    desk.book(start="2027-01-19T09:00")
    later = datetime(2027, 1, 19, 12, tzinfo=UTC)
    assert desk.do("chloe", absences.add, THE_19TH, now=later).lies_on == ()


def test_two_absences_may_overlap(desk: Desk) -> None:
    desk.do("chloe", absences.add, THE_19TH)
    assert desk.do("chloe", absences.add, AbsenceDraft("chloe", "2027-01-19T08:00", "2027-01-22T08:00")).id


def test_absent_today_lasts_from_now_to_midnight(desk: Desk) -> None:
    made = desk.do("chloe", absences.rest_of_today, "chloe", "Maladie")
    assert claimed(made.id) == [(at("2027-01-18T10:40"), at("2027-01-19T00:00"))]


def test_a_room_and_a_vehicle_can_be_closed_by_who_manages_them(desk: Desk) -> None:
    desk.do("elise", absences.add, AbsenceDraft("salle-brume", "2027-01-19", "2027-01-19", title="Travaux"))
    desk.do("elise", absences.add, AbsenceDraft("clio-brume", "2027-01-21", "2027-01-21", title="Révision"))
    search = Search(purpose="atelier", advisers=("chloe",), until=date(2027, 1, 28))
    page = desk.read("alix", lambda session, actor: slots.find(session, actor, search, NOW))
    assert {datetime.fromtimestamp(slot.starts * 60, UTC).date() for slot in page.items} == {
        date(2027, 1, 26),
        date(2027, 1, 28),
    }


@pytest.mark.parametrize("who", ["alix", "denise", "gaston"])
def test_only_who_manages_the_calendar_may(desk: Desk, who: str) -> None:
    with pytest.raises(Forbidden):
        desk.do(who, absences.add, THE_19TH)
    made = desk.do("chloe", absences.add, THE_19TH)
    with pytest.raises(Forbidden):
        desk.do(who, absences.remove, made.id)


def test_an_absence_of_elsewhere_is_not_found(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, THE_19TH)
    for action in (absences.remove, absence_views.absence):
        with pytest.raises(NotFound):
            desk.do("zoe", action, made.id) if action is absences.remove else desk.read("zoe", action, made.id)
    with pytest.raises(NotFound):
        desk.do("zoe", absences.add, THE_19TH)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"start": "soon"}, "/start"),
        ({"end": "2027-02-30"}, "/end"),
        ({"end": "2027-01-18"}, "/end"),
        ({"end": "2028-02-19"}, "/end"),
        ({"rrule": "FREQ=NEVER"}, "/rrule"),
        ({"rrule": "FREQ=DAILY;UNTIL=20260101"}, "/rrule"),
        ({"rrule": "FREQ=DAILY;COUNT=10002"}, "/rrule"),
        ({"rrule": "FREQ=DAILY", "exdates": ("x",)}, "/exdates"),
        ({"title": "x" * 201}, "/title"),
    ],
)
def test_what_makes_no_sense_is_named(desk: Desk, wrong: dict[str, Any], pointer: str) -> None:
    values = {"calendar": "chloe", "start": "2027-01-19", "end": "2027-01-19", **wrong}
    with pytest.raises(Invalid) as refused:
        desk.do("chloe", absences.add, AbsenceDraft(**values))
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_a_recurring_absence_takes_each_of_its_dates(desk: Desk) -> None:
    draft = AbsenceDraft(
        "chloe", "2027-03-23T10:00", "2027-03-23T11:00", "FREQ=WEEKLY;BYDAY=TU;COUNT=3", ("2027-03-30",)
    )
    made = desk.do("chloe", absences.add, draft)
    assert claimed(made.id) == [(at(f"{day}T10:00"), at(f"{day}T11:00")) for day in ("2027-03-23", "2027-04-06")]


def test_an_endless_absence_is_taken_three_years_ahead_and_further_as_time_passes(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, EACH_TUESDAY)
    first = claimed(made.id)
    assert len(first) == 157
    later = datetime(2027, 3, 1, tzinfo=UTC)
    database.write(lambda session: extend_series(session, later))
    assert len(claimed(made.id)) == len(first) + 6


def test_one_date_can_be_cancelled_and_come_back(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, EACH_TUESDAY)
    whole = claimed(made.id)
    desk.do("chloe", absences.change_date, made.id, "2027-01-26")
    assert claimed(made.id) == [span for span in whole if span[0] != at("2027-01-26T10:00")]
    assert "26/01 09:00" in days_offered(desk)
    desk.do("chloe", absences.undo_date, made.id, "2027-01-26T10:00")
    assert claimed(made.id) == whole


def test_one_date_can_be_moved(desk: Desk) -> None:
    booked = desk.book(start="2027-01-28T09:00")
    made = desk.do("chloe", absences.add, EACH_TUESDAY)
    moved = desk.do(
        "chloe", absences.change_date, made.id, "2027-01-26", start="2027-01-28T09:00", end="2027-01-28T10:00"
    )
    assert (at("2027-01-28T09:00"), at("2027-01-28T10:00")) in claimed(made.id)
    assert (at("2027-01-26T10:00"), at("2027-01-26T11:00")) not in claimed(made.id)
    assert [each.id for each in moved.lies_on] == [booked.id]


def test_the_only_date_can_be_cancelled_and_come_back(desk: Desk) -> None:
    draft = AbsenceDraft("chloe", "2027-01-19T10:00", "2027-01-19T11:00", "FREQ=DAILY;COUNT=1")
    made = desk.do("chloe", absences.add, draft)
    desk.do("chloe", absences.change_date, made.id, "2027-01-19")
    assert claimed(made.id) == []
    desk.do("chloe", absences.undo_date, made.id, "2027-01-19")
    assert claimed(made.id) == [(at("2027-01-19T10:00"), at("2027-01-19T11:00"))]


@pytest.mark.parametrize("original", ["2027-01-27", "2027-01-26T09:00", "2036-01-01", "x"])
def test_a_date_that_the_rule_does_not_give_is_not_found(desk: Desk, original: str) -> None:
    made = desk.do("chloe", absences.add, EACH_TUESDAY)
    with pytest.raises(NotFound):
        desk.do("chloe", absences.change_date, made.id, original)


def test_a_changed_absence_takes_its_new_time_and_gives_the_old_one_back(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, EACH_TUESDAY)
    changed = desk.do("chloe", absences.change, made.id, THE_19TH)
    assert claimed(made.id) == [(at("2027-01-19T00:00"), at("2027-01-20T00:00"))]
    assert changed.version == 2


def test_an_absence_stays_on_its_calendar(desk: Desk) -> None:
    made = desk.do("elise", absences.add, THE_19TH)
    with pytest.raises(Invalid):
        desk.do("elise", absences.change, made.id, AbsenceDraft("alix", "2027-01-19", "2027-01-19"))


def test_a_removed_absence_gives_its_time_back_and_leaves_a_tombstone(desk: Desk) -> None:
    before = days_offered(desk)
    made = desk.do("chloe", absences.add, THE_19TH)
    desk.do("chloe", absences.remove, made.id)
    assert days_offered(desk) == before
    with database.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.id == made.id)).one()
        released = session.scalars(select(ReleasedClaim).where(ReleasedClaim.entry_pk == entry.pk)).all()
        assert (entry.status, entry.sequence, [each.sequence for each in released]) == ("cancelled", 1, [1])


def test_removing_twice_is_as_once_and_changing_after_that_is_refused(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, THE_19TH)
    once = desk.do("chloe", absences.remove, made.id)
    assert desk.do("chloe", absences.remove, made.id) == once
    with pytest.raises(WrongState):
        desk.do("chloe", absences.change, made.id, THE_19TH)


def test_who_saw_an_older_state_is_told(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, THE_19TH)
    desk.do("chloe", absences.change, made.id, EACH_TUESDAY, seen=1)
    with pytest.raises(Stale):
        desk.do("chloe", absences.change, made.id, THE_19TH, seen=1)


def test_an_absence_is_read_with_its_local_times(desk: Desk) -> None:
    desk.do("chloe", absences.add, THE_19TH)
    made = desk.do("chloe", absences.add, EACH_TUESDAY)
    desk.do("chloe", absences.change_date, made.id, "2027-01-26")
    whole_day, weekly = desk.read("chloe", absence_views.absences_of, "chloe")
    assert (whole_day.start, whole_day.end, whole_day.is_whole_days, whole_day.title) == (
        "2027-01-19T00:00",
        "2027-01-20T00:00",
        True,
        "Congés",
    )
    assert (weekly.draft.rrule, weekly.end, weekly.may_change) == ("FREQ=WEEKLY;BYDAY=TU", "2027-01-19T11:00", True)
    assert [(each.original, each.starts) for each in weekly.dates] == [(at("2027-01-26T10:00"), None)]


def test_a_read_absence_saved_as_it_is_stays_the_same(desk: Desk) -> None:
    for draft in (THE_19TH, EACH_TUESDAY):
        made = desk.do("chloe", absences.add, draft)
        before = claimed(made.id)
        desk.do("chloe", absences.change, made.id, desk.read("chloe", absence_views.absence, made.id).draft)
        assert claimed(made.id) == before


def test_only_who_sees_details_reads_absences(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, THE_19TH)
    with pytest.raises(Forbidden):
        desk.read("gaston", absence_views.absences_of, "chloe")
    with pytest.raises(Forbidden):
        desk.read("gaston", absence_views.absence, made.id)
    assert desk.read("gaston", absence_views.absences_of) == []
    assert [each.id for each in desk.read("denise", absence_views.absences_of)] == [made.id]


def test_absences_are_read_for_a_time(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, THE_19TH)

    def between(since: str, until: str) -> list[str]:
        found = desk.read("chloe", absence_views.absences_of, "chloe", since=at(since), until=at(until))
        return [each.id for each in found]

    assert between("2027-01-19T12:00", "2027-01-19T13:00") == [made.id]
    assert between("2027-01-20T00:00", "2027-02-20T00:00") == []
    assert between("2027-01-18T00:00", "2027-01-19T00:00") == []


def test_a_cancelled_absence_can_still_be_read_by_its_id(desk: Desk) -> None:
    made = desk.do("chloe", absences.add, THE_19TH)
    desk.do("chloe", absences.remove, made.id)
    assert desk.read("chloe", absence_views.absence, made.id).status == "cancelled"
    assert desk.read("chloe", absence_views.absences_of, "chloe") == []
