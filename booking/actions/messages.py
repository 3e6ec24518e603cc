"""The ledger as the administrators of a territory read it: what went to whom, what waits, what did not go, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from booking.actions.letters import Desk, file_name, shown_letter
from booking.mail import one_line
from booking.models import Account, Beneficiary, Entry, Reminder
from booking.refusals import NotFound


@dataclass(frozen=True)
class Message:
    """One row. ``id`` is the first part of its Message-ID; ``to`` the addressee's present address, if any."""

    id: str
    kind: str
    to: str | None
    to_name: str | None
    due_at: datetime
    sent_at: datetime | None
    status: str
    reason: str | None
    attempts: int
    subject: str
    text: str
    file_name: str
    entry_kind: str | None
    entry_id: str | None


_ROWS = (
    select(
        Reminder,
        Beneficiary.email.label("beneficiary_email"),
        Beneficiary.name.label("beneficiary_name"),
        Account.email.label("account_email"),
        Account.name.label("account_name"),
        Entry.kind.label("entry_kind"),
        Entry.id.label("entry_id"),
    )
    .outerjoin(Beneficiary, Beneficiary.pk == Reminder.beneficiary_pk)
    .outerjoin(Account, Account.pk == Reminder.account_pk)
    .outerjoin(Entry, Entry.pk == Reminder.entry_pk)
)


def messages_of(
    session: Session,
    territory_pk: int,
    view: str,
    now: datetime,
    desk: Desk,
    after: str | None = None,
    limit: int = 50,
) -> tuple[list[Message], str | None]:
    """A page of a territory's messages, newest first (what waits: next first), and the next page's mark.

    ``view``: ``all`` that was due so far, ``sent``, ``waiting``, or ``trouble`` (failed, too late, tried again).
    ``after`` is the id of the last message of the page before; raises ``NotFound`` when there is none such.
    """
    wanted = _ROWS.where(Reminder.territory_pk == territory_pk)
    ahead = view == "waiting"
    if ahead:
        wanted = wanted.where(Reminder.status == "pending").order_by(Reminder.due_at, Reminder.pk)
    else:
        wanted = wanted.order_by(Reminder.due_at.desc(), Reminder.pk.desc())
    if view == "all":
        wanted = wanted.where(Reminder.due_at <= now)
    elif view == "sent":
        wanted = wanted.where(Reminder.status == "sent")
    elif view == "trouble":
        tried_again = (Reminder.status == "pending") & Reminder.reason.is_not(None)
        wanted = wanted.where(Reminder.status.in_(("failed", "expired", "to_confirm")) | tried_again)
    if after is not None:
        last: Reminder = _row(session, territory_pk, after).Reminder
        level = Reminder.due_at == last.due_at
        if ahead:
            wanted = wanted.where(or_(Reminder.due_at > last.due_at, and_(level, Reminder.pk > last.pk)))
        else:
            wanted = wanted.where(or_(Reminder.due_at < last.due_at, and_(level, Reminder.pk < last.pk)))
    found = session.execute(wanted.limit(limit + 1)).all()
    page = [_message(session, row, now, desk) for row in found[:limit]]
    return page, page[-1].id if len(found) > limit else None


def message_named(session: Session, territory_pk: int, message_id: str, now: datetime, desk: Desk) -> Message:
    """One message of the territory, its text written anew without any personal link; raises ``NotFound``."""
    return _message(session, _row(session, territory_pk, message_id), now, desk)


def _row(session: Session, territory_pk: int, message_id: str) -> Any:
    found = session.execute(
        _ROWS.where(Reminder.territory_pk == territory_pk, Reminder.message_id == message_id)
    ).first()
    if found is None:
        raise NotFound
    return found


def _message(session: Session, row: Any, now: datetime, desk: Desk) -> Message:
    reminder: Reminder = row.Reminder
    letter = shown_letter(session, reminder.pk, reminder.sent_at or now, desk)
    return Message(
        id=reminder.message_id,
        kind=reminder.kind,
        to=row.beneficiary_email or row.account_email,
        to_name=row.beneficiary_name or row.account_name,
        due_at=reminder.due_at,
        sent_at=reminder.sent_at,
        status=reminder.status,
        reason=reminder.reason,
        attempts=reminder.attempts,
        subject=one_line(letter.subject),
        text=letter.text,
        file_name=file_name(reminder.due_at, reminder.message_id),
        entry_kind=row.entry_kind,
        entry_id=row.entry_id,
    )
