"""Booking, moving, cancelling: all the claims of an appointment together, or not at all."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from booking import database
from booking.actions import appointments, audit, claims, proposals
from booking.actions.appointment_requests import Also, Move
from booking.actions.appointment_views import AppointmentView, between, of_caller, to_confirm, view
from booking.actions.beneficiaries import BeneficiaryDraft
from booking.models import Calendar, Claim, Entry, Reminder
from booking.refusals import Clash, Forbidden, Invalid, NotFound, NotOffered, Stale, WrongState
from tests.actions.conftest import NOW, Desk, at

EVE = BeneficiaryDraft("Ève Dupont-Léon", "06 39 98 12 34", "eve@courriel.example", consent_reminders=True)


def claimed(entry_pk: int) -> dict[str, tuple[int, int, str]]:
    with database.reading() as session:
        names = {pk: name for pk, name in session.execute(select(Calendar.pk, Calendar.id))}  # noqa: C416 - rows are no pairs
        return {
            names[each.calendar_pk]: (each.starts, each.ends, each.strength)
            for each in claims.of_entry(session, entry_pk)
        }


def shown(desk: Desk, appointment_id: str, reader: str = "alix") -> AppointmentView:
    return desk.read(reader, view, appointment_id)


def test_a_booking_claims_its_adviser_for_its_time(desk: Desk) -> None:
    booked = desk.book()
    assert claimed(booked.entry_pk) == {"chloe": (at("2027-01-19T10:00"), at("2027-01-19T11:00"), "busy")}


def test_a_booking_says_who_it_is_for_and_who_made_it(desk: Desk) -> None:
    booked = desk.book(beneficiary=EVE, note="vient avec sa fille", urgency="deadline")
    seen = shown(desk, booked.id)
    assert seen.beneficiary is not None
    assert (seen.beneficiary.name, seen.beneficiary.phone) == ("Ève Dupont-Léon", "+33639981234")
    assert (seen.booked_by, seen.note, seen.urgency, seen.status) == (
        "alix",
        "vient avec sa fille",
        "deadline",
        "confirmed",
    )


def test_buffers_are_claimed_of_adviser_and_vehicle_and_a_room_by_its_own(desk: Desk) -> None:
    booked = desk.book("helene", "2027-01-19T10:00", room="salle-brume", vehicle="clio-brume", before=10, after=20)
    start, end = at("2027-01-19T10:00"), at("2027-01-19T11:00")
    assert claimed(booked.entry_pk) == {
        "chloe": (start - 10, end + 20, "busy"),
        "clio-brume": (start - 10, end + 20, "busy"),
        "salle-brume": (start - 15, end + 15, "busy"),
    }


def test_any_room_takes_the_smallest_that_does(desk: Desk) -> None:
    first = desk.book(room="any")
    second = desk.book("alix", "2027-01-19T09:00", room="any")
    assert [shown(desk, each.id).room.id for each in (first, second)] == ["bureau-brume"] * 2  # type: ignore[union-attr]


def test_any_room_takes_the_next_when_the_first_is_taken(desk: Desk) -> None:
    desk.book("helene", purpose="demarches", advisers=("alix",), room="bureau-brume", override=True)
    booked = desk.book(room="any")
    assert "salle-brume" in claimed(booked.entry_pk)


def test_a_taken_time_is_refused_with_what_took_it(desk: Desk) -> None:
    desk.book()
    with pytest.raises(Clash) as refused:
        desk.book("basile", "2027-01-19T10:30")
    (clash,) = refused.value.clashes
    assert (clash.calendar, clash.starts, clash.ends) == ("chloe", at("2027-01-19T10:00"), at("2027-01-19T11:00"))


def test_a_refusal_hides_the_title_from_who_may_not_see_it(desk: Desk) -> None:
    desk.book()
    with pytest.raises(Clash) as refused:
        desk.book("farid")
    assert refused.value.clashes[0].title is None


def test_a_refused_booking_writes_nothing(desk: Desk) -> None:
    desk.book("helene", purpose="demarches", advisers=("alix",), room="salle-brume", override=True)
    with pytest.raises(Clash):
        desk.book(room="salle-brume", beneficiary=EVE)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 1
        assert session.scalar(text("SELECT count(*) FROM beneficiary")) == 0


def test_an_overlap_is_never_overridden(desk: Desk) -> None:
    desk.book()
    with pytest.raises(Clash):
        desk.book("helene", override=True)


def test_touching_appointments_do_not_clash(desk: Desk) -> None:
    desk.book()
    assert desk.book("alix", "2027-01-19T11:00").status == "confirmed"


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("2027-01-19T12:00", "outside_openings"),
        ("2027-01-18T11:00", "outside_openings"),
        ("2027-01-18T11:00", "notice"),
        ("2027-01-12T10:00", "notice"),
        ("2027-09-14T10:00", "horizon"),
    ],
)
def test_what_is_no_slot_is_refused_with_its_reason(desk: Desk, start: str, code: str) -> None:
    def bound(session: object) -> None:
        session.execute(text("UPDATE purpose SET notice_minutes = 30, horizon_days = 92"))  # type: ignore[attr-defined]

    database.write(bound)
    with pytest.raises(NotOffered) as refused:
        desk.book("alix", start)
    assert code in {each.code for each in refused.value.hindrances}


def test_who_manages_every_adviser_may_insist(desk: Desk) -> None:
    assert desk.book("helene", "2027-01-19T12:00", override=True).status == "confirmed"


def test_who_does_not_manage_may_not_insist(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        desk.book("alix", "2027-01-19T12:00", override=True)


def test_foreign_advisers_are_as_unknown_as_invented_ones(desk: Desk) -> None:
    faults = []
    for name in ("zoe", "nobody"):
        with pytest.raises(Invalid) as refused:
            desk.book(advisers=(name,))
        faults.append(refused.value.faults)
    assert faults[0] == faults[1]


def test_what_was_typed_wrong_is_named_field_by_field(desk: Desk) -> None:
    wrong = BeneficiaryDraft("Ève", "12", "pas une adresse", True)
    with pytest.raises(Invalid) as refused:
        desk.book(beneficiary=wrong, note="x" * 301, urgency="huge")
    assert [each.pointer for each in refused.value.faults] == [
        "/beneficiary/phone",
        "/beneficiary/email",
        "/note",
        "/urgency",
    ]


def test_a_move_takes_all_claims_along_and_raises_the_sequence(desk: Desk) -> None:
    booked = desk.book(room="bureau-brume")
    desk.do("chloe", appointments.move, booked.id, Move(starts=at("2027-01-21T11:00")))
    start = at("2027-01-21T11:00")
    assert claimed(booked.entry_pk) == {
        "chloe": (start, start + 60, "busy"),
        "bureau-brume": (start, start + 60, "busy"),
    }
    assert shown(desk, booked.id).sequence == 1


def test_a_move_by_half_an_hour_is_not_in_its_own_way(desk: Desk) -> None:
    booked = desk.book()
    desk.do("chloe", appointments.move, booked.id, Move(starts=at("2027-01-19T10:30")))
    assert shown(desk, booked.id).starts == at("2027-01-19T10:30")


def test_a_refused_move_leaves_everything_as_it_was(desk: Desk) -> None:
    booked, other = desk.book(), desk.book("alix", "2027-01-19T09:00")
    before = claimed(booked.entry_pk)
    with pytest.raises(Clash):
        desk.do("chloe", appointments.move, booked.id, Move(starts=at("2027-01-19T09:30")))
    assert claimed(booked.entry_pk) == before
    assert shown(desk, booked.id).sequence == 0
    assert other.status == "confirmed"


def test_a_changed_note_is_no_move(desk: Desk) -> None:
    booked = desk.book()
    desk.do("chloe", appointments.move, booked.id, Move(note="apporter le courrier"))
    seen = shown(desk, booked.id)
    assert (seen.sequence, seen.version, seen.note) == (0, 2, "apporter le courrier")


def test_a_stale_version_is_refused(desk: Desk) -> None:
    booked = desk.book()
    desk.do("chloe", appointments.move, booked.id, Move(note="a"))
    with pytest.raises(Stale):
        desk.do("alix", appointments.move, booked.id, Move(starts=at("2027-01-21T10:00")), seen=1)


def test_handing_an_appointment_over_leaves_a_tombstone_with_the_first_adviser(desk: Desk) -> None:
    booked = desk.book("helene", "2027-01-22T10:00", override=True)
    desk.do("helene", appointments.move, booked.id, Move(advisers=("farid",), venue="mairie-d-orme"))
    with database.reading() as session:
        released = claims.released_at(session, booked.entry_pk, 1)
    assert [each.calendar_pk for each in released] == [desk.cast.chloe_calendar.pk]
    assert set(claimed(booked.entry_pk)) == {"farid"}


def test_a_cancelled_appointment_frees_everything_and_is_still_known(desk: Desk) -> None:
    booked = desk.book(room="bureau-brume")
    desk.do("alix", appointments.cancel, booked.id, "elle est malade")
    seen = shown(desk, booked.id)
    assert claimed(booked.entry_pk) == {}
    assert (seen.status, seen.reason, seen.sequence) == ("cancelled", "elle est malade", 1)
    assert seen.room is not None
    assert seen.room.id == "bureau-brume"


def test_cancelling_twice_is_as_cancelling_once(desk: Desk) -> None:
    booked = desk.book()
    for _ in range(2):
        desk.do("alix", appointments.cancel, booked.id, None)
    assert shown(desk, booked.id).sequence == 1


def test_a_cancellation_is_undone_while_the_time_is_free(desk: Desk) -> None:
    booked = desk.book(room="bureau-brume")
    before = claimed(booked.entry_pk)
    desk.do("alix", appointments.cancel, booked.id, None)
    desk.do("alix", appointments.restore, booked.id)
    seen = shown(desk, booked.id)
    assert (claimed(booked.entry_pk), seen.status, seen.sequence) == (before, "confirmed", 2)


def test_a_cancellation_is_not_undone_over_another_booking(desk: Desk) -> None:
    booked = desk.book()
    desk.do("alix", appointments.cancel, booked.id, None)
    desk.book("basile")
    with pytest.raises(Clash):
        desk.do("alix", appointments.restore, booked.id)


def test_what_was_taken_with_an_appointment_goes_with_it(desk: Desk) -> None:
    also = Also("clio-brume", at("2027-01-19T08:00"), at("2027-01-19T09:00"))
    booked = desk.book(also=(also,))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 2
    desk.do("alix", appointments.cancel, booked.id, None)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 0


def test_one_of_several_claims_in_the_way_refuses_them_all(desk: Desk) -> None:
    desk.book("helene", purpose="demarches", advisers=("basile",), vehicle="clio-brume", override=True)
    also = Also("clio-brume", at("2027-01-19T09:00"), at("2027-01-19T10:15"))
    with pytest.raises(Clash) as refused:
        desk.book(also=(also,))
    assert [each.calendar for each in refused.value.clashes] == ["clio-brume"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 1


def test_a_moderated_room_makes_a_proposal_that_claims_its_time(desk: Desk) -> None:
    booked = desk.book("gaston", "2027-01-22T10:00", advisers=("farid",), venue="mairie-d-orme", room="salle-orme")
    seen = shown(desk, booked.id, "gaston")
    assert (seen.status, seen.lapses_at) == ("tentative", at("2027-01-20T10:40"))
    assert claimed(booked.entry_pk)["salle-orme"][2] == "busy-tentative"


def test_a_proposal_lapses_two_hours_before_it_starts_at_the_latest(desk: Desk) -> None:
    later = NOW + timedelta(days=3, hours=10)
    booked = desk.do(
        "gaston",
        appointments.book,
        appointments.Request(
            purpose="accompagnement",
            advisers=("farid",),
            venue="mairie-d-orme",
            room="salle-orme",
            starts=at("2027-01-22T10:00"),
        ),
        now=later,
    )
    assert shown(desk, booked.id, "gaston").lapses_at == at("2027-01-22T08:00")


def test_a_proposal_is_confirmed_by_who_manages_and_by_nobody_else(desk: Desk) -> None:
    booked = desk.book("gaston", "2027-01-22T10:00", advisers=("farid",), venue="mairie-d-orme", room="salle-orme")
    with pytest.raises(Forbidden):
        desk.do("gaston", proposals.confirm, booked.id)
    assert [each.id for each in desk.read("helene", to_confirm, 0)] == [booked.id]
    desk.do("helene", proposals.confirm, booked.id)
    seen = shown(desk, booked.id, "gaston")
    assert (seen.status, seen.lapses_at, seen.sequence) == ("confirmed", None, 1)
    assert {each[2] for each in claimed(booked.entry_pk).values()} == {"busy"}


def test_a_rejected_proposal_is_free_again(desk: Desk) -> None:
    booked = desk.book("gaston", "2027-01-22T10:00", advisers=("farid",), venue="mairie-d-orme", room="salle-orme")
    desk.do("helene", proposals.reject, booked.id, "le conseil siège")
    seen = shown(desk, booked.id, "gaston")
    assert (seen.status, seen.reason, claimed(booked.entry_pk)) == ("cancelled", "le conseil siège", {})


def test_a_lapsed_proposal_gives_its_time_to_whoever_comes(desk: Desk) -> None:
    desk.book("gaston", "2027-01-22T10:00", advisers=("farid",), venue="mairie-d-orme", room="salle-orme")
    late = NOW + timedelta(hours=49)
    again = desk.do(
        "gaston",
        appointments.book,
        appointments.Request(
            purpose="accompagnement", advisers=("farid",), venue="mairie-d-orme", starts=at("2027-01-22T10:00")
        ),
        now=late,
    )
    assert again.status == "confirmed"


def test_a_lapsed_proposal_can_no_longer_be_confirmed(desk: Desk) -> None:
    booked = desk.book("gaston", "2027-01-22T10:00", advisers=("farid",), venue="mairie-d-orme", room="salle-orme")
    with pytest.raises(WrongState):
        desk.do("helene", proposals.confirm, booked.id, now=NOW + timedelta(hours=49))


def test_the_worker_ends_lapsed_proposals_once(desk: Desk) -> None:
    desk.book("gaston", "2027-01-22T10:00", advisers=("farid",), venue="mairie-d-orme", room="salle-orme")
    late = NOW + timedelta(hours=49)
    assert [database.write(lambda session: proposals.lapse_due(session, late)) for _ in range(2)] == [1, 0]


def test_ending_early_frees_the_rest(desk: Desk) -> None:
    booked = desk.book()
    desk.do("chloe", appointments.end_now, booked.id, now=NOW + timedelta(hours=23, minutes=50))
    assert claimed(booked.entry_pk)["chloe"][1] == at("2027-01-19T10:30")


def test_attendance_is_noted_without_a_word_to_anybody(desk: Desk) -> None:
    booked = desk.book(beneficiary=EVE)
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Reminder))
    desk.do("chloe", appointments.mark_attendance, booked.id, "no_show")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reminder)) == before
    assert shown(desk, booked.id).attendance == "no_show"


def test_a_stranger_cannot_know_that_an_appointment_exists(desk: Desk) -> None:
    booked = desk.book()
    with pytest.raises(NotFound):
        desk.read("zoe", view, booked.id)


def test_who_sees_only_busy_times_may_not_read_the_appointment(desk: Desk) -> None:
    booked = desk.book()
    with pytest.raises(Forbidden):
        desk.read("gaston", view, booked.id)


def test_who_booked_for_another_organisation_still_sees_it(desk: Desk) -> None:
    booked = desk.book("gaston", beneficiary=EVE)
    seen = shown(desk, booked.id, "gaston")
    assert seen.beneficiary is not None


def test_the_audit_tells_who_did_what_without_names(desk: Desk) -> None:
    booked = desk.book(beneficiary=EVE)
    desk.do("chloe", appointments.move, booked.id, Move(starts=at("2027-01-21T11:00")))
    desk.do("alix", appointments.cancel, booked.id, "secret de famille")
    with database.reading() as session:
        told = audit.history(session, "appointment", booked.id)
    assert [(name, action) for _, name, action, _ in told] == [
        ("Alix Aubert", "book"),
        ("Chloé Caron", "move"),
        ("Alix Aubert", "cancel"),
    ]
    assert "secret" not in str(told)
    assert "Dupont" not in str(told)


@pytest.mark.parametrize("typed", ["dupont", "eve", "leon dup"])
def test_a_caller_is_found_by_any_part_of_the_name(desk: Desk, typed: str) -> None:
    booked = desk.book(beneficiary=EVE)
    assert [each.id for each in desk.read("alix", of_caller, since=0, name_key=typed)] == [booked.id]


def test_a_caller_is_found_by_number(desk: Desk) -> None:
    booked = desk.book(beneficiary=EVE)
    assert [each.id for each in desk.read("alix", of_caller, since=0, phone="+33639981234")] == [booked.id]


def test_who_may_not_see_a_name_cannot_find_by_it(desk: Desk) -> None:
    desk.book(beneficiary=EVE)
    assert desk.read("gaston", of_caller, since=0, name_key="dupont") == []


def test_a_day_lists_what_stands_and_on_request_what_was_cancelled(desk: Desk) -> None:
    kept, gone = desk.book(), desk.book("alix", "2027-01-19T09:00")
    desk.do("alix", appointments.cancel, gone.id, None)
    day = (at("2027-01-19T00:00"), at("2027-01-20T00:00"))
    chloe = [desk.cast.chloe_calendar.pk]
    assert [each.id for each in desk.read("alix", between, chloe, *day)] == [kept.id]
    assert [each.id for each in desk.read("alix", between, chloe, *day, cancelled=True)] == [gone.id, kept.id]
