"""People: signing in, choosing a password, inviting, changing and closing accounts.

Passwords are argon2id and take the same time for accounts that do not exist. A guesser is slowed, never locked
out for ever: each address and each account has a number of free tries, after which the wait doubles.
Links sent by mail are signed, live for a limited time on the real clock, and die with the state they were made
for: a password once chosen ends every link made before.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from booking.actions import audit, reminders
from booking.actions.rights import Actor
from booking.models import Account, Attempt, Organisation
from booking.refusals import Fault, Invalid, NotFound

SHORTEST_PASSWORD = 12
LINK_SECONDS = {"invitation": 7 * 24 * 3600, "password_reset": 3600}

FREE_TRIES = {"pair": 5, "account": 20, "address": 60}
"""Failures before the first wait: of one account from one address, of one account, of one address."""
LONGEST_WAIT = {"pair": 300, "account": 30, "address": 60}
"""Seconds. An account's own wait stays short, so that a stranger cannot keep its owner out."""
FORGOTTEN_AFTER = timedelta(minutes=30)

_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """argon2id's own text, salt and costs included."""
    return _hasher.hash(unicodedata.normalize("NFC", password))


@cache
def _nobodys_hash() -> str:
    return hashed("what is compared when there is no account")


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the account's; without an account it takes as long and is ``False``."""
    try:
        same = _hasher.verify(password_hash or _nobodys_hash(), unicodedata.normalize("NFC", password))
    except (VerificationError, InvalidHashError):
        return False
    return same and password_hash is not None


@dataclass(frozen=True)
class Candidate:
    """Who may be about to sign in."""

    pk: int
    password_hash: str | None
    session_version: int


def candidate(session: Session, email: str) -> Candidate | None:
    """The open account of that address, in any case of letters."""
    found = session.execute(
        select(Account.pk, Account.password_hash, Account.session_version).where(
            Account.email == tidy_email(email), Account.active
        )
    ).first()
    return None if found is None else Candidate(*found)


def tidy_email(email: str) -> str:
    return email.strip().lower()


@dataclass(frozen=True)
class Try:
    """The keys under which one attempt is counted; hashed, since the table is no list of people."""

    pair: str
    account: str
    address: str

    @classmethod
    def of(cls, purpose: str, email: str, address: str) -> "Try":
        def key(*parts: str) -> str:
            return purpose + ":" + sha256("\n".join(parts).encode()).hexdigest()[:32]

        email = tidy_email(email)
        return cls(key("pair", email, address), key("account", email), key("address", address))

    def by_kind(self) -> dict[str, str]:
        return {"pair": self.pair, "account": self.account, "address": self.address}


_NEW_TRY = text(
    "INSERT INTO attempt (key, failures, last_at) VALUES (:key, :failures, :last_at) ON CONFLICT (key) DO NOTHING"
)


def begin_try(session: Session, attempt: Try, real_now: datetime) -> int:
    """Counts an attempt before it is made, so that many at once count too. Seconds to wait; 0: go ahead."""
    keys = attempt.by_kind()
    session.execute(
        delete(Attempt).where(Attempt.last_at < real_now - FORGOTTEN_AFTER * 2, Attempt.key.not_in(keys.values()))
    )
    new = [{"key": key, "failures": 0, "last_at": int(real_now.timestamp())} for key in sorted(keys.values())]
    session.execute(_NEW_TRY, new)
    rows = session.scalars(
        select(Attempt).where(Attempt.key.in_(keys.values())).order_by(Attempt.key).with_for_update()
    )
    known = {row.key: row for row in rows}
    waits = [0]
    for kind, key in keys.items():
        row = known[key]
        if row.failures > FREE_TRIES[kind]:
            doubled = min(2 ** min(row.failures - FREE_TRIES[kind], 10), LONGEST_WAIT[kind])
            waits.append(int((row.last_at + timedelta(seconds=doubled) - real_now).total_seconds()))
    if max(waits):
        return max(waits)
    for row in known.values():
        row.failures = 1 if real_now - row.last_at > FORGOTTEN_AFTER else row.failures + 1
        row.last_at = real_now
    session.flush()
    return 0


def succeed(session: Session, attempt: Try, account_pk: int, now: datetime) -> None:
    """The attempt was right: it is no failure of the account, and one less of the address."""
    session.execute(delete(Attempt).where(Attempt.key.in_([attempt.pair, attempt.account])))
    session.execute(
        update(Attempt)
        .where(Attempt.key == attempt.address, Attempt.failures > 0)
        .values(failures=Attempt.failures - 1)
    )
    session.execute(update(Account).where(Account.pk == account_pk).values(last_seen_at=now))


