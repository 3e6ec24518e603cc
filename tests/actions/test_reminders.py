"""What is planned for whom, and when, as an appointment is booked, moved, cancelled."""

from __future__ import annotations

import pytest

from booking.actions import reminders
from booking.models import Account
from tests.actions.ledger import Ledger, instant, minute

MONDAY = "2027-01-18 10:40"


@pytest.fixture
def ledger(app, cast):
    return Ledger(app, cast)


def told(ledger, entry_pk, **having):
    """Kind and key of whom it goes to, of what waits to be sent."""
    return {(row.kind, row.account_pk or "beneficiary") for row in ledger.rows(of=entry_pk, status="pending", **having)}


def test_a_booking_for_tomorrow_at_ten_made_on_monday_morning_follows_the_story(ledger, cast):
    entry, _ = ledger.book("2027-01-19 10:00", now=MONDAY)

    assert ledger.statuses(of=entry) == {
        "day_before": "skipped (late_booked)",
        "confirmation": "pending",
        "diary_changed": "pending",
        "two_hours_before": "pending",
    }
    assert ledger.the("two_hours_before").due_at == instant("2027-01-19 08:00")


def test_who_books_and_who_moves_are_not_told_of_what_they_did(ledger, cast):
    entry, _ = ledger.book("2027-01-19 10:00", now=MONDAY)
    ledger.change(entry, "moved", actor=cast.chloe.pk, now="2027-01-18 11:00", start="2027-01-21 11:00")

    assert told(ledger, entry, sequence=1) == {
        ("moved", "beneficiary"),
        ("moved", cast.denise.pk),
        ("day_before", "beneficiary"),
        ("two_hours_before", "beneficiary"),
    }


def test_a_move_puts_the_old_reminders_away_and_plans_new_ones(ledger, cast):
    entry, _ = ledger.book("2027-01-19 10:00", now=MONDAY)
    ledger.change(entry, "moved", actor=cast.chloe.pk, now="2027-01-18 11:00", start="2027-01-21 11:00")

    assert {row.reason for row in ledger.rows(of=entry, sequence=0)} == {"superseded", "late_booked"}
    assert ledger.the("day_before", sequence=1).due_at == instant("2027-01-20 11:00")
    assert ledger.the("two_hours_before", sequence=1).due_at == instant("2027-01-21 09:00")


def test_a_message_that_was_sent_stays_sent_when_the_appointment_moves(ledger, cast):
    entry, _ = ledger.book("2027-01-19 10:00")
    ledger.set(reminders.Reminder, ledger.the("confirmation").pk, status="sent")
    ledger.change(entry, "moved", actor=cast.chloe.pk, now="2027-01-18 11:00", start="2027-01-21 11:00")

    assert ledger.the("confirmation").status == "sent"


def test_the_same_change_recorded_twice_writes_nothing_twice(ledger, cast, app):
    entry, _ = ledger.book("2027-01-21 10:00")
    before = len(ledger.rows())
    change = reminders.Change(
        kind="booked", sequence=0, actor_pk=cast.denise.pk, now=instant(MONDAY), **ledger.made[entry]
    )
    ledger.write(lambda session: reminders.record(session, change))

    assert len(ledger.rows()) == before


def test_the_plan_says_what_will_be_sent_and_when(ledger):
    _, planned = ledger.book("2027-01-19 10:00", now=MONDAY)

    assert [(each.kind, each.status, each.reason) for each in planned if each.addressee == "beneficiary"] == [
        ("confirmation", "pending", None),
        ("day_before", "skipped", "late_booked"),
        ("two_hours_before", "pending", None),
    ]


def test_the_plan_told_before_booking_is_the_one_made_by_it(ledger):
    _, planned = ledger.book("2027-01-19 10:00", now=MONDAY)

    foretold = reminders.reminders_for("Europe/Paris", minute("2027-01-19 10:00"), instant(MONDAY))
    assert foretold == [each for each in planned if each.addressee == "beneficiary"]


