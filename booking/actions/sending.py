"""The ledger while it is worked off: rows are leased, then each is acknowledged by itself.

Any number of workers may do this at once. A lease runs on the database's own clock, and a row is acknowledged
only with the fence of the lease it was taken under, so that a worker that was away too long changes nothing.
When a message falls due is a matter of the service's clock, which may step: what was sent stays sent, and what a
wrong clock let expire comes back (``revive``). The sending itself is done between the transactions.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, delete, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from booking.actions.reminders import warn_of_undeliverable
from booking.models import Reminder

LEASE_SECONDS = 300
"""Longer than the slowest sending of one letter."""

RETRY_MINUTES = (1, 5, 15, 60)
"""From one attempt to the next; the last one again and again."""

ATTEMPTS = 8
"""After so many a message is put aside for good."""

JITTER = 0.2
LEDGER_DAYS = 183


@dataclass(frozen=True)
class Leased:
    """A row that is ours to send until the lease ends; ``attempts`` counts this one."""

    pk: int
    fence: int
    attempts: int


def anything_due(session: Session, now: datetime) -> bool:
    """Whether there is something to lease; asked without a write transaction."""
    return session.scalar(select(Reminder.pk).where(*_due(session, now)).limit(1)) is not None


def lease(session: Session, now: datetime, limit: int) -> list[Leased]:
    """Takes up to ``limit`` due rows, the longest due first, that no other worker holds."""
    _put_aside(session, now)
    wanted = select(Reminder.pk).where(*_due(session, now)).order_by(Reminder.due_at, Reminder.pk).limit(limit)
    if session.get_bind().dialect.name == "postgresql":
        wanted = wanted.with_for_update(skip_locked=True)
    chosen = wanted.cte("chosen")  # looked up once, whatever the planner would like
    taken = session.execute(
        update(Reminder)
        .where(Reminder.pk.in_(select(chosen.c.pk)))
        .values(
            lease_until=_seconds_now(session) + LEASE_SECONDS,
            attempts=Reminder.attempts + 1,
            fence=Reminder.fence + 1,
        )
        .returning(Reminder.due_at, Reminder.pk, Reminder.fence, Reminder.attempts)
        .execution_options(synchronize_session=False)
    ).all()
    in_order = sorted((due_at, pk, fence, attempts) for due_at, pk, fence, attempts in taken)
    return [Leased(pk, fence, attempts) for _, pk, fence, attempts in in_order]


def sent(session: Session, leased: Leased, now: datetime) -> bool:
    """It went out. Whether the row was still ours."""
    return _acknowledge(session, leased, status="sent", reason=None, sent_at=now, lease_until=None)


def unsent(session: Session, leased: Leased, status: str, reason: str) -> bool:
    """It is not to be sent any more (``skipped``, ``expired``), and why."""
    return _acknowledge(session, leased, Reminder.status == "pending", status=status, reason=reason, lease_until=None)


def delayed(session: Session, leased: Leased, code: str, now: datetime) -> bool:
    """It could not go now: again later, or never after too many attempts."""
    if leased.attempts >= ATTEMPTS:
        return failed(session, leased, "quarantine", now)
    minutes = RETRY_MINUTES[min(leased.attempts, len(RETRY_MINUTES)) - 1]
    seconds = int(minutes * 60 * random.uniform(1, 1 + JITTER))  # noqa: S311 - jitter, not a secret
    return _acknowledge(
        session,
        leased,
        Reminder.status == "pending",
        reason=code,
        lease_until=_seconds_now(session) + seconds,
    )


def failed(session: Session, leased: Leased, code: str, now: datetime) -> bool:
    """It will never go; whoever awaits the addressee is told."""
    ours = _acknowledge(session, leased, Reminder.status == "pending", status="failed", reason=code, lease_until=None)
    if ours:
        warn_of_undeliverable(session, leased.pk, now)
    return ours


def given_back(session: Session, leased: Sequence[Leased]) -> None:
    """Rows that were not tried, for whoever comes next; the attempt does not count."""
    for each in leased:
        _acknowledge(session, each, Reminder.status == "pending", lease_until=None, attempts=Reminder.attempts - 1)


def revive(session: Session, now: datetime) -> int:
    """Makes due again what expired although its time is not over: the clock was ahead, and was set right."""
    return _changed(
        session,
        update(Reminder)
        .where(Reminder.status == "expired", Reminder.not_after >= now)
        .values(status="pending", reason=None, lease_until=None),
    )


def forget(session: Session, now: datetime) -> int:
    """Deletes the rows whose story ended half a year ago."""
    return _changed(
        session,
        delete(Reminder).where(
            Reminder.status != "pending",
            Reminder.due_at < now - timedelta(days=LEDGER_DAYS),
            Reminder.created < now - timedelta(days=LEDGER_DAYS),
        ),
    )


def _due(session: Session, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Reminder.status == "pending", Reminder.due_at <= now, _free(session))


def _free(session: Session) -> ColumnElement[bool]:
    return or_(Reminder.lease_until.is_(None), _lease_seconds() <= _seconds_now(session))


def _put_aside(session: Session, now: datetime) -> None:
    """What came too late expires at once, and what killed its worker again and again is tried no more."""
    session.execute(
        update(Reminder)
        .where(*_due(session, now), Reminder.not_after < now)
        .values(status="expired", reason=func.coalesce(Reminder.reason, "too_late"), lease_until=None)
        .execution_options(synchronize_session=False)
    )
    worn_out = session.execute(
        select(Reminder.pk, Reminder.fence, Reminder.attempts).where(*_due(session, now), Reminder.attempts >= ATTEMPTS)
    ).all()
    for pk, fence, attempts in worn_out:
        failed(session, Leased(pk, fence, attempts), "quarantine", now)


def _acknowledge(session: Session, leased: Leased, *also: ColumnElement[bool], **values: Any) -> bool:
    return bool(
        _changed(
            session,
            update(Reminder).where(Reminder.pk == leased.pk, Reminder.fence == leased.fence, *also).values(**values),
        )
    )


def _changed(session: Session, statement: Any) -> int:
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)


def _lease_seconds() -> ColumnElement[int]:
    """The column as the plain integer it is, to be compared with the database's own clock."""
    return literal_column("reminder.lease_until", Integer)


def _seconds_now(session: Session) -> ColumnElement[Any]:
    """The database's clock, in whole seconds since 1970."""
    if session.get_bind().dialect.name == "postgresql":
        return literal_column("CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS bigint)", Integer)
    return literal_column("CAST(strftime('%s', 'now') AS integer)", Integer)
