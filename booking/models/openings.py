"""Openings: the rules by which an adviser offers time at a venue, or a room or vehicle opens; and changed dates."""

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base
from booking.models.calendars import Calendar
from booking.models.catalogue import Venue


class Opening(Base):
    """A rule that offers time. ``starts_wall`` is local (``YYYY-MM-DDTHH:MM``) in the venue's zone.

    ``rrule`` is RFC 5545's text without its name; ``exdates`` are local dates or date-times; ``minutes`` are
    elapsed minutes. ``limited`` says that only the purposes joined to it are admitted (none joined: none).
    """

    __tablename__ = "opening"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"), index=True)
    venue_pk: Mapped[int] = mapped_column(ForeignKey("venue.pk"), index=True)
    starts_wall: Mapped[str]
    minutes: Mapped[int]
    rrule: Mapped[str | None]
    exdates: Mapped[list[str]] = mapped_column(JSON, default=list)
    admission: Mapped[str]
    limited: Mapped[bool] = mapped_column(default=False)
    holidays: Mapped[str] = mapped_column(default="closed")
    version: Mapped[int] = mapped_column(default=1)
    calendar: Mapped[Calendar] = relationship()
    venue: Mapped[Venue] = relationship()
    purposes: Mapped[list["OpeningPurpose"]] = relationship(cascade="all, delete-orphan")
    changes: Mapped[list["OpeningChange"]] = relationship(cascade="all, delete-orphan")
    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("admission IN ('by_appointment', 'drop_in', 'both')", name="admission"),
        CheckConstraint("holidays IN ('closed', 'open')", name="holidays"),
    )


class OpeningPurpose(Base):
    """A purpose that a limited opening admits."""

    __tablename__ = "opening_purpose"
    opening_pk: Mapped[int] = mapped_column(ForeignKey("opening.pk", ondelete="CASCADE"), primary_key=True)
    purpose_pk: Mapped[int] = mapped_column(ForeignKey("purpose.pk"), primary_key=True)


class OpeningChange(Base):
    """One date of an opening, cancelled (``starts_wall`` absent) or given another time, length or venue.

    ``original`` is the local start that the rule gives.
    """

    __tablename__ = "opening_change"
    pk: Mapped[int] = mapped_column(primary_key=True)
    opening_pk: Mapped[int] = mapped_column(ForeignKey("opening.pk", ondelete="CASCADE"))
    original: Mapped[str]
    starts_wall: Mapped[str | None]
    minutes: Mapped[int | None]
    venue_pk: Mapped[int | None] = mapped_column(ForeignKey("venue.pk"))
    __table_args__ = (UniqueConstraint("opening_pk", "original"),)
