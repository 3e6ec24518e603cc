"""The worker: a metronome that says which action, how often. What is to be done stands in the database.

Any number of workers may run. APScheduler only beats time: it keeps no list of messages, and a beat that was
missed is simply the next one. Mails go out between transactions: lease, write, send, acknowledge.
"""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any, TypeVar

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import BuildError

from booking import clock
from booking.actions import audit, idempotency, proposals, reminders, sending, series
from booking.actions.letters import Desk, Unsent, write_letter
from booking.actions.sending import Leased
from booking.config import Settings
from booking.database import reading, write
from booking.mail import TIMEOUT_SECONDS, Delayed, Letter, PostOffice, Refused, post_office
from booking.refusals import Refusal, Unavailable

BATCH = 50
MAIL_DAYS = 92
_LAST_START = sending.LEASE_SECONDS - 3 * TIMEOUT_SECONDS
"""Seconds after which no further letter of a batch is begun: its lease might end before the sending does."""

log = logging.getLogger("booking.jobs")
Result = TypeVar("Result")


@dataclass
class Worker:
    """One process's share of the work, which ends between two letters once ``stopping`` is set."""

    app: Flask
    stopping: threading.Event = field(default_factory=threading.Event)
    _latest: float = 0.0
    _rest_until: float = 0.0
    _rest: float = 1.0

    @property
    def settings(self) -> Settings:
        found: Settings = self.app.config["BOOKING_SETTINGS"]
        return found

    def send_due_messages(self) -> None:
        """Works off what is due; rests for a growing while when the way out itself is in trouble."""
        if clock.monotonic() < self._rest_until:
            return
        self._mind_the_clock()
        done = drain(self.app, self.stopping)
        if done["trouble"]:
            self._rest_until = clock.monotonic() + self._rest
            self._rest = min(self._rest * 2, 60.0)
        elif done:
            self._rest = 1.0

    def _mind_the_clock(self) -> None:
        """At the start, and when the service's clock has gone back, what expired too early is due again."""
        now = clock.now()
        if now.timestamp() < self._latest or not self._latest:
            revived = write(lambda session: sending.revive(session, now))
            if revived:
                log.warning("expired messages are due again", extra={"facts": {"messages": revived}})
        self._latest = now.timestamp()

    def lapse_proposals(self) -> None:
        while write(lambda session: proposals.lapse_due(session, clock.now())) and not self.stopping.is_set():
            continue

    def extend_series(self) -> None:
        """Series without end take the dates that have come within reach."""
        left_out = write(lambda session: series.extend_series(session, clock.now()))
        if left_out:
            log.warning("dates of series could not be taken", extra={"facts": {"dates": len(left_out)}})

    def seal_the_audit(self) -> None:
        write(lambda session: audit.seal(session, clock.now()))

    def forget_answers(self) -> None:
        """Answers kept for a retry go after 72 hours."""
        write(lambda session: idempotency.forget(session, clock.now()))

    def forget_messages(self) -> None:
        """Ledger rows go half a year after, mails kept as files a quarter after."""
        write(lambda session: sending.forget(session, clock.now()))
        oldest = (clock.real_now() - timedelta(days=MAIL_DAYS)).timestamp()
        for file in self.settings.mails.glob("*.eml"):
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)

    def beats(self) -> dict[Callable[[], None], float]:
        """What is done, and how many seconds apart; each is done at the start too."""
        return {
            self.send_due_messages: 2,
            self.lapse_proposals: 60,
            self.seal_the_audit: 600,
            self.forget_answers: 3600,
            self.extend_series: 6 * 3600,
            self.forget_messages: 86400,
        }

    def run(self) -> None:
        """Works until ``stopping`` is set, then ends what is under way."""
        self._at_beat(lambda: write(reminders.recompute), "recompute")
        scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(4)})
        for action, seconds in self.beats().items():
            scheduler.add_job(
                self._at_beat,
                "interval",
                (action, action.__name__),
                seconds=seconds,
                next_run_time=clock.real_now(),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        scheduler.start()
        log.info("worker started")
        self.stopping.wait()
        log.info("worker is stopping")
        scheduler.shutdown(wait=True)
        log.info("worker stopped")

    def _at_beat(self, action: Callable[[], object], name: str) -> None:
        """One action, in a context of its own; what goes wrong is logged, and the next beat tries again."""
        try:
            with self.app.app_context():
                action()
        except Unavailable:
            log.warning("the database is not to be had", extra={"facts": {"job": name}})
        except Exception:
            log.exception("a job failed", extra={"facts": {"job": name}})


def run_worker(app: Flask) -> None:
    """Works until the process is asked to end (SIGTERM, SIGINT); what is under way is ended first."""
    worker = Worker(app)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stopping.set())
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    worker.run()


