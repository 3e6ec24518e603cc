"""The ledger worked off: each message once, whatever the mail server, the clock or another worker does."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace

import pytest
from sqlalchemy import select

from booking import clock, database, jobs, mail
from booking.actions import sending
from booking.models import Answer, Entry, Reminder
from tests.actions.ledger import Ledger, instant

TEN = "2027-01-21 10:00"


@pytest.fixture
def ledger(app, cast):
    return Ledger(app, cast)


@pytest.fixture
def by_server(app, mail_server):
    """The service sends its mails to the server."""
    app.config["BOOKING_SETTINGS"] = replace(app.config["BOOKING_SETTINGS"], smtp_url=mail_server.url)
    return mail_server


@pytest.fixture
def drain(app):
    """``drain()`` at the frozen time, or ``drain("2027-01-20 10:00")`` at another."""

    def at(now=None):
        if now is not None:
            clock.freeze(instant(now).isoformat())
        with app.app_context():
            return dict(jobs.drain(app))

    return at


def files(app):
    found = sorted(app.config["BOOKING_SETTINGS"].mails.iterdir())
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in found]


def test_due_messages_are_sent_and_no_others(ledger, drain, by_server):
    ledger.book(TEN)

    assert drain() == {"sent": 2}
    assert ledger.statuses() == {
        "confirmation": "sent",
        "diary_changed": "sent",
        "day_before": "pending",
        "two_hours_before": "pending",
    }


def test_each_reminder_goes_at_its_hour(ledger, drain, by_server):
    ledger.book(TEN)
    drain()

    assert drain("2027-01-20 09:59") == {}
    assert drain("2027-01-20 10:00") == {"sent": 1}
    assert drain("2027-01-21 07:59") == {}
    assert drain("2027-01-21 08:00") == {"sent": 1}
    assert [len(by_server.to("marcel@courriel.example"))] == [3]


def test_a_second_drain_sends_nothing_again(ledger, drain, by_server):
    ledger.book(TEN)
    drain()

    assert drain() == {}
    assert len(by_server.taken) == 2


def test_without_a_mail_server_mails_are_files(ledger, drain, app):
    ledger.book(TEN)
    drain()

    assert {str(message["To"]) for message in files(app)} == {"marcel@courriel.example", "chloe@brume.example"}


def test_a_letter_written_twice_is_one_file(ledger, drain, app):
    ledger.book(TEN)
    drain()
    for row in ledger.rows(status="sent"):
        ledger.set(Reminder, row.pk, status="pending")
    drain()

    assert len(files(app)) == 2


def test_a_folder_that_cannot_be_written_to_delays_the_mails(ledger, drain, app):
    mails = app.config["BOOKING_SETTINGS"].mails
    mails.rmdir()
    mails.write_text("in the way")
    ledger.book(TEN)

    assert drain()["delayed"] == 1
    assert {(row.status, row.reason) for row in ledger.rows(kind="confirmation")} == {("pending", "disk")}


def test_one_connection_serves_a_whole_batch(ledger, drain, by_server):
    for hour in range(9, 13):
        ledger.book(f"2027-01-21 {hour:02}:00")
    drain()

    assert len(by_server.taken) == 8
    assert by_server.connections == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DATA done"])
def test_a_temporary_refusal_is_tried_again_after_a_while(ledger, drain, by_server, step):
    ledger.book(TEN)
    by_server.behave = {step: "451 later"}
    assert drain() == {"delayed": 2}
    assert drain() == {}

    by_server.behave.clear()
    ledger.age_leases(90)
    assert drain() == {"sent": 2}


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DATA done"])
def test_a_final_refusal_is_not_tried_again(ledger, drain, by_server, step):
    ledger.book(TEN)
    by_server.behave = {step: "550 no such person"}
    drain()
    by_server.behave.clear()
    ledger.age_leases()
    drain()

    row = ledger.the("confirmation")
    assert (row.status, row.reason) == ("failed", "smtp_550")


def test_the_adviser_is_told_that_the_person_could_not_be_reached(ledger, cast, drain, by_server):
    ledger.book(TEN)
    by_server.refused = {"marcel@courriel.example": "550 no such person"}
    drain()

    subjects = [str(message["Subject"]) for message in by_server.to("chloe@brume.example")]
    assert "Jeudi 21 janvier, 10 h : message non remis à M. S." in subjects


def test_a_refused_mail_does_not_hold_up_the_others(ledger, drain, by_server):
    ledger.book(TEN, email="faux@courriel.example")
    ledger.book("2027-01-21 11:00", email="juste@courriel.example")
    by_server.refused = {"faux@courriel.example": "550 no such person"}
    drain()

    assert len(by_server.to("juste@courriel.example")) == 1


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", ["drop", "stall"])
def test_a_server_that_hangs_up_or_stalls_before_taking_a_mail_gets_it_once_later(
    ledger, drain, by_server, monkeypatch, step, fault
):
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.3)
    ledger.book(TEN)
    by_server.behave = {step: fault}
    assert drain() == {"delayed": 1, "trouble": 1}

    by_server.behave.clear()
    ledger.age_leases(90)
    drain()
    assert len(by_server.to("marcel@courriel.example")) == 1


def test_a_password_is_not_sent_to_another_machine_without_encryption(ledger, drain, app, mail_server, monkeypatch):
    monkeypatch.setattr(mail, "_is_this_machine", lambda host: False)
    url = mail_server.url.replace("smtp://", "smtp://rdv:secret@")
    app.config["BOOKING_SETTINGS"] = replace(app.config["BOOKING_SETTINGS"], smtp_url=url)
    ledger.book(TEN)
    drain()

    assert "smtp_cleartext" in {row.reason for row in ledger.rows(status="pending")}


def test_a_mail_taken_by_a_server_that_then_hung_up_comes_again_under_the_same_id(ledger, drain, by_server):
    ledger.book(TEN)
    by_server.behave = {"DATA done": "drop"}
    drain()
    by_server.behave.clear()
    ledger.age_leases(90)
    drain()

    copies = [message["Message-ID"] for message in by_server.to("marcel@courriel.example")]
    assert len(copies) == 2
    assert len(set(copies)) == 1


def test_a_server_that_is_away_costs_one_attempt_and_not_one_for_each_mail(ledger, drain, by_server):
    for hour in range(9, 13):
        ledger.book(f"2027-01-21 {hour:02}:00")
    by_server.stop()
    drain()

    assert sorted(row.attempts for row in ledger.rows() if row.due_at <= clock.now()) == [0] * 7 + [1]


def test_waits_grow_from_one_minute_to_an_hour_and_end_after_eight_attempts(ledger, drain, by_server, app):
    ledger.book(TEN)
    by_server.behave = {"RCPT": "451 later"}
    waits = []
    for _ in range(8):
        ledger.age_leases(5000)
        with app.app_context():
            before = clock.real_now()
            drain()
        row = ledger.the("confirmation")
        if row.lease_until is not None:
            waits.append((row.lease_until - before).total_seconds() / 60)

    assert len(waits) == 7
    for wait, least in zip(waits, (1, 5, 15, 60, 60, 60, 60), strict=True):
        assert least - 0.1 <= wait <= least * 1.25 + 0.1
    assert (row.status, row.reason) == ("failed", "quarantine")


def test_what_could_not_go_before_it_was_useless_expires_and_keeps_its_trouble(ledger, drain, by_server):
    ledger.book(TEN)
    by_server.behave = {"RCPT": "451 later"}
    drain()
    by_server.behave.clear()
    ledger.age_leases(90)
    drain("2027-01-21 10:01")

    row = ledger.the("confirmation")
    assert (row.status, row.reason) == ("expired", "smtp_451")


def test_after_a_week_of_downtime_nothing_useless_goes_out(ledger, drain, by_server):
    for day in (19, 20, 21, 22):
        ledger.book(f"2027-01-{day} 10:00")
    drain("2027-01-25 10:00")

    assert by_server.taken == []
    assert {row.status for row in ledger.rows()} == {"expired", "skipped"}


def test_after_some_hours_of_downtime_what_is_still_useful_goes_out(ledger, drain, by_server):
    ledger.book(TEN)
    drain()
    drain("2027-01-21 09:30")

    assert ledger.the("day_before").status == "expired"
    assert ledger.the("two_hours_before").status == "sent"


def test_consent_taken_back_between_planning_and_sending_is_heeded(ledger, drain, by_server):
    entry, _ = ledger.book(TEN)
    from booking.models import Beneficiary

    ledger.set(Beneficiary, ledger.made[entry]["beneficiary_pk"], consent_reminders=False)
    drain()

    assert by_server.to("marcel@courriel.example") == []
    assert ledger.statuses()["confirmation"] == "skipped (consent_withdrawn)"


def test_a_leased_row_is_nobody_elses_until_the_lease_ends(ledger, app):
    ledger.book(TEN)
    now = instant("2027-01-18 10:40")
    first = ledger.write(lambda session: sending.lease(session, now, 50))

    assert len(first) == 2
    assert ledger.write(lambda session: sending.lease(session, now, 50)) == []
    ledger.age_leases(sending.LEASE_SECONDS + 1)
    assert len(ledger.write(lambda session: sending.lease(session, now, 50))) == 2


def test_a_worker_that_was_away_too_long_cannot_speak_for_the_row_any_more(ledger, app):
    ledger.book(TEN)
    now = instant("2027-01-18 10:40")
    (old, *_) = ledger.write(lambda session: sending.lease(session, now, 50))
    ledger.age_leases(sending.LEASE_SECONDS + 1)
    ledger.write(lambda session: sending.lease(session, now, 50))

    assert not ledger.write(lambda session: sending.sent(session, old, now))
    assert {row.status for row in ledger.rows() if row.due_at <= now} == {"pending"}


def test_a_mail_that_went_out_while_it_was_superseded_is_told_as_sent(ledger, cast, app):
    entry, _ = ledger.book(TEN)
    now = instant("2027-01-18 10:40")
    leased = ledger.write(lambda session: sending.lease(session, now, 50))
    ledger.change(entry, "moved", actor=cast.chloe.pk, now="2027-01-18 10:41", start="2027-01-22 11:00")
    for each in leased:
        ledger.write(lambda session, row=each: sending.sent(session, row, now))

    assert ledger.the("confirmation").status == "sent"


def test_a_row_that_killed_its_worker_eight_times_is_put_aside(ledger, drain, by_server):
    ledger.book(TEN)
    ledger.set(Reminder, ledger.the("confirmation").pk, attempts=8)
    drain()

    row = ledger.the("confirmation")
    assert (row.status, row.reason) == ("failed", "quarantine")


def test_a_clock_that_jumps_a_day_ahead_and_back_repeats_nothing(ledger, drain, by_server):
    ledger.book(TEN)
    for now in ("2027-01-19 10:40", "2027-01-20 10:40", "2027-01-19 10:40", "2027-01-20 10:40"):
        drain(now)

    assert len(by_server.ids) == len(set(by_server.ids)) == 3


def test_what_a_clock_ahead_let_expire_is_sent_once_the_clock_is_right(ledger, app, by_server):
    ledger.book(TEN)
    worker = jobs.Worker(app)
    with app.app_context():
        worker.send_due_messages()
        clock.freeze(instant("2027-01-21 09:30").isoformat())
        worker.send_due_messages()
        assert ledger.the("day_before").status == "expired"
        clock.freeze(instant("2027-01-20 09:30").isoformat())
        worker.send_due_messages()
        clock.freeze(instant("2027-01-20 10:00").isoformat())
        worker.send_due_messages()

    assert ledger.the("day_before").status == "sent"


def test_a_worker_that_finds_the_way_out_blocked_rests_before_it_tries_again(ledger, app, by_server):
    ledger.book(TEN)
    by_server.behave = {"EHLO": "421 too busy"}
    worker = jobs.Worker(app)
    with app.app_context():
        worker.send_due_messages()
        worker.send_due_messages()

    assert by_server.connections == 1


def test_a_mail_that_cannot_be_written_waits_and_the_others_go(ledger, drain, by_server, app):
    entry, _ = ledger.book(TEN, email="un@courriel.example")
    ledger.book("2027-01-21 11:00", email="deux@courriel.example")
    ledger.set(Reminder, ledger.the("confirmation", entry_pk=entry).pk, kind="unheard_of")
    drain()

    assert ledger.the("unheard_of").reason == "defect"
    assert len(by_server.to("deux@courriel.example")) == 1


def test_old_rows_and_old_files_are_forgotten(ledger, app, drain):
    ledger.book(TEN)
    drain()
    clock.freeze(instant("2027-09-01 10:00").isoformat())
    with app.app_context():
        drain()
        database.write(lambda session: sending.forget(session, clock.now()))

    assert ledger.rows() == []


def test_the_worker_ends_proposals_that_nobody_answered_in_time(ledger, app, cast):
    entry, _ = ledger.book(TEN, kind="proposed", booked_by=cast.gaston.pk)
    ledger.set(Entry, entry, lapses_at=int(instant("2027-01-18 10:00").timestamp()) // 60)
    with app.app_context():
        jobs.Worker(app).lapse_proposals()

    assert {row.account_pk for row in ledger.rows(kind="lapsed")} == {cast.gaston.pk}


def test_the_worker_forgets_answers_after_three_days_and_not_before(ledger, app, cast):
    def keep(session):
        for key, created in (("old", "2027-01-15 10:39"), ("young", "2027-01-15 10:41")):
            session.add(Answer(account_pk=cast.alix.pk, key=key, digest="x", created=instant(created)))

    ledger.write(keep)
    with app.app_context():
        jobs.Worker(app).forget_answers()

    assert ledger.write(lambda session: list(session.scalars(select(Answer.key)))) == ["young"]


def test_every_beat_of_the_worker_runs_on_a_territory_at_work(ledger, app):
    ledger.book(TEN)
    with app.app_context():
        for action in jobs.Worker(app).beats():
            action()

    assert ledger.the("confirmation").status == "sent"