@pytest.mark.parametrize(("email", "agrees"), [(None, True), ("marcel@courriel.example", False)])
def test_a_person_without_address_or_consent_is_sent_nothing(ledger, cast, email, agrees):
    entry, _ = ledger.book("2027-01-21 10:00", email=email, agrees=agrees)

    assert told(ledger, entry) == {("diary_changed", cast.chloe.pk)}


def test_an_adviser_who_books_for_herself_gets_no_mail(ledger, cast):
    entry, _ = ledger.book("2027-01-21 10:00", booked_by=cast.chloe.pk)

    assert told(ledger, entry) == {
        ("confirmation", "beneficiary"),
        ("day_before", "beneficiary"),
        ("two_hours_before", "beneficiary"),
    }


def test_an_adviser_whose_account_is_closed_is_not_written_to(ledger, cast):
    ledger.set(Account, cast.chloe.pk, active=False)
    entry, _ = ledger.book("2027-01-21 10:00")

    assert ("diary_changed", cast.chloe.pk) not in told(ledger, entry)


def test_a_cancellation_is_told_to_all_but_who_cancelled(ledger, cast):
    entry, _ = ledger.book("2027-01-21 10:00")
    ledger.change(entry, "cancelled", actor=cast.chloe.pk, now="2027-01-19 09:00")

    assert told(ledger, entry) == {("cancelled", "beneficiary"), ("cancelled", cast.denise.pk)}


def test_a_cancellation_undone_before_anybody_heard_of_it_is_not_spoken_of(ledger, cast):
    entry, _ = ledger.book("2027-01-21 10:00")
    ledger.change(entry, "cancelled", actor=cast.denise.pk, now="2027-01-19 09:00")
    ledger.change(entry, "restored", actor=cast.denise.pk, now="2027-01-19 09:01")

    assert told(ledger, entry) == {("day_before", "beneficiary"), ("two_hours_before", "beneficiary")}


def test_a_cancellation_undone_after_it_was_sent_is_set_right_by_a_mail(ledger, cast):
    entry, _ = ledger.book("2027-01-21 10:00")
    ledger.change(entry, "cancelled", actor=cast.denise.pk, now="2027-01-19 09:00")
    for row in ledger.rows(kind="cancelled"):
        ledger.set(reminders.Reminder, row.pk, status="sent")
    ledger.change(entry, "restored", actor=cast.denise.pk, now="2027-01-19 09:01")

    assert told(ledger, entry, kind="restored") == {("restored", "beneficiary"), ("restored", cast.chloe.pk)}


def test_a_proposal_goes_to_the_owner_and_not_yet_to_the_person(ledger, cast):
    entry, planned = ledger.book("2027-01-21 10:00", kind="proposed", booked_by=cast.gaston.pk)

    assert told(ledger, entry) == {("proposed", cast.chloe.pk)}
    assert [each.reason for each in planned if each.addressee == "beneficiary"] == ["awaiting"]


def test_a_proposal_for_a_moderated_room_goes_to_the_coordinator_who_answers_for_it(ledger, cast):
    ledger.set(Account, cast.elise.pk, organisation_pk=cast.orme.pk)
    entry, _ = ledger.book("2027-01-21 10:00", kind="proposed", rooms=(cast.council_room.pk,))

    assert told(ledger, entry) == {("proposed", cast.elise.pk), ("diary_changed", cast.chloe.pk)}


def test_a_yes_tells_who_proposed_and_now_the_person_too(ledger, cast):
    entry, _ = ledger.book("2027-01-21 10:00", kind="proposed", booked_by=cast.gaston.pk)
    ledger.change(entry, "confirmed", actor=cast.chloe.pk, now="2027-01-18 12:00")

    assert told(ledger, entry) == {
        ("confirmed", cast.gaston.pk),
        ("confirmation", "beneficiary"),
        ("day_before", "beneficiary"),
        ("two_hours_before", "beneficiary"),
    }


@pytest.mark.parametrize("ending", ["rejected", "lapsed", "cancelled"])
def test_the_end_of_a_proposal_is_no_news_for_a_person_who_never_heard_of_it(ledger, cast, ending):
    entry, _ = ledger.book("2027-01-21 10:00", kind="proposed", booked_by=cast.gaston.pk)
    ledger.change(entry, ending, actor=cast.chloe.pk, now="2027-01-18 12:00")

    assert told(ledger, entry) == {(ending, cast.gaston.pk)}


