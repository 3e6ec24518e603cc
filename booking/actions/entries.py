"""Entries: their making, their identity and their changes; what every kind of entry has in common."""

import secrets
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from booking.database import add
from booking.models import Entry
from booking.refusals import Stale

ENTRY_NAMESPACE = uuid.UUID("5f0c7c4e-6d0e-5a55-9c86-2d4f3c9d1b60")
"""Entries imported without a uid get one made from their kind and id, the same wherever they are imported."""

_PREFIX = {
    "appointment": "rdv",
    "reservation": "reservation",
    "workshop": "atelier",
    "meeting": "reunion",
    "drop_in": "permanence",
    "absence": "absence",
    "busy": "occupation",
}


def new_id(kind: str) -> str:
    """A fresh public id, telling by its prefix what it names; not to be guessed."""
    return f"{_PREFIX.get(kind, kind)}-{secrets.token_hex(8)}"


def new_uid() -> str:
    """The iCalendar identity of a new entry: random, without host or personal data (RFC 7986 §5.3)."""
    return str(uuid.uuid4())


def uid_of_import(kind: str, entry_id: str) -> str:
    """The identity of an entry that came without one."""
    return str(uuid.uuid5(ENTRY_NAMESPACE, f"{kind}/{entry_id}"))


def new_entry(session: Session, *, kind: str, now: datetime, **columns: Any) -> tuple[int, str, str]:
    """Writes an entry and returns its key, its id and its uid. ``columns`` are those of the table."""
    entry_id = columns.pop("id", None) or new_id(kind)
    uid = columns.pop("uid", None) or new_uid()
    values = {
        "id": entry_id,
        "kind": kind,
        "uid": uid,
        "sequence": 0,
        "version": 1,
        "before": 0,
        "after": 0,
        "created": now,
        "last_modified": now,
        **columns,
    }
    return add(session, "entry", values), entry_id, uid


def change(session: Session, entry: Entry, now: datetime, *, significant: bool, **columns: Any) -> None:
    """Changes an entry's row: version + 1, ``last_modified``, and sequence + 1 when it is significant.

    Significant is a new start, end, rule, exception, status or venue (RFC 5545 §3.8.7.4). Raises ``Stale`` when
    somebody else changed the row since it was read. ``entry`` is brought up to date.
    """
    seen = entry.version
    values = {
        **columns,
        "version": seen + 1,
        "sequence": entry.sequence + (1 if significant else 0),
        "last_modified": now,
    }
    done = session.execute(
        update(Entry)
        .where(Entry.pk == entry.pk, Entry.version == seen)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale
    session.refresh(entry)
