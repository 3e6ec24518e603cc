"""Kiosks: tablets at a door that show one calendar, or those of a venue, behind a revocable secret."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base, Instant
from booking.models.calendars import Calendar
from booking.models.catalogue import Venue


class Kiosk(Base):
    """One tablet. Only the SHA-256 of its secret is kept; revoked for good, never reused."""

    __tablename__ = "kiosk"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    calendar_pk: Mapped[int | None] = mapped_column(ForeignKey("calendar.pk"), index=True)
    venue_pk: Mapped[int | None] = mapped_column(ForeignKey("venue.pk"), index=True)
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    account_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"))
    created: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_seen_at: Mapped[datetime | None] = mapped_column(Instant)
    calendar: Mapped[Calendar | None] = relationship()
    venue: Mapped[Venue | None] = relationship()
    __table_args__ = (CheckConstraint("(calendar_pk IS NULL) <> (venue_pk IS NULL)", name="one_scope"),)
