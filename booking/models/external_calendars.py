"""External calendars: what people keep elsewhere, read so that it is respected here."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.models.base import Base, Instant


class ExternalCalendar(Base):
    """An address (or an uploaded file) whose busy times stand on an adviser's calendar."""

    __tablename__ = "external_calendar"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"), index=True)
    name: Mapped[str]
    url: Mapped[str | None]
    zone: Mapped[str]
    keeps_titles: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="new")
    etag: Mapped[str | None]
    body_hash: Mapped[str | None]
    last_success_at: Mapped[datetime | None] = mapped_column(Instant)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    failures: Mapped[int] = mapped_column(default=0)


class ImportedBusy(Base):
    """A busy time brought from elsewhere; transparent or cancelled ones are kept and claim nothing.

    The claiming ones have an entry of kind ``busy``.
    """

    __tablename__ = "imported_busy"
    pk: Mapped[int] = mapped_column(primary_key=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"), index=True)
    external_calendar_pk: Mapped[int | None] = mapped_column(ForeignKey("external_calendar.pk"))
    entry_pk: Mapped[int | None] = mapped_column(ForeignKey("entry.pk"))
    starts: Mapped[int]
    ends: Mapped[int]
    transparent: Mapped[bool] = mapped_column(default=False)
    cancelled: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (CheckConstraint("starts < ends", name="span"),)
