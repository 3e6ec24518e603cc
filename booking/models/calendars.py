"""Calendars - whatever can be occupied: an adviser, a room, a vehicle - and who may see or book them."""

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base
from booking.models.catalogue import Organisation, Venue

ADVISER, ROOM, VEHICLE = "adviser", "room", "vehicle"


class Calendar(Base):
    """One thing that can be occupied. Its kind maps to iCalendar's CUTYPE (RFC 5545 §3.2.3).

    ``venue_pk`` is an adviser's home venue, a room's venue, a vehicle's base. ``version`` rises in every
    transaction that changes what stands on the calendar or how it opens: searches and feeds trust it.
    ``setup_minutes`` and ``cleanup_minutes`` widen a room's claims.

    Rooms and vehicles may have windows: notice to reserve, to change and to cancel, the shortest and longest
    reservation (minutes), a horizon (days), named half-days (``[{"name": "Matin", "start": "08:30", "end":
    "12:30"}]``, local hours), and ``closed_on`` (``public_holidays``, ``school_holidays``). Their opening hours are
    openings like an adviser's; without any they are always open. ``option_days`` days before its start an option
    lapses (absent: no options). Without a check-in within ``check_in_minutes`` of its start a reservation is
    released (absent: no check-in). ``whole_pk`` is the hall that this room is a part of: the whole claims its
    parts, a part casts a shadow on the whole.
    """

    __tablename__ = "calendar"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    organisation_pk: Mapped[int] = mapped_column(ForeignKey("organisation.pk"), index=True)
    venue_pk: Mapped[int | None] = mapped_column(ForeignKey("venue.pk"), index=True)
    version: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    account_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"), unique=True)
    profession: Mapped[str | None]

    capacity: Mapped[int | None]
    equipment: Mapped[list[str]] = mapped_column(JSON, default=list)
    setup_minutes: Mapped[int] = mapped_column(default=0)
    cleanup_minutes: Mapped[int] = mapped_column(default=0)
    moderated: Mapped[bool] = mapped_column(default=False)

    registration: Mapped[str | None]
    seats: Mapped[int | None]
    energy: Mapped[str | None]
    odometer_km: Mapped[int | None]
    needs_approval: Mapped[bool] = mapped_column(default=False)

    least_people: Mapped[int | None]
    notice_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    change_notice_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    cancel_notice_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    horizon_days: Mapped[int | None]
    shortest_minutes: Mapped[int | None]
    longest_minutes: Mapped[int | None]
    half_days: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list, server_default="[]")
    closed_on: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    option_days: Mapped[int | None]
    check_in_minutes: Mapped[int | None]
    whole_pk: Mapped[int | None] = mapped_column(ForeignKey("calendar.pk"), index=True)

    make: Mapped[str | None]
    model: Mapped[str | None]
    range_km: Mapped[int | None]
    insurance: Mapped[str | None]
    key_place: Mapped[str | None]
    late_minutes: Mapped[int] = mapped_column(default=30, server_default="30")

    organisation: Mapped[Organisation] = relationship()
    venue: Mapped[Venue | None] = relationship()
    __table_args__ = (
        CheckConstraint("kind IN ('adviser', 'room', 'vehicle')", name="kind"),
        CheckConstraint("setup_minutes >= 0 AND cleanup_minutes >= 0", name="buffers"),
        CheckConstraint("kind = 'adviser' OR venue_pk IS NOT NULL", name="venue"),
    )


class Share(Base):
    """What one audience (a person, an organisation, a territory) may do with a calendar.

    A row replaces the default of that audience; without a row the defaults hold: own organisation ``book``,
    territory ``free_busy`` for rooms and vehicles and ``book_offered`` for advisers.
    """

    __tablename__ = "share"
    pk: Mapped[int] = mapped_column(primary_key=True)
    calendar_pk: Mapped[int] = mapped_column(ForeignKey("calendar.pk"))
    account_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    organisation_pk: Mapped[int | None] = mapped_column(ForeignKey("organisation.pk"))
    territory_pk: Mapped[int | None] = mapped_column(ForeignKey("territory.pk"))
    level: Mapped[str]
    __table_args__ = (
        CheckConstraint(
            "level IN ('none', 'free_busy', 'book_offered', 'details', 'propose', 'book', 'manage')",
            name="level",
        ),
        CheckConstraint(
            "(account_pk IS NOT NULL AND organisation_pk IS NULL AND territory_pk IS NULL) OR "
            "(account_pk IS NULL AND organisation_pk IS NOT NULL AND territory_pk IS NULL) OR "
            "(account_pk IS NULL AND organisation_pk IS NULL AND territory_pk IS NOT NULL)",
            name="one_audience",
        ),
        UniqueConstraint("calendar_pk", "account_pk"),
        UniqueConstraint("calendar_pk", "organisation_pk"),
        UniqueConstraint("calendar_pk", "territory_pk"),
        Index("ix_share_account_pk", "account_pk"),
    )
