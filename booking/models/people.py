"""Accounts (who logs in), their API tokens, and the failed attempts that slow a guesser down."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base, Instant
from booking.models.catalogue import Organisation

ROLES = ("adviser", "secretary", "coordinator", "administrator")


class Account(Base):
    """Somebody who logs in. An adviser's calendar points to it; a secretary has an account and no calendar.

    ``email`` is kept in lower case. ``password_hash`` is argon2id's text, absent until one is chosen.
    ``licence_expires_on`` is the last day of a driver's licence; no copy of it is kept.
    ``session_version`` ends every open session when it rises (password changed, account closed).
    """

    __tablename__ = "account"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    role: Mapped[str]
    organisation_pk: Mapped[int] = mapped_column(ForeignKey("organisation.pk"), index=True)
    home_venue_pk: Mapped[int | None] = mapped_column(ForeignKey("venue.pk"))
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="fr")
    password_hash: Mapped[str | None]
    session_version: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    invited_at: Mapped[datetime | None] = mapped_column(Instant)
    last_seen_at: Mapped[datetime | None] = mapped_column(Instant)
    licence_expires_on: Mapped[date | None]
    organisation: Mapped[Organisation] = relationship()
    __table_args__ = (CheckConstraint("role IN ('adviser', 'secretary', 'coordinator', 'administrator')", name="role"),)


class ApiToken(Base):
    """A program's key to the API; acts as its account. Only the SHA-256 of the token is kept."""

    __tablename__ = "api_token"
    pk: Mapped[int] = mapped_column(primary_key=True)
    account_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"), index=True)
    name: Mapped[str]
    scope: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    account: Mapped[Account] = relationship()
    __table_args__ = (CheckConstraint("scope IN ('read', 'write')", name="scope"),)


class Attempt(Base):
    """Failures counted under a key (an address, an account): the throttle of sign-in and of forgotten passwords."""

    __tablename__ = "attempt"
    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Instant)
