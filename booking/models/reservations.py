"""Reservations: rooms, vehicles and advisers' time taken for a stated use; who came, and who waits for a time."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base, Instant
from booking.models.entries import Entry
from booking.models.people import Account


class Reservation(Base):
    """What an entry of kind reservation has besides: for whom it was made, when not for its maker; what for.

    ``people`` is how many come, ``driver_pk`` who drives (when not the one it is for), ``planned_km`` the way there
    and back. An ``option`` holds its time and lapses by itself if it is not confirmed. ``split_from_pk`` is the
    series that this one goes on ("this and the following").
    """

    __tablename__ = "reservation"
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), primary_key=True)
    booked_for_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    purpose: Mapped[str | None]
    people: Mapped[int | None]
    driver_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    planned_km: Mapped[int | None]
    option: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    split_from_pk: Mapped[int | None] = mapped_column(ForeignKey("entry.pk"))
    entry: Mapped[Entry] = relationship(foreign_keys=[entry_pk])


class CheckIn(Base):
    """What became of one date of a reservation: somebody came (``present``), or nobody (``no_show``).

    ``occurrence`` is the original start of a series' date, 0 for a reservation that does not recur. Of a no-show,
    ``released_from`` (UTC minute) is when the rest of the time was given back.
    """

    __tablename__ = "check_in"
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), primary_key=True)
    occurrence: Mapped[int] = mapped_column(primary_key=True, default=0)
    outcome: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
    account_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    released_from: Mapped[int | None]
    __table_args__ = (CheckConstraint("outcome IN ('present', 'no_show')", name="outcome"),)


class Waiting(Base):
    """Somebody who waits for a time of a calendar to become free, in the order of the keys.

    ``offered`` joins the pending reservation made for them (``entry_pk``) when it did; ``held_until`` (UTC minute)
    is when that lapses.
    """

    __tablename__ = "waiting"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"))
    account_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"), index=True)
    starts: Mapped[int]
    ends: Mapped[int]
    title: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="waiting")
    entry_pk: Mapped[int | None] = mapped_column(ForeignKey("entry.pk"), index=True)
    held_until: Mapped[int | None]
    created: Mapped[datetime] = mapped_column(Instant)
    account: Mapped[Account] = relationship()
    __table_args__ = (
        CheckConstraint("starts < ends", name="span"),
        CheckConstraint("state IN ('waiting', 'offered', 'taken', 'withdrawn', 'lapsed')", name="state"),
        Index(
            "ix_waiting_calendar_pk",
            "calendar_pk",
            "pk",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
    )


class RefusedWish(Base):
    """A wish that was refused, counted for the occupancy: which calendar, which time, why; never whose."""

    __tablename__ = "refused_wish"
    pk: Mapped[int] = mapped_column(primary_key=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"))
    starts: Mapped[int]
    ends: Mapped[int]
    code: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (Index("ix_refused_wish_calendar_pk_starts", "calendar_pk", "starts"),)
