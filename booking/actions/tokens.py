"""API tokens: made, listed, revoked and recognised. Only their SHA-256 is kept, so one is shown once."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from booking.actions import audit
from booking.models import Account, ApiToken
from booking.refusals import Fault, Invalid, NotFound

PREFIX = "booking_"
"""Tells a leaked token for what it is, to people and to scanners of repositories."""

SCOPES = ("read", "write")
NAME_LENGTH = 120
_FORM = re.compile(r"[\x21-\x7e]{20,200}")


@dataclass(frozen=True)
class Token:
    """A token as it may be shown afterwards: without its secret."""

    pk: int
    account: str
    name: str
    scope: str
    created: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Bearer:
    """Whom a request acts as, and whether it may write."""

    account_pk: int
    scope: str

    @property
    def may_write(self) -> bool:
        return self.scope == "write"


def create(session: Session, account_id: str, name: str, scope: str, now: datetime) -> str:
    """Makes a token of 256 random bits for this account and returns it, for the only time."""
    account_pk = session.scalar(select(Account.pk).where(Account.id == account_id))
    if account_pk is None:
        raise NotFound
    if scope not in SCOPES:
        raise Invalid([Fault("/scope", "choice", f"one of {', '.join(SCOPES)}")])
    if not name.strip() or len(name) > NAME_LENGTH:
        raise Invalid([Fault("/name", "length", f"1 to {NAME_LENGTH} characters")])
    token = PREFIX + secrets.token_urlsafe(32)
    values = {
        "account_pk": account_pk,
        "name": name.strip(),
        "scope": scope,
        "token_hash": _digest(token),
        "created": now,
    }
    made = session.execute(insert(ApiToken.__table__).returning(ApiToken.__table__.c.pk), values)  # type: ignore[arg-type]
    _note(session, "token_created", made.scalar_one(), account_pk, scope, now)
    return token


def listed(session: Session, account_id: str | None = None) -> list[Token]:
    """Every token, or those of one account, oldest first."""
    wanted = (
        select(ApiToken.pk, Account.id, ApiToken.name, ApiToken.scope, ApiToken.created, ApiToken.revoked_at)
        .join(Account, Account.pk == ApiToken.account_pk)
        .order_by(ApiToken.pk)
    )
    if account_id is not None:
        wanted = wanted.where(Account.id == account_id)
    return [Token(*row) for row in session.execute(wanted)]


def revoke(session: Session, pk: int, now: datetime) -> None:
    """Ends a token for good; one that has ended stays as it is."""
    found = session.execute(
        select(ApiToken.account_pk, ApiToken.scope, ApiToken.revoked_at).where(ApiToken.pk == pk)
    ).one_or_none()
    if found is None:
        raise NotFound
    if found.revoked_at is None:
        session.execute(update(ApiToken).where(ApiToken.pk == pk).values(revoked_at=now))
        _note(session, "token_revoked", pk, found.account_pk, found.scope, now)


def bearer(session: Session, token: str) -> Bearer | None:
    """Whom this token stands for; ``None`` when it is none, was revoked, or its account was closed."""
    if not _FORM.fullmatch(token):
        return None
    found = session.execute(
        select(ApiToken.account_pk, ApiToken.scope)
        .join(Account, Account.pk == ApiToken.account_pk)
        .where(ApiToken.token_hash == _digest(token), ApiToken.revoked_at.is_(None), Account.active)
    ).one_or_none()
    return None if found is None else Bearer(found.account_pk, found.scope)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def _note(session: Session, action: str, pk: int, account_pk: int, scope: str, now: datetime) -> None:
    audit.note(
        session,
        at=now,
        account_pk=account_pk,
        action=action,
        object_kind="token",
        object_id=str(pk),
        detail={"scope": scope},
    )
