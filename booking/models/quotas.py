"""Quotas: how often or how long one may reserve a calendar, or those of an organisation, in a period."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base
from booking.models.calendars import Calendar
from booking.models.catalogue import Organisation

COUNTED_BY = ("account", "organisation", "calendar")
MEASURES = ("reservations", "hours")
PERIODS = ("day", "week", "month", "year")


class Quota(Base):
    """At most ``most`` reservations (or hours) in a local day, week (from Monday), month or year.

    On one calendar, or on all rooms and vehicles of an organisation together. Counted for each account that it is
    booked for, for each account's organisation, or for each calendar whoever comes.
    """

    __tablename__ = "quota"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    calendar_pk: Mapped[int | None] = mapped_column(ForeignKey("calendar.pk"), index=True)
    organisation_pk: Mapped[int | None] = mapped_column(ForeignKey("organisation.pk"), index=True)
    counted_by: Mapped[str]
    measure: Mapped[str]
    period: Mapped[str]
    most: Mapped[int]
    calendar: Mapped[Calendar | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    __table_args__ = (
        CheckConstraint("(calendar_pk IS NULL) <> (organisation_pk IS NULL)", name="one_scope"),
        CheckConstraint("counted_by IN ('account', 'organisation', 'calendar')", name="counted_by"),
        CheckConstraint("measure IN ('reservations', 'hours')", name="measure"),
        CheckConstraint("period IN ('day', 'week', 'month', 'year')", name="period"),
        CheckConstraint("most >= 0", name="most"),
    )
