"""Appointments and the people they are for."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base, Instant
from booking.models.catalogue import Purpose
from booking.models.entries import Entry

ATTENDANCES = ("unknown", "attended", "excused", "cancelled_by_service", "no_show")
URGENCIES = ("felt", "real", "deadline")


class Beneficiary(Base):
    """The person an appointment, an enrolment or a referral is for; no account, as little as possible kept.

    ``name_key`` is the name without accents in lower case, to find a caller; ``phone`` is E.164.
    """

    __tablename__ = "beneficiary"
    pk: Mapped[int] = mapped_column(primary_key=True)
    territory_pk: Mapped[int] = mapped_column(ForeignKey("territory.pk"))
    name: Mapped[str | None]
    name_key: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="fr")
    consent_reminders: Mapped[bool] = mapped_column(default=False)
    needs: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    anonymised_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        Index("ix_beneficiary_territory_pk_name_key", "territory_pk", "name_key"),
        Index("ix_beneficiary_territory_pk_phone", "territory_pk", "phone"),
    )


class Appointment(Base):
    """What an entry of kind appointment has besides: its purpose, the beneficiary, a note, the attendance."""

    __tablename__ = "appointment"
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), primary_key=True)
    purpose_pk: Mapped[int] = mapped_column(ForeignKey("purpose.pk"), index=True)
    beneficiary_pk: Mapped[int | None] = mapped_column(ForeignKey("beneficiary.pk"), index=True)
    note: Mapped[str | None]
    urgency: Mapped[str | None]
    attendance: Mapped[str] = mapped_column(default="unknown")
    entry: Mapped[Entry] = relationship()
    purpose: Mapped[Purpose] = relationship()
    beneficiary: Mapped[Beneficiary | None] = relationship()
    __table_args__ = (
        CheckConstraint(
            "attendance IN ('unknown', 'attended', 'excused', 'cancelled_by_service', 'no_show')",
            name="attendance",
        ),
        CheckConstraint("length(note) <= 300", name="note"),
        CheckConstraint("urgency IN ('felt', 'real', 'deadline')", name="urgency"),
    )
