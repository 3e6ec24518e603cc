"""The worker as a process: killed at every step, two at once, its clock set back and forth."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Event

import pytest
from sqlalchemy import create_engine, text

from booking import database
from tests import cast as people
from tests.actions.ledger import Ledger, instant
from tests.plumbing.service import make_app

PATIENCE = 60.0
TEN = "2027-01-21 10:00"


@pytest.fixture
def ledger(app, cast):
    return Ledger(app, cast)


@pytest.fixture
def work(database_url, start_worker, mail_server, tmp_path):
    """``work()``: a worker process on this database, its mails to the server, its time in a file."""

    def start():
        return start_worker(database_url, BOOKING_SMTP_URL=mail_server.url, BOOKING_CLOCK=f"@{tmp_path / 'now'}")

    set_clock(tmp_path, "2027-01-18 10:40")
    return start


def set_clock(folder: Path, now: str) -> None:
    new = folder / "now.new"
    new.write_text(instant(now).isoformat())
    new.rename(folder / "now")


def until(holds: Callable[[], object], worker=None) -> None:
    """Waits for it; fails when it does not come, or when the worker ends."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        ended = worker is not None and worker.popen.poll() is not None
        assert not ended, f"the worker ended:\n{worker.log}"
        assert time.monotonic() < deadline, "it did not happen" + (f":\n{worker.log}" if worker else "")
        time.sleep(0.02)


def waiting(ledger: Ledger, now: str = "2027-01-18 10:40") -> int:
    return sum(row.due_at <= instant(now) for row in ledger.rows(status="pending"))


