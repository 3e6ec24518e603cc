"""The audit: every act leaves a row in its own transaction; seals chain the rows of a month.

Rows carry ids, codes and times, never personal text. They cannot be changed or deleted (triggers refuse it);
a seal is SHA-256 over a run of rows and the seal before it, so a row taken out by other means is found.
Sealing is apart from writing, or every booking would wait for the one before it.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from booking.database import add_all
from booking.models import Account, Audit, AuditSeal

SETTLING = timedelta(minutes=10)
"""Rows younger than this may still have an older neighbour in a transaction that is open."""


def note(
    session: Session,
    *,
    at: datetime,
    account_pk: int | None,
    action: str,
    object_kind: str,
    object_id: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Writes down one act, in the caller's transaction."""
    add_all(
        session,
        "audit",
        [
            {
                "at": at,
                "account_pk": account_pk,
                "action": action,
                "object_kind": object_kind,
                "object_id": object_id,
                "detail": detail,
            }
        ],
    )


def history(
    session: Session, object_kind: str, object_id: str
) -> list[tuple[datetime, str | None, str, dict[str, Any]]]:
    """Who did what to one object, oldest first: (when, name of the account, action, detail)."""
    found = session.execute(
        select(Audit.at, Account.name, Audit.action, Audit.detail)
        .outerjoin(Account, Account.pk == Audit.account_pk)
        .where(Audit.object_kind == object_kind, Audit.object_id == object_id)
        .order_by(Audit.pk)
    )
    return [(at, name, action, detail or {}) for at, name, action, detail in found]


def _row_text(row: Audit) -> bytes:
    return json.dumps(
        [
            row.pk,
            int(row.at.timestamp()),
            row.account_pk,
            row.action,
            row.object_kind,
            row.object_id,
            row.detail,
        ],
        sort_keys=True,
        ensure_ascii=False,
    ).encode()


def _digest(rows: list[Audit], previous: str) -> str:
    total = hashlib.sha256(previous.encode())
    for row in rows:
        total.update(_row_text(row))
    return total.hexdigest()


def seal(session: Session, now: datetime, limit: int = 10_000) -> int:
    """Seals the settled rows that no seal covers yet; returns how many. A seal never spans two months."""
    last = session.scalar(select(func.max(AuditSeal.last_pk))) or 0
    rows = list(
        session.scalars(
            select(Audit).where(Audit.pk > last, Audit.at <= now - SETTLING).order_by(Audit.pk).limit(limit)
        )
    )
    for month, run in _by_month(rows):
        previous = session.scalar(
            select(AuditSeal.digest).where(AuditSeal.month == month).order_by(AuditSeal.pk.desc()).limit(1)
        )
        session.execute(
            insert(AuditSeal),
            {
                "month": month,
                "first_pk": run[0].pk,
                "last_pk": run[-1].pk,
                "digest": _digest(run, previous or month),
                "sealed_at": now,
            },
        )
    return len(rows)


def _by_month(rows: list[Audit]) -> list[tuple[str, list[Audit]]]:
    runs: list[tuple[str, list[Audit]]] = []
    for row in rows:
        month = f"{row.at:%Y-%m}"
        if not runs or runs[-1][0] != month:
            runs.append((month, []))
        runs[-1][1].append(row)
    return runs


def broken_seals(session: Session) -> list[str]:
    """The months whose chain does not hold, each with the first seal that fails."""
    broken = []
    previous: dict[str, str] = {}
    for each in session.scalars(select(AuditSeal).order_by(AuditSeal.pk)):
        rows = list(
            session.scalars(select(Audit).where(Audit.pk.between(each.first_pk, each.last_pk)).order_by(Audit.pk))
        )
        if _digest(rows, previous.get(each.month, each.month)) != each.digest:
            broken.append(f"{each.month}: rows {each.first_pk} to {each.last_pk}")
        previous[each.month] = each.digest
    return broken
