"""What a vehicle needs besides: its carnet de bord, its key, its maintenance, photos of damage."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base, Instant
from booking.models.calendars import Calendar
from booking.models.entries import Entry
from booking.models.people import Account

MAINTENANCE_KINDS = ("inspection", "servicing", "insurance", "other")


class Photo(Base):
    """A picture of damage, made anew from what was sent so that nothing hidden comes along."""

    __tablename__ = "photo"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes]
    created: Mapped[datetime] = mapped_column(Instant)


class Trip(Base):
    """One line of the carnet de bord: from the departure to the return. Times in UTC minutes, distances in km.

    A trip without return is open; a vehicle has one open trip at most. ``entry_pk`` and ``occurrence`` name the
    reservation, appointment or workshop that it was made for, where there was one.
    """

    __tablename__ = "trip"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"))
    entry_pk: Mapped[int | None] = mapped_column(ForeignKey("entry.pk"), index=True)
    occurrence: Mapped[int] = mapped_column(default=0)
    driver_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"))
    purpose: Mapped[str | None]
    passengers: Mapped[int | None]
    departed_at: Mapped[int]
    departure_km: Mapped[int]
    returned_at: Mapped[int | None]
    return_km: Mapped[int | None]
    fuel_litres: Mapped[float | None]
    charge_percent: Mapped[int | None]
    state: Mapped[str | None]
    photo_pk: Mapped[int | None] = mapped_column(ForeignKey("photo.pk"))
    declared_by_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    version: Mapped[int] = mapped_column(default=1)
    calendar: Mapped[Calendar] = relationship()
    entry: Mapped[Entry | None] = relationship()
    driver: Mapped[Account] = relationship(foreign_keys=[driver_pk])
    photo: Mapped[Photo | None] = relationship()
    __table_args__ = (
        CheckConstraint("(returned_at IS NULL) = (return_km IS NULL)", name="whole_return"),
        CheckConstraint("returned_at IS NULL OR returned_at >= departed_at", name="times"),
        CheckConstraint("departure_km >= 0 AND (return_km IS NULL OR return_km >= departure_km)", name="odometer"),
        CheckConstraint("charge_percent BETWEEN 0 AND 100", name="charge"),
        Index("ix_trip_calendar_pk_departed_at", "calendar_pk", "departed_at"),
        Index(
            "uq_trip_open",
            "calendar_pk",
            unique=True,
            postgresql_where=text("returned_at IS NULL"),
            sqlite_where=text("returned_at IS NULL"),
        ),
    )


class KeyHolding(Base):
    """Who has a vehicle's key, since when, until when; the row without an end is the present holder's."""

    __tablename__ = "key_holding"
    pk: Mapped[int] = mapped_column(primary_key=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"))
    holder_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"))
    since: Mapped[datetime] = mapped_column(Instant)
    handed_by_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    back_at: Mapped[datetime | None] = mapped_column(Instant)
    holder: Mapped[Account] = relationship(foreign_keys=[holder_pk])
    __table_args__ = (
        Index("ix_key_holding_calendar_pk_since", "calendar_pk", "since"),
        Index(
            "uq_key_holding_held",
            "calendar_pk",
            unique=True,
            postgresql_where=text("back_at IS NULL"),
            sqlite_where=text("back_at IS NULL"),
        ),
    )


class Maintenance(Base):
    """What a vehicle is due for: by a date, by a distance, or both. Past the date an absence closes the vehicle."""

    __tablename__ = "maintenance"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"), index=True)
    kind: Mapped[str]
    due_on: Mapped[date | None]
    due_km: Mapped[int | None]
    done_on: Mapped[date | None]
    note: Mapped[str | None]
    absence_pk: Mapped[int | None] = mapped_column(ForeignKey("entry.pk"))
    version: Mapped[int] = mapped_column(default=1)
    calendar: Mapped[Calendar] = relationship()
    absence: Mapped[Entry | None] = relationship()
    __table_args__ = (
        CheckConstraint("kind IN ('inspection', 'servicing', 'insurance', 'other')", name="kind"),
        CheckConstraint("due_on IS NOT NULL OR due_km IS NOT NULL", name="due"),
    )
