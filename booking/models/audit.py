"""The audit: who did what, append-only, with seals that chain a month's rows; and the answers kept for a retry."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.models.base import Base, Instant, made_with


class Audit(Base):
    """One act, written in its own transaction. ``detail`` holds ids, codes and times, never personal text."""

    __tablename__ = "audit"
    pk: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    account_pk: Mapped[int | None] = mapped_column(ForeignKey("account.pk"))
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    __table_args__ = (Index("ix_audit_object_id", "object_id", "object_kind"),)


class AuditSeal(Base):
    """SHA-256 over a run of audit rows and the seal before it, within a month (``2027-01``)."""

    __tablename__ = "audit_seal"
    pk: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str]
    first_pk: Mapped[int]
    last_pk: Mapped[int]
    digest: Mapped[str]
    sealed_at: Mapped[datetime] = mapped_column(Instant)


class Answer(Base):
    """The answer given to a request that carried an idempotency key; kept for 72 hours."""

    __tablename__ = "answer"
    pk: Mapped[int] = mapped_column(primary_key=True)
    account_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"))
    key: Mapped[str]
    digest: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    body: Mapped[str | None]
    created: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (UniqueConstraint("account_pk", "key"), Index("ix_answer_created", "created"))


SQLITE_AUDIT = tuple(
    f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)

POSTGRESQL_AUDIT = (
    "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
)

made_with(Audit, "sqlite", SQLITE_AUDIT)
made_with(Audit, "postgresql", POSTGRESQL_AUDIT)