@cache
def _common() -> frozenset[str]:
    lines = (files("booking") / "data" / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in lines.splitlines() if line.strip() and not line.startswith("#"))


def password_fault(password: str, known: Iterable[str] = ()) -> str | None:
    """Why a password will not do: ``too_short``, ``too_common``, ``too_personal``; ``None`` when it does.

    ``known`` are the name and the address of its owner.
    """
    if len(password) < SHORTEST_PASSWORD:
        return "too_short"
    bare = _bare(password)
    core = re.sub(r"[^a-z]+$|^[^a-z]+", "", bare)
    if len(set(bare)) < 5 or bare in _common() or core in _common() or _is_run(bare):
        return "too_common"
    for personal in known:
        for word in re.findall(r"[a-z]{4,}", _bare(personal)):
            if word in bare and len(bare) - len(word) < 6:
                return "too_personal"
    return None


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c) and not c.isspace())


_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "01234567890123456789",
)


def _is_run(bare: str) -> bool:
    """Keys in the order of the alphabet or of the keyboard, once or again and again."""
    return any(bare in row * 4 or bare in row[::-1] * 4 for row in _ROWS)


def choose_password(session: Session, account: Account, password: str, now: datetime) -> None:
    """Sets the password and ends every other session and link. Raises ``Invalid`` at ``/password``."""
    fault = password_fault(password, [account.name, account.email or ""])
    if fault:
        raise Invalid([Fault("/password", fault, "The password is too easy to guess.")])
    account.password_hash = hashed(password)
    account.session_version += 1
    audit.note(session, at=now, account_pk=account.pk, action="password", object_kind="account", object_id=account.id)


def _links(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="account link")


def _state(account: Account) -> str:
    parts = (str(account.session_version), account.password_hash or "", account.email or "", str(account.active))
    return sha256("\n".join(parts).encode()).hexdigest()[:24]


def link_token(secret_key: str, kind: str, account: Account) -> str:
    """What stands at the end of a link sent by mail (``invitation``, ``password_reset``); made when it is sent."""
    return _links(secret_key).dumps([kind, account.pk, _state(account)])


def account_of_link(session: Session, secret_key: str, token: str) -> tuple[str, Account] | None:
    """The kind and the account of a link; ``None`` when it is not ours, too old, or of a state that is past."""
    try:
        kind, pk, state = _links(secret_key).loads(token, max_age=max(LINK_SECONDS.values()))
        _links(secret_key).loads(token, max_age=LINK_SECONDS[kind])
    except (BadData, KeyError, ValueError, TypeError):
        return None
    account = session.get(Account, pk)
    if account is None or not account.active or _state(account) != state:
        return None
    return kind, account


def account_by_id(session: Session, id: str, territory_pk: int) -> Account:
    """The account of that id in the territory; raises ``NotFound``."""
    found = session.scalar(select(Account).where(Account.id == id))
    if found is None or found.organisation.territory_pk != territory_pk:
        raise NotFound
    return found


def is_empty(session: Session) -> bool:
    """Whether nobody has an account yet: the installation is waiting for its first administrator."""
    return not session.scalar(select(func.count()).select_from(select(Account.pk).limit(1).subquery()))


def set_language(session: Session, account_pk: int, language: str) -> None:
    """The language of the screens and of the mails to that account: ``fr`` or ``en``."""
    session.execute(update(Account).where(Account.pk == account_pk).values(language=language))


def who_can_help(session: Session, actor: Actor) -> list[str]:
    """The names of those who may change what the actor is allowed: own coordination, then administration."""
    found = session.execute(
        select(Account.name, Account.role)
        .join(Account.organisation)
        .where(
            Account.active,
            Account.pk != actor.pk,
            ((Account.role == "coordinator") & (Account.organisation_pk == actor.organisation_pk))
            | ((Account.role == "administrator") & (Organisation.territory_pk == actor.territory_pk)),
        )
        .order_by(Account.role.desc(), Account.name)
        .limit(5)
    )
    return [name for name, _ in found]


def forget_password(session: Session, email: str, now: datetime) -> None:
    """Sends a link for a new password, if that address has an open account; says nothing either way."""
    found = candidate(session, email)
    if found is not None:
        kind = "password_reset" if found.password_hash else "invitation"
        reminders.send_account_message(session, kind, found.pk, now)
