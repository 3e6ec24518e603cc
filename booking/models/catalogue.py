"""Territories, organisations, venues and purposes: what the planning is about and where it happens."""

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base


class Territory(Base):
    """A group of organisations that plan together; carries the zone and the holidays."""

    __tablename__ = "territory"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    timezone: Mapped[str]
    school_zone: Mapped[str | None]
    public_holidays: Mapped[str | None]


class Organisation(Base):
    """A structure of a territory: town hall, France services, intercommunal body."""

    __tablename__ = "organisation"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str | None]
    territory_pk: Mapped[int] = mapped_column(ForeignKey("territory.pk"), index=True)
    territory: Mapped[Territory] = relationship()


class Venue(Base):
    """A place that receives the public. ``access`` says how one gets in (step, lift, bell ...)."""

    __tablename__ = "venue"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    organisation_pk: Mapped[int] = mapped_column(ForeignKey("organisation.pk"), index=True)
    address: Mapped[str | None]
    postcode: Mapped[str | None]
    commune: Mapped[str | None]
    insee: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    phone: Mapped[str | None]
    access: Mapped[str | None]
    organisation: Mapped[Organisation] = relationship()


class Purpose(Base):
    """Why somebody comes. Minutes, buffers and notice in minutes; the horizon in days.

    ``professions`` lists who may take it (empty: everybody); ``room_capacity`` 0 asks for no room.
    """

    __tablename__ = "purpose"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    minutes: Mapped[int]
    before: Mapped[int] = mapped_column(default=0)
    after: Mapped[int] = mapped_column(default=0)
    professions: Mapped[list[str]] = mapped_column(JSON)
    room_capacity: Mapped[int] = mapped_column(default=0)
    needs_vehicle: Mapped[bool] = mapped_column(default=False)
    notice_minutes: Mapped[int] = mapped_column(default=0)
    horizon_days: Mapped[int | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("before >= 0 AND after >= 0 AND notice_minutes >= 0", name="buffers"),
    )


class Instruction(Base):
    """What to bring: for a purpose, for a venue, or for that purpose at that venue."""

    __tablename__ = "instruction"
    pk: Mapped[int] = mapped_column(primary_key=True)
    purpose_pk: Mapped[int | None] = mapped_column(ForeignKey("purpose.pk"))
    venue_pk: Mapped[int | None] = mapped_column(ForeignKey("venue.pk"), index=True)
    text: Mapped[str]
    __table_args__ = (UniqueConstraint("purpose_pk", "venue_pk"),)
