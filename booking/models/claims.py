"""Claims, the law that holds them, and what is left of them once they are released."""

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.models.base import Base, Instant, made_with

BUSY, TENTATIVE, UNAVAILABLE = "busy", "busy-tentative", "busy-unavailable"
LONG_MINUTES = 1440


class Claim(Base):
    """``[starts, ends)`` (UTC minutes, buffers included) of one calendar, taken for one entry.

    ``strength`` is RFC 5545's FBTYPE (§3.2.9) in lower case. ``occurrence`` is the original start of the series'
    date, 0 for an entry that does not recur. No two exclusive claims on one calendar overlap: the database
    refuses it, by an exclusion constraint on PostgreSQL and by triggers on SQLite.
    """

    __tablename__ = "claim"
    pk: Mapped[int] = mapped_column(primary_key=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"))
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), index=True)
    occurrence: Mapped[int] = mapped_column(default=0)
    starts: Mapped[int]
    ends: Mapped[int]
    strength: Mapped[str]
    exclusive: Mapped[bool] = mapped_column(Boolean)
    __table_args__ = (
        CheckConstraint("starts < ends", name="span"),
        CheckConstraint("strength IN ('busy', 'busy-tentative', 'busy-unavailable')", name="strength"),
        Index("ix_claim_calendar_pk_starts", "calendar_pk", "starts", "ends"),
        Index(
            "ix_claim_exclusive",
            "calendar_pk",
            "starts",
            "ends",
            sqlite_where=text("exclusive"),
        ).ddl_if(dialect="sqlite"),
        Index(
            "ix_claim_long",
            "calendar_pk",
            "starts",
            "ends",
            sqlite_where=text("ends - starts > 1440"),
            postgresql_where=text("ends - starts > 1440"),
        ),
        ExcludeConstraint(
            (text("int4range(calendar_pk, calendar_pk, '[]')"), "&&"),
            (text("int4range(starts, ends)"), "&&"),
            where=text("exclusive"),
            using="gist",
            name="claim_law",
        ).ddl_if(dialect="postgresql"),
    )


CLAIM_LAW = "claim_law"
"""What a refusal by the law is called, by both engines."""

_NEIGHBOUR = """
CREATE TRIGGER claim_law_{verb} BEFORE {when} ON claim WHEN NEW.exclusive
BEGIN
  SELECT RAISE(ABORT, 'claim_law') WHERE EXISTS (
    SELECT 1 FROM (
      SELECT ends FROM claim INDEXED BY ix_claim_exclusive
      WHERE exclusive AND calendar_pk = NEW.calendar_pk AND starts < NEW.ends{self}
      ORDER BY starts DESC LIMIT 1
    ) WHERE ends > NEW.starts
  );
END
"""

SQLITE_TRIGGERS = (
    _NEIGHBOUR.format(verb="insert", when="INSERT", self=""),
    _NEIGHBOUR.format(verb="update", when="UPDATE OF calendar_pk, starts, ends, exclusive", self=" AND pk <> NEW.pk"),
)
"""Stored exclusive claims never overlap, so only the neighbour with the latest start before the new end can."""

made_with(Claim, "sqlite", SQLITE_TRIGGERS)


class ReleasedClaim(Base):
    """A claim that was given back, kept for the tombstone its calendar's feeds still show and for an undo.

    ``sequence`` is the entry's when it left; those that bear a cancelled entry's present sequence are the ones
    it held to the end.
    """

    __tablename__ = "released_claim"
    pk: Mapped[int] = mapped_column(primary_key=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"))
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), index=True)
    occurrence: Mapped[int] = mapped_column(default=0)
    starts: Mapped[int]
    ends: Mapped[int]
    strength: Mapped[str]
    exclusive: Mapped[bool]
    sequence: Mapped[int]
    released_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (Index("ix_released_claim_calendar_pk_ends", "calendar_pk", "ends"),)
