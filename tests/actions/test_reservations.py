"""Reserving rooms, vehicles and colleagues' time: every calendar of every date together, or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from booking import database
from booking.actions import absences, claims, proposals, reservations
from booking.actions.reservation_views import ReservationView, listed, occurrence, view
from booking.actions.reservations import DateChange, ReservationDraft, Reserved
from booking.models import Calendar, Claim, Entry
from booking.refusals import Clash, Forbidden, Invalid, NotFound, NotOffered
from tests.actions.conftest import NOW, Desk, at

TUESDAYS = "FREQ=WEEKLY;BYDAY=TU;COUNT=4"


def draft(*calendars: str, **members: Any) -> ReservationDraft:
    """The small office on Tuesday 26 January, nine to eleven, unless told otherwise."""
    given = {"title": "Réunion", "start": "2027-01-26T09:00", "end": "2027-01-26T11:00", **members}
    return ReservationDraft(calendars or ("bureau-brume",), **given)


def reserve(desk: Desk, who: str = "alix", *calendars: str, on_clash: str = "refuse", **members: Any) -> Reserved:
    return desk.do(who, reservations.reserve, draft(*calendars, **members), on_clash=on_clash)


def claimed(entry_pk: int) -> list[tuple[str, int, int, str]]:
    with database.reading() as session:
        names = {pk: name for pk, name in session.execute(select(Calendar.pk, Calendar.id))}  # noqa: C416 - rows are no pairs
        return [
            (names[each.calendar_pk], each.starts, each.ends, each.strength)
            for each in claims.of_entry(session, entry_pk)
        ]


def count(model: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def shown(desk: Desk, reservation_id: str, reader: str = "alix") -> ReservationView:
    return desk.read(reader, view, reservation_id)


def test_a_room_is_taken_for_its_time(desk: Desk) -> None:
    done = reserve(desk)
    assert claimed(done.entry_pk) == [("bureau-brume", at("2027-01-26T09:00"), at("2027-01-26T11:00"), "busy")]
    assert (done.status, [each.outcome for each in done.outcomes]) == ("confirmed", ["booked"])


def test_set_up_and_clean_up_are_taken_and_not_shown(desk: Desk) -> None:
    done = reserve(desk, "alix", "salle-brume")
    assert claimed(done.entry_pk) == [("salle-brume", at("2027-01-26T08:45"), at("2027-01-26T11:15"), "busy")]
    seen = shown(desk, done.id)
    assert (seen.starts, seen.ends) == (at("2027-01-26T09:00"), at("2027-01-26T11:00"))


def test_room_vehicle_and_colleague_are_taken_together_over_midnight(desk: Desk) -> None:
    done = reserve(desk, "alix", "salle-brume", "clio-brume", "basile", end="2027-01-28T01:00")
    assert {each[0] for each in claimed(done.entry_pk)} == {"salle-brume", "clio-brume", "basile"}
    assert {each[2] - at("2027-01-28T01:00") for each in claimed(done.entry_pk)} == {0, 15}


def test_when_one_calendar_is_taken_none_is(desk: Desk) -> None:
    reserve(desk, "denise", "clio-brume")
    with pytest.raises(Clash) as refused:
        reserve(desk, "alix", "bureau-brume", "clio-brume", start="2027-01-26T10:00", end="2027-01-26T12:00")
    (clash,) = refused.value.clashes
    assert (clash.calendar, clash.starts, clash.title) == ("clio-brume", at("2027-01-26T09:00"), "Réunion")
    assert count(Entry) == 1


def test_a_refusal_says_from_when_on_it_would_go_and_what_else_is_free(desk: Desk) -> None:
    reserve(desk, "denise", "bureau-brume")
    reserve(desk, "denise", "bureau-brume", start="2027-01-26T12:00", end="2027-01-26T13:15")
    with pytest.raises(Clash) as refused:
        reserve(desk, "alix", "bureau-brume", start="2027-01-26T10:00", end="2027-01-26T12:00")
    (clash,) = refused.value.clashes
    assert clash.free_from == at("2027-01-26T13:15")
    assert clash.others == ("salle-brume",)


def test_a_room_that_is_too_small_is_not_named_instead(desk: Desk) -> None:
    reserve(desk, "denise", "salle-brume")
    with pytest.raises(Clash) as refused:
        reserve(desk, "alix", "salle-brume")
    assert refused.value.clashes[0].others == ()


def test_every_tuesday_takes_every_tuesday(desk: Desk) -> None:
    done = reserve(desk, rrule=TUESDAYS)
    assert [each.date for each in done.outcomes] == ["2027-01-26", "2027-02-02", "2027-02-09", "2027-02-16"]
    assert len(claimed(done.entry_pk)) == 4


def test_an_hour_stays_the_same_on_the_wall_when_the_clocks_change(desk: Desk) -> None:
    done = reserve(desk, start="2027-03-23T09:00", end="2027-03-23T10:00", rrule="FREQ=WEEKLY;BYDAY=TU;COUNT=2")
    assert [each[1] for each in claimed(done.entry_pk)] == [at("2027-03-23T09:00"), at("2027-03-30T09:00")]


def test_a_series_without_end_is_claimed_ahead(desk: Desk) -> None:
    done = reserve(desk, rrule="FREQ=WEEKLY;BYDAY=TU")
    assert 150 < len(claimed(done.entry_pk)) < 170


def test_a_series_is_refused_as_a_whole_for_one_date(desk: Desk) -> None:
    reserve(desk, "denise", start="2027-02-09T10:00", end="2027-02-09T12:00")
    with pytest.raises(Clash) as refused:
        reserve(desk, rrule=TUESDAYS)
    assert [each.starts for each in refused.value.clashes] == [at("2027-02-09T10:00")]
    assert count(Claim) == 1


def test_a_date_that_is_skipped_is_told_with_its_reason(desk: Desk) -> None:
    reserve(desk, "denise", start="2027-02-09T10:00", end="2027-02-09T12:00")
    done = reserve(desk, rrule=TUESDAYS, on_clash="skip")
    assert [(each.outcome, each.reason) for each in done.outcomes] == [
        ("booked", None),
        ("booked", None),
        ("skipped", "clash"),
        ("booked", None),
    ]
    assert done.outcomes[2].clashes[0].title == "Réunion"
    assert [each.original for each in shown(desk, done.id).dates] == [at("2027-02-09T09:00")]


def test_when_no_date_goes_nothing_is_skipped_but_all_is_refused(desk: Desk) -> None:
    reserve(desk, "denise")
    with pytest.raises(Clash):
        reserve(desk, on_clash="skip")


def test_chosen_dates_are_reservations_of_their_own_joined_together(desk: Desk) -> None:
    done = reserve(desk, dates=("2027-02-03", "2027-02-11T14:00"))
    ids = [each.id for each in done.outcomes]
    assert len(set(ids)) == 3
    assert [shown(desk, each or "").related for each in ids] == [None, done.id, done.id]
    assert [each.starts for each in done.outcomes] == [
        at("2027-01-26T09:00"),
        at("2027-02-03T09:00"),
        at("2027-02-11T14:00"),
    ]


def test_one_date_may_be_left_out_another_elsewhere_a_third_at_another_hour(desk: Desk) -> None:
    changes = (
        DateChange("2027-02-02", skip=True),
        DateChange("2027-02-09", calendars=("salle-brume",)),
        DateChange("2027-02-16T09:00", start="2027-02-17T14:00"),
    )
    done = reserve(desk, rrule=TUESDAYS, changes=changes)
    assert [(each.outcome, each.reason, each.calendars[0]) for each in done.outcomes] == [
        ("booked", None, "bureau-brume"),
        ("skipped", "asked", "bureau-brume"),
        ("moved", None, "salle-brume"),
        ("moved", None, "bureau-brume"),
    ]
    assert shown(desk, done.outcomes[2].id or "").related == done.id
    assert [each[1] for each in claimed(done.entry_pk)] == [at("2027-01-26T09:00"), at("2027-02-17T14:00")]


def test_a_closure_hinders_and_whoever_manages_may_insist(desk: Desk) -> None:
    desk.do("elise", absences.add, absences.AbsenceDraft("bureau-brume", "2027-01-26", "2027-01-26", title="Peinture"))
    with pytest.raises(NotOffered) as refused:
        reserve(desk)
    assert [(each.code, each.calendar) for each in refused.value.hindrances] == [("absence", "bureau-brume")]
    with pytest.raises(Forbidden):
        reserve(desk, override=True)
    assert reserve(desk, "elise", override=True).status == "confirmed"


def test_an_overlap_is_never_overridden(desk: Desk) -> None:
    reserve(desk)
    with pytest.raises(Clash):
        reserve(desk, "elise", override=True)


def test_what_is_over_is_no_time_to_reserve(desk: Desk) -> None:
    with pytest.raises(NotOffered) as refused:
        reserve(desk, start="2027-01-18T08:00", end="2027-01-18T09:00")
    assert refused.value.hindrances[0].code == "past"


def test_a_moderated_room_waits_for_a_yes_and_holds_its_time(desk: Desk) -> None:
    done = reserve(desk, "gaston", "salle-orme")
    seen = shown(desk, done.id, "gaston")
    assert (seen.status, seen.lapses_at) == ("pending", int(NOW.timestamp()) // 60 + 48 * 60)
    assert claimed(done.entry_pk)[0][3] == "busy-tentative"


def test_what_is_only_seen_as_busy_is_not_reserved(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        reserve(desk, "gaston", "bureau-brume")


def test_a_colleague_whose_slots_only_may_be_booked_is_not_reserved(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        reserve(desk, "gaston", "chloe")


def test_a_room_of_another_territory_is_an_unknown_id(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        reserve(desk, "alix", "bureau-brume", "salle-loin")
    with pytest.raises(Invalid) as unknown:
        reserve(desk, "alix", "bureau-brume", "nowhere")
    assert [each.pointer for each in refused.value.faults] == ["/calendars/1"]
    assert refused.value.faults == unknown.value.faults


@pytest.mark.parametrize(
    ("pointer", "code", "members"),
    [
        ("/end", "order", {"end": "2027-01-26T08:00"}),
        ("/end", "range", {"end": "2028-02-26T08:00"}),
        ("/start", "instant", {"start": "demain"}),
        ("/rrule", "empty", {"rrule": "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270126"}),
        ("/rrule", "too_many_dates", {"rrule": "FREQ=DAILY;COUNT=2001"}),
        ("/rrule", "rrule", {"rrule": "FREQ=HOURLY"}),
        ("/exdates", "exdates", {"rrule": TUESDAYS, "exdates": ("never",)}),
        ("/end", "overlaps_itself", {"rrule": "FREQ=DAILY;COUNT=3", "end": "2027-01-27T10:00"}),
        ("/dates", "with_rule", {"rrule": TUESDAYS, "dates": ("2027-02-01",)}),
        ("/dates/1", "duplicate", {"dates": ("2027-02-01", "2027-02-01T09:00")}),
        ("/dates/0", "date", {"dates": ("bientôt",)}),
        ("/booked_for", "unknown_id", {"booked_for": "zoe"}),
        ("/driver", "unknown_id", {"driver": "nobody"}),
        ("/people", "range", {"people": 0}),
        ("/title", "too_long", {"title": "x" * 201}),
        ("/changes/0/date", "date", {"rrule": TUESDAYS, "changes": (DateChange("2027-01-27", skip=True),)}),
        (
            "/changes/0/end",
            "order",
            {
                "rrule": TUESDAYS,
                "changes": (DateChange("2027-02-02", start="2027-02-02T10:00", end="2027-02-02T09:00"),),
            },
        ),
        ("/equipment/0/id", "unknown_id", {"equipment": (("tablettes", 2),)}),
        ("/option", "not_offered", {"option": True}),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_member(
    desk: Desk, pointer: str, code: str, members: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        reserve(desk, **members)
    assert [(each.pointer, each.code) for each in refused.value.faults] == [(pointer, code)]
    assert count(Entry) == 0


def test_the_same_calendar_twice_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        reserve(desk, "alix", "bureau-brume", "bureau-brume")
    assert [(each.pointer, each.code) for each in refused.value.faults] == [("/calendars/1", "duplicate")]


def test_for_whom_and_by_whom_are_kept_and_either_may_read_and_change(desk: Desk) -> None:
    done = reserve(desk, "denise", booked_for="basile", driver="chloe", people=8, planned_km=40, purpose="Formation")
    seen = shown(desk, done.id, "basile")
    assert (seen.booked_by and seen.booked_by.id, seen.booked_for and seen.booked_for.id) == ("denise", "basile")
    assert (seen.driver and seen.driver.id, seen.people, seen.planned_km) == ("chloe", 8, 40)
    assert (seen.may_change, shown(desk, done.id, "alix").may_change) == (True, False)


def test_who_sees_only_busy_times_may_not_read_it_and_strangers_know_nothing(desk: Desk) -> None:
    done = reserve(desk)
    with pytest.raises(Forbidden):
        shown(desk, done.id, "gaston")
    with pytest.raises(NotFound):
        shown(desk, done.id, "zoe")


def test_reservations_are_listed_by_calendar_and_window(desk: Desk) -> None:
    one = reserve(desk, rrule=TUESDAYS)
    reserve(desk, "alix", "clio-brume")
    window = (at("2027-02-09T00:00"), at("2027-02-10T00:00"))
    assert [each.id for each in desk.read("alix", listed, window, ["bureau-brume"])] == [one.id]
    assert [each.id for each in desk.read("alix", listed, window)] == [one.id]
    with pytest.raises(Forbidden):
        desk.read("gaston", listed, window, ["bureau-brume"])
    with pytest.raises(NotFound):
        desk.read("zoe", listed, window, ["bureau-brume"])


def test_one_date_of_a_series_is_read_where_it_stands(desk: Desk) -> None:
    done = reserve(desk, rrule=TUESDAYS, changes=(DateChange("2027-02-09", calendars=("salle-brume",)),))
    own = desk.read("alix", occurrence, done.id, "2027-02-02")
    left = desk.read("alix", occurrence, done.id, "2027-02-09")
    assert (own.reservation.id, own.starts) == (done.id, at("2027-02-02T09:00"))
    assert (left.reservation.related, left.starts) == (done.id, at("2027-02-09T09:00"))
    with pytest.raises(NotFound):
        desk.read("alix", occurrence, done.id, "2027-02-03")


def test_a_lapsed_proposal_in_the_way_makes_room(desk: Desk) -> None:
    reserve(desk, "gaston", "salle-orme")
    later = datetime(2027, 1, 21, 9, 0, tzinfo=NOW.tzinfo)
    done = desk.do("farid", reservations.reserve, draft("salle-orme"), now=later)
    assert done.status == "tentative"
    assert database.write(lambda session: proposals.lapse_due(session, later)) == 0
