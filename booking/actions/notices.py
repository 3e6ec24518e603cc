"""The messages of one appointment, as its page tells them: to whom, what, when, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import Account, Reminder


@dataclass(frozen=True)
class Notice:
    """One row of the ledger. ``to_name`` is a colleague's; ``None`` for the beneficiary."""

    kind: str
    to_beneficiary: bool
    to_name: str | None
    due_at: datetime
    sent_at: datetime | None
    status: str
    reason: str | None
    sequence: int

    @property
    def is_ahead(self) -> bool:
        return self.status == "pending"


def notices_of(session: Session, entry_pk: int) -> list[Notice]:
    """What was sent about an appointment, and what will be, in the order of the hours."""
    found = session.execute(
        select(
            Reminder.kind,
            Reminder.beneficiary_pk,
            Account.name,
            Reminder.due_at,
            Reminder.sent_at,
            Reminder.status,
            Reminder.reason,
            Reminder.sequence,
        )
        .outerjoin(Account, Account.pk == Reminder.account_pk)
        .where(Reminder.entry_pk == entry_pk)
        .order_by(Reminder.due_at, Reminder.pk)
    )
    return [
        Notice(kind, person is not None, name, due_at, sent_at, status, reason, sequence)
        for kind, person, name, due_at, sent_at, status, reason, sequence in found
    ]