def drain(app: Flask, stopping: threading.Event | None = None, batch: int = BATCH) -> Counter[str]:
    """Works off everything that is due now, and says how many messages ended how.

    ``sent``, ``skipped``, ``expired``, ``failed``, ``delayed``; ``trouble`` when the way out itself is blocked.
    """
    settings: Settings = app.config["BOOKING_SETTINGS"]
    with reading() as session:
        if not sending.anything_due(session, clock.now()):
            return Counter()
    done: Counter[str] = Counter()
    with post_office(settings) as office:
        while not done["trouble"] and not (stopping and stopping.is_set()):
            leased = write(lambda session: sending.lease(session, clock.now(), batch))
            if not leased:
                break
            desk = Desk(settings, lambda endpoint, **values: _address(app, settings, endpoint, values))
            _work_off(leased, desk, office, done, stopping)
    log.info("messages worked off", extra={"facts": dict(done)})
    return done


def _work_off(
    leased: list[Leased], desk: Desk, office: PostOffice, done: Counter[str], stopping: threading.Event | None
) -> None:
    began = clock.monotonic()
    for place, each in enumerate(leased):
        late = clock.monotonic() - began > _LAST_START
        if done["trouble"] or late or (stopping and stopping.is_set()):
            rest = leased[place:]
            _surely(lambda session: sending.given_back(session, rest))  # noqa: B023 - called at once
            return
        done[_one(each, desk, office, done)] += 1


def _one(leased: Leased, desk: Desk, office: PostOffice, done: Counter[str]) -> str:
    """Sends one message, or not; the word for how it ended."""
    now = clock.now()
    try:
        letter = _read_again(leased, desk)
        if isinstance(letter, Unsent):
            why = letter
            _surely(lambda session: sending.unsent(session, leased, why.status, why.reason))
            return why.status
        office.send(letter)
    except Delayed as delay:
        if delay.everywhere:
            done["trouble"] += 1
        log.warning("a message is delayed", extra={"facts": {"message": leased.pk, "code": delay.code}})
        code = delay.code
        _surely(lambda session: sending.delayed(session, leased, code, now))
        return "delayed"
    except Refused as refusal:
        log.warning("a message was refused", extra={"facts": {"message": leased.pk, "code": refusal.code}})
        code = refusal.code
        _surely(lambda session: sending.failed(session, leased, code, now))
        return "failed"
    except (Refusal, KeyboardInterrupt):
        raise
    except Exception:
        log.exception("a message could not be written", extra={"facts": {"message": leased.pk}})
        _surely(lambda session: sending.delayed(session, leased, "defect", now))
        return "delayed"
    _surely(lambda session: sending.sent(session, leased, now))
    return "sent"


def _read_again(leased: Leased, desk: Desk) -> Letter | Unsent:
    with reading() as session:
        return write_letter(session, leased.pk, clock.now(), desk)


def _surely(work: Callable[[Session], Result]) -> Result:
    """Acknowledges what has happened already: while the database is away, again, as long as the lease allows."""
    deadline = clock.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            return write(work)
        except Unavailable:
            if clock.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _address(app: Flask, settings: Settings, endpoint: str, values: dict[str, Any]) -> str:
    """The full address of one of our pages, made without a request."""
    try:
        path = app.url_map.bind("").build(endpoint, values)
    except BuildError:
        path = "/"
    return settings.base_url + path
