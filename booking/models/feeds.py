"""Feeds: the secret links by which people's own calendar programs read ours."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.models.base import Base, Instant

CALENDAR_SCOPES = ("adviser", "room", "vehicle", "openings")
SCOPES = (*CALENDAR_SCOPES, "venue", "organisation", "territory", "programme")
DETAILS = ("free_busy", "limited", "full")


class Feed(Base):
    """One subscription of one device. Only the SHA-256 of its secret is kept; revoked for good, never reused."""

    __tablename__ = "feed"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    account_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"), index=True)
    scope: Mapped[str]
    calendar_pk: Mapped[int | None] = mapped_column(ForeignKey("calendar.pk"))
    venue_pk: Mapped[int | None] = mapped_column(ForeignKey("venue.pk"))
    organisation_pk: Mapped[int | None] = mapped_column(ForeignKey("organisation.pk"))
    territory_pk: Mapped[int | None] = mapped_column(ForeignKey("territory.pk"))
    programme_pk: Mapped[int | None] = mapped_column(ForeignKey("programme.pk"))
    detail: Mapped[str]
    alarm_minutes: Mapped[int | None]
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    created: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_read_at: Mapped[datetime | None] = mapped_column(Instant)
    last_read_by: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("detail IN ('free_busy', 'limited', 'full')", name="detail"),
        CheckConstraint(
            "(CASE WHEN calendar_pk IS NULL THEN 0 ELSE 1 END) + (CASE WHEN venue_pk IS NULL THEN 0 ELSE 1 END) + "
            "(CASE WHEN organisation_pk IS NULL THEN 0 ELSE 1 END) + "
            "(CASE WHEN territory_pk IS NULL THEN 0 ELSE 1 END) + "
            "(CASE WHEN programme_pk IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_scope",
        ),
    )
