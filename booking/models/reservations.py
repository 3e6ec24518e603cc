"""Reservations: rooms, vehicles and advisers' time taken for a stated use, alone or as a series."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base
from booking.models.entries import Entry


class Reservation(Base):
    """What an entry of kind reservation has besides: for whom it was made, when not for its maker."""

    __tablename__ = "reservation"
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), primary_key=True)
    booked_for_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    purpose: Mapped[str | None]
    entry: Mapped[Entry] = relationship()
