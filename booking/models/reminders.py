"""The ledger of what is sent: a row for each message, made in the transaction that causes it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.models.base import Base, Instant

STATUSES = ("pending", "sent", "skipped", "expired", "failed", "to_confirm")


class Reminder(Base):
    """One message to one addressee through one channel.

    ``dedupe_key`` joins entry, occurrence, sequence, addressee, channel, kind and offset: the same message is
    never made twice. ``due_at`` comes from the wall time ``due_wall`` in ``zone``; after ``not_after`` it is of
    no use any more. A worker holds the row by a lease (the database's clock) and acknowledges it only with the
    ``fence`` it took. ``facts`` are codes, times and keys that the text needs (never personal text).
    """

    __tablename__ = "reminder"
    pk: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    territory_pk: Mapped[int | None] = mapped_column(ForeignKey("territory.pk"), index=True)
    entry_pk: Mapped[int | None] = mapped_column(ForeignKey("entry.pk"), index=True)
    occurrence: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)
    account_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    beneficiary_pk: Mapped[int | None] = mapped_column(ForeignKey("beneficiary.pk"))
    channel: Mapped[str] = mapped_column(default="mail")
    kind: Mapped[str]
    offset_minutes: Mapped[int] = mapped_column(default=0)
    due_wall: Mapped[str | None]
    zone: Mapped[str | None]
    due_at: Mapped[datetime] = mapped_column(Instant)
    not_after: Mapped[datetime | None] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[str]
    created: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'sent', 'skipped', 'expired', 'failed', 'to_confirm')", name="status"),
        CheckConstraint("channel IN ('mail', 'sms')", name="channel"),
        Index(
            "ix_reminder_due_at",
            "due_at",
            postgresql_where=text("status = 'pending'"),
            sqlite_where=text("status = 'pending'"),
        ),
    )
