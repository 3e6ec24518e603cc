"""Referral sheets (fiches d'orientation): from a referrer to a recipient, joined to the appointment they lead to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.appointments import Beneficiary
from booking.models.base import Base, Instant


class Referral(Base):
    """A sheet in its life cycle. ``sheet`` holds coded answers only; everything about the person is optional."""

    __tablename__ = "referral"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    territory_pk: Mapped[int] = mapped_column(ForeignKey("territory.pk"), index=True)
    state: Mapped[str] = mapped_column(default="draft")
    referrer_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    recipient_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    beneficiary_pk: Mapped[int | None] = mapped_column(ForeignKey("beneficiary.pk"))
    appointment_pk: Mapped[int | None] = mapped_column(ForeignKey("appointment.entry_pk"))
    sheet: Mapped[dict[str, Any]] = mapped_column(JSON)
    created: Mapped[datetime] = mapped_column(Instant)
    last_modified: Mapped[datetime] = mapped_column(Instant)
    beneficiary: Mapped[Beneficiary | None] = relationship()
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'sent', 'seen', 'accepted', 'refused', 'expired', 'withdrawn', 'closed')",
            name="state",
        ),
    )


class Mandate(Base):
    """The reference of a mandate: its type, scope and dates; never a credential."""

    __tablename__ = "mandate"
    pk: Mapped[int] = mapped_column(primary_key=True)
    beneficiary_pk: Mapped[int] = mapped_column(ForeignKey("beneficiary.pk"), index=True)
    account_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"))
    type: Mapped[str]
    scope: Mapped[list[str]] = mapped_column(JSON)
    signed_on: Mapped[date]
    expires_on: Mapped[date]
