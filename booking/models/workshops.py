"""Programmes of a quarter, their published versions, workshops and the people enrolled."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.appointments import Beneficiary
from booking.models.base import Base, Instant, made_with
from booking.models.catalogue import Territory
from booking.models.entries import Entry


class Programme(Base):
    """The workshops of a territory in one quarter (``2027-T1``)."""

    __tablename__ = "programme"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    territory_pk: Mapped[int] = mapped_column(ForeignKey("territory.pk"), index=True)
    quarter: Mapped[str]
    title: Mapped[str]
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    territory: Mapped[Territory] = relationship()
    __table_args__ = (CheckConstraint("state IN ('draft', 'published')", name="state"),)


class ProgrammeVersion(Base):
    """A published state of a programme, frozen: what the public was told, and when."""

    __tablename__ = "programme_version"
    programme_pk: Mapped[int] = mapped_column(ForeignKey("programme.pk"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    published_at: Mapped[datetime] = mapped_column(Instant)
    published_by_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class Workshop(Base):
    """What an entry of kind workshop has besides. ``taken`` counts the seats and never passes ``capacity``."""

    __tablename__ = "workshop"
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), primary_key=True)
    programme_pk: Mapped[int | None] = mapped_column(ForeignKey("programme.pk"), index=True)
    summary: Mapped[str | None]
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="draft")
    entry: Mapped[Entry] = relationship()
    programme: Mapped[Programme | None] = relationship()
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'published', 'cancelled')", name="state"),
        CheckConstraint("capacity >= 0 AND taken >= 0", name="counts"),
        CheckConstraint("taken <= capacity", name="seats"),
    )


class Enrolment(Base):
    """A seat or a place in the waiting list, in the order of ``place``."""

    __tablename__ = "enrolment"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    workshop_pk: Mapped[int] = mapped_column(ForeignKey("workshop.entry_pk"))
    beneficiary_pk: Mapped[int | None] = mapped_column(ForeignKey("beneficiary.pk"))
    place: Mapped[int]
    state: Mapped[str]
    attendance: Mapped[str] = mapped_column(default="unknown")
    enrolled_by_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    created: Mapped[datetime] = mapped_column(Instant)
    held_until: Mapped[datetime | None] = mapped_column(Instant)
    beneficiary: Mapped[Beneficiary | None] = relationship()
    __table_args__ = (
        UniqueConstraint("workshop_pk", "place"),
        CheckConstraint("state IN ('enrolled', 'waiting', 'offered', 'cancelled')", name="state"),
        Index("ix_enrolment_workshop_pk_state", "workshop_pk", "state"),
    )


SEAT_STATES = "('enrolled', 'offered')"

SQLITE_SEATS = (
    f"""
CREATE TRIGGER enrolment_seats_insert AFTER INSERT ON enrolment WHEN NEW.state IN {SEAT_STATES}
BEGIN UPDATE workshop SET taken = taken + 1 WHERE entry_pk = NEW.workshop_pk; END
""",
    f"""
CREATE TRIGGER enrolment_seats_update AFTER UPDATE OF state ON enrolment
WHEN (OLD.state IN {SEAT_STATES}) <> (NEW.state IN {SEAT_STATES})
BEGIN
  UPDATE workshop SET taken = taken + CASE WHEN NEW.state IN {SEAT_STATES} THEN 1 ELSE -1 END
  WHERE entry_pk = NEW.workshop_pk;
END
""",
    f"""
CREATE TRIGGER enrolment_seats_delete AFTER DELETE ON enrolment WHEN OLD.state IN {SEAT_STATES}
BEGIN UPDATE workshop SET taken = taken - 1 WHERE entry_pk = OLD.workshop_pk; END
""",
)

POSTGRESQL_SEATS = (
    f"""
CREATE FUNCTION enrolment_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE change integer := 0;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.state IN {SEAT_STATES} THEN change := change - 1; END IF;
  IF TG_OP <> 'DELETE' AND NEW.state IN {SEAT_STATES} THEN change := change + 1; END IF;
  IF change <> 0 THEN
    UPDATE workshop SET taken = taken + change WHERE entry_pk = COALESCE(NEW.workshop_pk, OLD.workshop_pk);
  END IF;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER enrolment_seats AFTER INSERT OR DELETE OR UPDATE OF state ON enrolment
FOR EACH ROW EXECUTE FUNCTION enrolment_seats()
""",
)

made_with(Enrolment, "sqlite", SQLITE_SEATS)
made_with(Enrolment, "postgresql", POSTGRESQL_SEATS)