class HeldRow:
    """Keeps the ledger's rows locked, so that what a worker did cannot be acknowledged yet."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(database.normalised_url(url))
        self._connection = self._engine.connect()
        if self._engine.dialect.name == "sqlite":
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            self._connection.execute(text("SELECT pk FROM reminder FOR UPDATE"))

    def let_go(self) -> None:
        self._connection.rollback()
        self._connection.close()
        self._engine.dispose()


UNACKNOWLEDGED = "taken, not acknowledged"
KILLED_AT = ("EHLO", "RCPT", "DATA", "DATA done", UNACKNOWLEDGED)
COPYING = {"DATA", "DATA done", UNACKNOWLEDGED}
"""Where the server has all of a mail already; elsewhere a kill may cost no copy."""


def test_a_worker_killed_at_any_step_loses_nothing_and_repeats_only_what_was_taken_unacknowledged(
    ledger, work, mail_server, database_url
):
    for number, step in enumerate(KILLED_AT):
        ledger.book(
            f"2027-01-21 {9 + number:02}:00",
            email=f"usager-{number}@courriel.example",
            booked_by=ledger.cast.chloe.pk,
        )
        held: list[HeldRow] = []
        reached, released = Event(), Event()

        def pause(reached=reached, released=released) -> None:
            reached.set()
            released.wait(PATIENCE)

        def hold(reached=reached, held=held) -> None:
            if not held:
                held.append(HeldRow(database_url))
            reached.set()

        mail_server.at = {"DATA done": hold} if step == UNACKNOWLEDGED else {step: pause}
        worker = work()
        until(reached.is_set, worker)
        if held:
            time.sleep(0.3)  # the answer reaches the worker, who cannot write the acknowledgement
        worker.kill()
        released.set()
        for each in held:
            each.let_go()
        mail_server.at = {}
        ledger.age_leases()
        assert waiting(ledger) == number + 1

    last = work()
    until(lambda: waiting(ledger) == 0, last)

    copies = Counter((str(message["To"]), str(message["Message-ID"])) for message in mail_server.taken)
    assert {address for address, _ in copies} == {f"usager-{n}@courriel.example" for n in range(len(KILLED_AT))}
    assert len(copies) == len(KILLED_AT)
    assert copies.total() - len(copies) <= len(COPYING)
    assert {row.status for row in ledger.rows(kind="confirmation")} == {"sent"}


def test_two_workers_share_the_work_and_send_nothing_twice(ledger, work, mail_server):
    hours = [f"{hour:02}:{part}" for hour in range(7, 19) for part in ("00", "20", "40")]
    times = [f"2027-01-{day} {hour}" for day in (20, 21) for hour in hours]
    for start in times:
        ledger.book(start, minutes=20, booked_by=ledger.cast.chloe.pk)
    both = Barrier(2)

    def meet() -> None:
        """Neither worker begins before the other has leased something too."""
        if mail_server.connections <= 2:
            both.wait(PATIENCE)

    mail_server.at = {"EHLO": meet}
    worker, _ = work(), work()
    until(lambda: waiting(ledger) == 0, worker)

    assert len(mail_server.ids) == len(set(mail_server.ids)) == len(times)


def test_the_clock_set_ahead_sends_what_is_due_and_set_back_and_forth_repeats_nothing(
    ledger, work, mail_server, tmp_path
):
    ledger.book(TEN)
    worker = work()
    for now, expected in (
        ("2027-01-18 10:40", 2),
        ("2027-01-20 10:00", 3),
        ("2027-01-19 10:00", 3),
        ("2027-01-21 08:00", 4),
        ("2027-01-20 08:00", 4),
    ):
        set_clock(tmp_path, now)
        until(lambda expected=expected: len(mail_server.taken) >= expected, worker)
    set_clock(tmp_path, "2027-01-21 08:00")
    ledger.book("2027-01-22 10:00", now="2027-01-21 07:00", booked_by=ledger.cast.chloe.pk)
    until(lambda: len(mail_server.taken) >= 5, worker)

    assert len(mail_server.ids) == len(set(mail_server.ids)) == 5


def test_a_worker_asked_to_end_ends_its_letter_and_gives_the_others_back(ledger, work, mail_server):
    for hour in range(9, 15):
        ledger.book(f"2027-01-21 {hour:02}:00", booked_by=ledger.cast.chloe.pk)
    reached, released = Event(), Event()

    def pause() -> None:
        reached.set()
        released.wait(PATIENCE)

    mail_server.at = {"DATA done": pause}
    worker = work()
    until(reached.is_set, worker)
    worker.popen.terminate()
    until(lambda: "stopping" in worker.log, worker)
    released.set()

    assert worker.popen.wait(timeout=30) == 0
    assert Counter(row.status for row in ledger.rows(kind="confirmation")) == {"sent": 1, "pending": 5}
    assert all(
        row.lease_until is None and row.attempts == 0 for row in ledger.rows(kind="confirmation", status="pending")
    )


def test_a_worker_outlives_a_mail_server_that_comes_back(ledger, work, mail_server):
    mail_server.stop()
    ledger.book(TEN)
    worker = work()
    until(lambda: "smtp_connection" in {row.reason for row in ledger.rows()}, worker)
    mail_server.start()
    ledger.age_leases()
    until(lambda: waiting(ledger) == 0, worker)

    assert len(mail_server.taken) == 2


def test_a_worker_outlives_a_database_that_went_away(own_postgres, start_worker, mail_server, tmp_path):
    url = own_postgres.create_database("booking")
    database.upgrade(url)
    set_clock(tmp_path, "2027-01-18 10:40")
    worker = start_worker(url, BOOKING_SMTP_URL=mail_server.url, BOOKING_CLOCK=f"@{tmp_path / 'now'}")
    until(lambda: "worker started" in worker.log, worker)
    own_postgres.stop()
    until(lambda: "not to be had" in worker.log or "a job failed" in worker.log, worker)
    own_postgres.start()

    app = make_app(url, tmp_path)
    with app.app_context():
        ledger = Ledger(app, database.write(people.build))
        ledger.book(TEN)
        until(lambda: waiting(ledger) == 0, worker)
        database.db.session.remove()
        database.db.engine.dispose()
    assert len(mail_server.taken) == 2
