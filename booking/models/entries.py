"""Entries: whatever stands on calendars, with its iCalendar identity; and the changed dates of a series."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base, Instant
from booking.models.catalogue import Venue
from booking.models.people import Account

KINDS = ("appointment", "reservation", "workshop", "meeting", "drop_in", "absence", "busy")


class Entry(Base):
    """Owns ``uid``, ``sequence``, ``status``, ``created``, ``last_modified`` and its zone, once and for life.

    ``starts`` and ``ends`` (UTC minutes) are what people see; of a series, those of its first date. ``before``
    and ``after`` (minutes) widen the claims of advisers and vehicles. A series keeps its local start
    ``starts_wall``, its ``rrule`` and its ``exdates``; each of its dates has its own claims.
    ``version`` rises with every change (``If-Match``), ``sequence`` only with a significant one (RFC 5545
    §3.8.7.4). ``lapses_at`` (UTC minute) ends a tentative entry that nobody confirmed. ``related_pk`` joins
    what was taken together in one transaction.
    """

    __tablename__ = "entry"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str]
    kind: Mapped[str]
    uid: Mapped[str] = mapped_column(unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    status: Mapped[str]
    zone: Mapped[str]
    starts: Mapped[int]
    ends: Mapped[int]
    before: Mapped[int] = mapped_column(default=0)
    after: Mapped[int] = mapped_column(default=0)
    title: Mapped[str | None]
    territory_pk: Mapped[int] = mapped_column(ForeignKey("territory.pk"))
    venue_pk: Mapped[int | None] = mapped_column(ForeignKey("venue.pk"))
    booked_by_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    created: Mapped[datetime] = mapped_column(Instant)
    last_modified: Mapped[datetime] = mapped_column(Instant)
    lapses_at: Mapped[int | None]
    reason: Mapped[str | None]
    starts_wall: Mapped[str | None]
    rrule: Mapped[str | None]
    exdates: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    related_pk: Mapped[int | None] = mapped_column(ForeignKey("entry.pk"))
    venue: Mapped[Venue | None] = relationship()
    booked_by: Mapped[Account | None] = relationship()
    __table_args__ = (
        UniqueConstraint("kind", "id"),
        CheckConstraint("starts < ends", name="span"),
        CheckConstraint("before >= 0 AND after >= 0", name="buffers"),
        CheckConstraint(
            "status IN ('confirmed', 'tentative', 'cancelled', 'rejected')",
            name="status",
        ),
        CheckConstraint(
            "kind IN ('appointment', 'reservation', 'workshop', 'meeting', 'drop_in', 'absence', 'busy')",
            name="kind",
        ),
        Index("ix_entry_territory_pk_starts", "territory_pk", "starts"),
        Index(
            "ix_entry_lapses_at",
            "lapses_at",
            postgresql_where=text("lapses_at IS NOT NULL"),
            sqlite_where=text("lapses_at IS NOT NULL"),
        ),
        Index(
            "ix_entry_related_pk",
            "related_pk",
            postgresql_where=text("related_pk IS NOT NULL"),
            sqlite_where=text("related_pk IS NOT NULL"),
        ),
    )


class Occurrence(Base):
    """One date of a series that differs from its rule: cancelled (``starts`` absent) or moved.

    ``original`` is the UTC minute that the rule gives; ``sequence`` is this date's own (RFC 5545 §3.8.4.4).
    """

    __tablename__ = "occurrence"
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), primary_key=True)
    original: Mapped[int] = mapped_column(primary_key=True)
    starts: Mapped[int | None]
    ends: Mapped[int | None]
    sequence: Mapped[int]
    reason: Mapped[str | None]
    last_modified: Mapped[datetime] = mapped_column(Instant)