def test_handing_over_tells_the_one_who_leaves_the_one_who_comes_and_the_person(ledger, cast):
    entry, _ = ledger.book("2027-01-21 10:00")
    ledger.change(entry, "moved", actor=cast.elise.pk, now="2027-01-18 12:00", advisers=(cast.basile_calendar.pk,))

    waiting = {(row.kind, row.account_pk, (row.facts or {}).get("change")) for row in ledger.rows(status="pending")}
    assert waiting == {
        ("moved", None, None),
        ("day_before", None, None),
        ("two_hours_before", None, None),
        ("diary_changed", cast.basile.pk, "moved"),
        ("diary_changed", cast.chloe.pk, "left"),
        ("moved", cast.denise.pk, None),
    }


def test_a_walk_in_of_this_minute_gets_no_mail(ledger):
    entry, _ = ledger.book("2027-01-18 10:40", now="2027-01-18 10:40")

    assert ledger.statuses(of=entry) == {
        "confirmation": "skipped (past)",
        "day_before": "skipped (late_booked)",
        "two_hours_before": "skipped (late_booked)",
        "diary_changed": "pending",
    }


@pytest.mark.parametrize(
    ("zone", "start", "day_before", "two_hours"),
    [
        # Sunday 29 March 2026, 02:00 becomes 03:00 in Paris: the hour on the wall stays the hour on the wall
        ("Europe/Paris", "2026-03-29 09:00", "2026-03-28 09:00", "2026-03-29 07:00"),
        # a start whose day before has no such hour (02:30 on the 29th): forwards
        ("Europe/Paris", "2026-03-30 02:30", "2026-03-29 03:30", "2026-03-30 00:30"),
        # 25 October 2026, 03:00 becomes 02:00: the first of the two 02:30
        ("Europe/Paris", "2026-10-26 02:30", "2026-10-25 02:30", "2026-10-26 00:30"),
        ("Europe/Paris", "2026-10-25 09:00", "2026-10-24 09:00", "2026-10-25 07:00"),
        # Saint-Pierre-et-Miquelon changes on the American dates
        ("America/Miquelon", "2026-03-08 09:00", "2026-03-07 09:00", "2026-03-08 07:00"),
        ("Indian/Reunion", "2026-03-29 09:00", "2026-03-28 09:00", "2026-03-29 07:00"),
    ],
)
def test_reminders_keep_the_hour_of_the_wall_clock(ledger, zone, start, day_before, two_hours):
    ledger.book(start, zone=zone, now="2026-01-05 09:00")

    assert ledger.the("day_before").due_at == instant(day_before, zone)
    assert ledger.the("two_hours_before").due_at == instant(two_hours, zone)


def test_a_reminder_is_of_use_until_an_hour_before_or_until_the_start(ledger):
    ledger.book("2027-01-21 10:00")

    assert ledger.the("day_before").not_after == instant("2027-01-21 09:00")
    assert ledger.the("two_hours_before").not_after == instant("2027-01-21 10:00")
    assert ledger.the("confirmation").not_after == instant("2027-01-21 10:00")


def test_new_rules_of_a_zone_move_the_reminders_that_wait(ledger):
    ledger.book("2027-01-21 10:00")
    ledger.set(reminders.Reminder, ledger.the("day_before").pk, due_at=instant("2027-01-20 09:00"))

    assert ledger.write(reminders.recompute) == 1
    assert ledger.the("day_before").due_at == instant("2027-01-20 10:00")


def test_facts_hold_no_personal_text(ledger):
    ledger.book("2027-01-21 10:00", name="Marcel Sage")

    assert "Marcel" not in str([row.facts for row in ledger.rows()])


def test_an_invitation_is_planned_for_the_territory_of_the_account(ledger, cast):
    ledger.write(lambda session: reminders.send_account_message(session, "invitation", cast.gaston.pk, instant(MONDAY)))

    row = ledger.the("invitation")
    assert (row.account_pk, row.territory_pk, row.status) == (cast.gaston.pk, cast.territory.pk, "pending")
