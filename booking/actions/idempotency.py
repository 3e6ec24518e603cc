"""Idempotency: the same request sent again gets the answer of the first, and has its effect once.

The key stands in the table ``answer`` before the work begins and in the work's own transaction: who comes second
waits for the first to end. A refusal undoes the transaction and with it the key, so it may be tried again.
Programs send the key in a header; a form carries a random one.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from booking.database import execute, glance, rows
from booking.models import Answer
from booking.refusals import KeyReused, KeyRunning

KEPT = timedelta(hours=72)
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Given:
    """An answer as it goes out: what is kept of it for a second sending."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def digest(*parts: Any) -> str:
    """What makes two requests the same: SHA-256 over the parts as canonical JSON (order of members is nothing)."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


_BEGIN = (
    "INSERT INTO answer (account_pk, key, digest, created) VALUES (:account, :key, :digest, :created) "
    "ON CONFLICT (account_pk, key) DO NOTHING"
)
_KEEP = (
    "UPDATE answer SET status = :status, headers = :headers, body = :body WHERE account_pk = :account AND key = :key"
)
_KEPT = "SELECT digest, status, headers, body FROM answer WHERE account_pk = :account AND key = :key"


def once(
    session: Session,
    account_pk: int,
    key: str | None,
    request_digest: str,
    now: datetime,
    work: Callable[[], Given],
) -> Given:
    """Runs ``work`` in the caller's write transaction, or returns the answer that this key got before.

    Without a key the work is simply done. Raises ``KeyReused`` when the key came with another request,
    ``KeyRunning`` when the first one still runs after the wait for a lock.
    """
    if key is None:
        return work()
    arguments = {"account": account_pk, "key": key, "digest": request_digest, "created": int(now.timestamp())}
    try:
        begun = execute(session, _BEGIN, arguments)
    except Exception as error:
        if getattr(error.__cause__, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise KeyRunning from error
        raise
    if not begun:
        return _kept(session, account_pk, key, request_digest)
    given = work()
    kept = {"status": given.status, "headers": json.dumps(given.headers), "body": given.body}
    execute(session, _KEEP, {"account": account_pk, "key": key, **kept})
    return given


def is_known(account_pk: int, key: str) -> bool:
    """Whether a request with this key was answered, as anybody may see who asks now."""
    return bool(glance(_KEPT, {"account": account_pk, "key": key}))


def _kept(session: Session, account_pk: int, key: str, request_digest: str) -> Given:
    found = rows(session, _KEPT, {"account": account_pk, "key": key})
    if not found or found[0][1] is None:
        raise KeyRunning
    kept_digest, status, headers, body = found[0]
    if kept_digest != request_digest:
        raise KeyReused
    return Given(status, body or "", json.loads(headers) if isinstance(headers, str) else dict(headers or {}))


def forget(session: Session, now: datetime) -> int:
    """Drops the answers that nobody will ask for again; returns how many."""
    done = session.execute(
        delete(Answer).where(Answer.created < now - KEPT).execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
