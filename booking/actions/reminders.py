"""What is to be said to whom, and when: rows of the ledger, made in the transaction of the act itself.

Nothing is sent here. Nobody is told of what they did themselves, and nobody twice of one thing: a row's key
joins entry, occurrence, sequence, addressee, channel, kind and offset. A reminder's hour is reckoned on the
wall clock of the place and only then turned into an instant, so that "the day before at the same hour" stays
that on the nights when clocks change.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from booking.actions.rights import load_actor, rights_on_one
from booking.database import add_all, rows
from booking.models import Account, Calendar, Claim, Entry, Organisation, Reminder
from booking.timeline.interval import from_utc, to_minute, to_wall

DAY_BEFORE, TWO_HOURS_BEFORE = "day_before", "two_hours_before"
AWAITING = "awaiting"
"""Why a confirmation is not sent: the appointment is only proposed."""

OFFSETS = {DAY_BEFORE: -1440, TWO_HOURS_BEFORE: -120}
"""Minutes of the wall clock from an appointment's start to its reminders."""

USEFUL_UNTIL = {DAY_BEFORE: -60, TWO_HOURS_BEFORE: 0}
"""Minutes from the start after which a reminder is of no use any more."""

Kind = Literal["booked", "proposed", "confirmed", "rejected", "lapsed", "moved", "cancelled", "restored"]
"""What may happen to an entry."""

ENDINGS = ("cancelled", "rejected", "lapsed")
ACCOUNT_KINDS = ("invitation", "password_reset")
ACCOUNT_DAYS = {"invitation": 7, "password_reset": 1}
"""Days for which the link of such a mail holds; a mail that could not go in that time is of no use."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happened to an entry, as far as messages depend on it. Times are UTC minutes.

    ``adviser_pks`` are keys of the advisers' calendars concerned now, ``joined_adviser_pks`` of those among them
    that were not before, ``previous_adviser_pks`` of those that left; ``booked_by_pk`` and ``actor_pk`` are keys
    of accounts (no actor: the service itself).
    """

    kind: Kind
    entry_pk: int
    uid: str
    sequence: int
    territory_pk: int
    zone: str
    starts: int
    ends: int
    beneficiary_pk: int | None
    beneficiary_reachable: bool
    adviser_pks: tuple[int, ...]
    booked_by_pk: int | None
    actor_pk: int | None
    now: datetime
    previous_starts: int | None = None
    previous_adviser_pks: tuple[int, ...] = ()
    joined_adviser_pks: tuple[int, ...] = ()
    lapses_at: int | None = None
    occurrence: int = 0

    @property
    def subject(self) -> "Subject":
        return Subject(self.entry_pk, self.uid, self.occurrence, self.sequence, self.territory_pk, self.zone, self.now)


@dataclass(frozen=True)
class Planned:
    """A message of the ledger as the screen tells it: what, to whom, when, or why not.

    ``addressee`` is ``beneficiary``, ``adviser``, ``booked_by`` or ``manager`` (of a moderated room or vehicle).
    """

    kind: str
    addressee: str
    due_at: datetime
    status: str
    reason: str | None


@dataclass(frozen=True)
class Subject:
    """What messages are about: an entry (or one date of it) at one sequence, and when they are written."""

    entry_pk: int
    uid: str
    occurrence: int
    sequence: int
    territory_pk: int
    zone: str
    now: datetime


@dataclass(frozen=True)
class Notice:
    """A message to be: the addressee by key, the hour by wall clock where there is one."""

    kind: str
    addressee: str
    account_pk: int | None
    beneficiary_pk: int | None
    due_at: datetime
    not_after: datetime
    due_wall: str | None = None
    offset: int = 0
    reason: str | None = None
    facts: tuple[tuple[str, Any], ...] = ()

    @property
    def planned(self) -> Planned:
        return Planned(self.kind, self.addressee, self.due_at, "skipped" if self.reason else "pending", self.reason)


def record(session: Session, change: Change) -> list[Planned]:
    """Writes the messages of one change into the ledger and puts away those it makes void.

    To be called in the transaction of the change, after entry and claims are written, each time the entry's
    sequence rises and at every confirmation, rejection and lapse. The same change twice writes nothing twice.
    """
    session.flush()
    tentative = change.kind == "proposed" or (change.kind != "booked" and _is_tentative(session, change.entry_pk))
    unheard = _unsent_cancellations(session, change) if change.kind == "restored" else frozenset()
    notices = _to_staff(session, change, tentative, unheard)
    if change.beneficiary_pk is not None and change.beneficiary_reachable:
        notices = [*_to_beneficiary(session, change, change.beneficiary_pk, tentative, unheard), *notices]
    if change.kind not in ("booked", "proposed"):
        answered = change.kind == "confirmed"
        put_away(session, change.subject, ended=change.kind in ENDINGS, answered=answered)
    write_notices(session, change.subject, [replace(each, facts=_facts(change, each)) for each in notices])
    return [notice.planned for notice in notices]


def reminders_for(zone: str, starts: int, now: datetime) -> list[Planned]:
    """What somebody who agreed to reminders gets when an appointment at ``starts`` (UTC minute) is booked now."""
    return [
        Planned("confirmation", "beneficiary", now, "pending", None),
        *(notice.planned for notice in _reminders(zone, starts, now, beneficiary_pk=0)),
    ]


def due(zone: str, starts: int, offset: int) -> tuple[str, datetime]:
    """The wall time and the instant ``offset`` minutes of the wall clock away from ``starts``.

    A time that the clocks skip is moved forwards; of one that they show twice, the first is meant.
    """
    where = ZoneInfo(zone)
    wall = to_wall(starts, where).replace(fold=0) + timedelta(minutes=offset)
    return wall.isoformat(timespec="minutes"), from_utc(to_minute(wall, where))


def recompute(session: Session) -> int:
    """Reckons the hour of every waiting reminder anew, as the zones are known today; returns how many changed."""
    changed = 0
    waiting = session.execute(
        select(Reminder.pk, Reminder.due_wall, Reminder.zone, Reminder.due_at).where(
            Reminder.status == "pending", Reminder.due_wall.is_not(None)
        )
    ).all()
    for pk, wall, zone, before in waiting:
        after = from_utc(to_minute(datetime.fromisoformat(wall or ""), ZoneInfo(zone or "")))
        if after != before:
            session.execute(update(Reminder).where(Reminder.pk == pk).values(due_at=after))
            changed += 1
    return changed


def send_account_message(
    session: Session, kind: str, account_pk: int, now: datetime, facts: dict[str, Any] | None = None
) -> None:
    """An invitation or a link for a forgotten password; the link itself is made when the mail is written."""
    account_id, territory_pk = session.execute(
        select(Account.id, Organisation.territory_pk)
        .join(Organisation, Organisation.pk == Account.organisation_pk)
        .where(Account.pk == account_pk)
    ).one()
    key = f"account/{account_id}/{kind}/{int(now.timestamp())}"
    _insert(
        session,
        [
            {
                "dedupe_key": key,
                "message_id": message_id(key),
                "territory_pk": territory_pk,
                "account_pk": account_pk,
                "kind": kind,
                "due_at": now,
                "not_after": now + timedelta(days=ACCOUNT_DAYS[kind]),
                "created": now,
                "facts": facts,
            }
        ],
    )


def warn_of_undeliverable(session: Session, reminder_pk: int, now: datetime) -> None:
    """Tells the entry's advisers (or who booked it) that a message to the beneficiary cannot be delivered."""
    failed = session.get_one(Reminder, reminder_pk)
    if failed.entry_pk is None or failed.beneficiary_pk is None:
        return
    entry = session.get_one(Entry, failed.entry_pk)
    advisers = session.scalars(
        select(Account.pk)
        .join(Calendar, Calendar.account_pk == Account.pk)
        .join(Claim, Claim.calendar_pk == Calendar.pk)
        .where(Claim.entry_pk == entry.pk, Account.active, Account.email.is_not(None))
        .distinct()
    ).all()
    warnings = []
    booked_by = _reachable(session, entry.booked_by_pk)
    for account_pk in advisers or ([] if booked_by is None else [booked_by]):
        key = f"{failed.dedupe_key}/undeliverable/a{account_pk}"
        warnings.append(
            {
                "dedupe_key": key,
                "message_id": message_id(key),
                "territory_pk": failed.territory_pk,
                "entry_pk": entry.pk,
                "occurrence": failed.occurrence,
                "sequence": failed.sequence,
                "account_pk": account_pk,
                "kind": "undeliverable",
                "zone": failed.zone,
                "due_at": now,
                "not_after": from_utc(entry.ends),
                "created": now,
                "facts": {**(failed.facts or {}), "undelivered": failed.kind, "code": failed.reason},
            }
        )
    _insert(session, warnings)


def message_id(key: str) -> str:
    """The part before the @ of the Message-ID: the same for every copy of the same message."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _is_tentative(session: Session, entry_pk: int) -> bool:
    return session.scalar(select(Entry.status).where(Entry.pk == entry_pk)) == "tentative"


def _never_told(session: Session, change: Change) -> bool:
    """Whether the beneficiary has not heard of it yet: all that the ledger holds waited for a yes."""
    reasons = session.scalars(
        select(Reminder.reason).where(
            Reminder.entry_pk == change.entry_pk,
            Reminder.occurrence == change.occurrence,
            Reminder.beneficiary_pk == change.beneficiary_pk,
        )
    ).all()
    return bool(reasons) and all(reason == AWAITING for reason in reasons)


def _unsent_cancellations(session: Session, change: Change) -> frozenset[tuple[int | None, int | None]]:
    """Who has not been told of the cancellation that is now undone: nothing need be said to them."""
    found = session.execute(
        select(Reminder.account_pk, Reminder.beneficiary_pk).where(
            Reminder.entry_pk == change.entry_pk,
            Reminder.occurrence == change.occurrence,
            Reminder.kind == "cancelled",
            Reminder.status == "pending",
            Reminder.attempts == 0,
        )
    )
    return frozenset((account, beneficiary) for account, beneficiary in found)


def put_away(session: Session, subject: Subject, *, ended: bool, answered: bool = False) -> None:
    """Waiting messages that a change makes untrue will not be sent: all of what ended, else the older ones.

    ``answered``: nobody need be asked for a yes any more.
    """
    waiting = update(Reminder).where(
        Reminder.entry_pk == subject.entry_pk,
        Reminder.occurrence == subject.occurrence,
        Reminder.status == "pending",
        Reminder.kind != "undeliverable",
    )
    if ended:
        session.execute(waiting.values(status="skipped", reason="cancelled"))
    else:
        older = (Reminder.sequence < subject.sequence) | ((Reminder.kind == "proposed") & answered)
        session.execute(waiting.where(older).values(status="skipped", reason="superseded"))


def write_notices(session: Session, subject: Subject, notices: Sequence[Notice]) -> None:
    """Puts messages into the ledger; those that are there already are not written again."""
    _insert(session, [_row(subject, notice) for notice in notices])


def call_off(session: Session, entry_pk: int, sequence: int, *, ended: bool) -> None:
    """Takes back what waits for an entry that an import changed: an import sends nothing, the old news least of all."""
    session.execute(
        update(Reminder)
        .where(Reminder.entry_pk == entry_pk, Reminder.status == "pending", Reminder.sequence < sequence)
        .values(status="skipped", reason="cancelled" if ended else "superseded")
        .execution_options(synchronize_session=False)
    )


def _to_beneficiary(
    session: Session,
    change: Change,
    beneficiary_pk: int,
    tentative: bool,
    unheard: frozenset[tuple[int | None, int | None]],
) -> list[Notice]:
    """The news for the person it is about, who hears nothing of a proposal until somebody says yes."""
    if tentative:
        waiting = _at_once(change, "confirmation", "beneficiary", beneficiary_pk=beneficiary_pk)
        return [replace(waiting, reason=AWAITING)]
    if change.kind in ENDINGS:
        if _never_told(session, change):
            return []
        return [_at_once(change, "cancelled", "beneficiary", beneficiary_pk=beneficiary_pk)]
    reminders = _reminders(change.zone, change.starts, change.now, beneficiary_pk)
    if (None, beneficiary_pk) in unheard:
        return reminders
    new = change.kind in ("booked", "confirmed")
    kind = "confirmation" if new else change.kind
    return [_at_once(change, kind, "beneficiary", beneficiary_pk=beneficiary_pk), *reminders]


def _reminders(zone: str, starts: int, now: datetime, beneficiary_pk: int) -> list[Notice]:
    notices = []
    for kind, offset in OFFSETS.items():
        wall, due_at = due(zone, starts, offset)
        notices.append(
            Notice(
                kind,
                "beneficiary",
                None,
                beneficiary_pk,
                due_at,
                from_utc(starts + USEFUL_UNTIL[kind]),
                wall,
                offset,
                "late_booked" if due_at <= now else None,
            )
        )
    return notices


def _at_once(
    change: Change,
    kind: str,
    addressee: str,
    /,
    *,
    account_pk: int | None = None,
    beneficiary_pk: int | None = None,
    **facts: Any,
) -> Notice:
    """A message due now: of use to the beneficiary until the start, to colleagues until the end."""
    until = from_utc(change.starts if beneficiary_pk is not None else change.ends)
    return Notice(
        kind,
        addressee,
        account_pk,
        beneficiary_pk,
        change.now,
        until,
        reason="past" if until <= change.now else None,
        facts=tuple(facts.items()),
    )


def _to_staff(
    session: Session, change: Change, tentative: bool, unheard: frozenset[tuple[int | None, int | None]]
) -> list[Notice]:
    """The notices to the advisers concerned, to those who left, to the managers asked, and to who booked."""
    told: dict[int, Notice] = {}

    def tell(account_pk: int | None, kind: str, addressee: str, **facts: Any) -> None:
        if account_pk is None or account_pk == change.actor_pk or account_pk in told:
            return
        if (account_pk, None) not in unheard:
            told[account_pk] = _at_once(change, kind, addressee, account_pk=account_pk, **facts)

    accounts = _accounts_of(session, {*change.adviser_pks, *change.previous_adviser_pks})
    managers = _managers_asked(session, change.entry_pk) if tentative else []
    for pk in change.adviser_pks:
        account_pk = accounts.get(pk)
        if tentative and managers and _may_book(session, change.booked_by_pk, pk):
            tell(account_pk, "diary_changed", "adviser", change="awaiting")
        elif tentative:
            tell(account_pk, "proposed", "adviser")
        elif change.kind in ("booked", "confirmed") or pk in change.joined_adviser_pks:
            tell(account_pk, "diary_changed", "adviser", change=change.kind)
        elif change.kind != "lapsed":
            tell(account_pk, change.kind, "adviser")
    for pk in change.previous_adviser_pks:
        tell(accounts.get(pk), "diary_changed", "adviser", change="left")
    for account in managers:
        tell(account, "proposed", "manager")
    if change.kind not in ("booked", "proposed"):
        tell(_reachable(session, change.booked_by_pk), change.kind, "booked_by")
    return list(told.values())


def _may_book(session: Session, account_pk: int | None, calendar_pk: int) -> bool:
    """Whether who booked needs no yes from the adviser."""
    actor = load_actor(session, account_pk) if account_pk is not None else None
    return actor is not None and rights_on_one(session, actor, calendar_pk).may_book


def _accounts_of(session: Session, calendar_pks: set[int]) -> dict[int, int]:
    """The accounts behind these calendars, as far as they can get a mail."""
    return {row[0]: row[1] for row in rows(session, _ACCOUNTS, {"calendars": sorted(calendar_pks)})}


_ACCOUNTS = """
SELECT c.pk, a.pk FROM calendar c JOIN account a ON a.pk = c.account_pk
WHERE c.pk IN_ARRAY(:calendars) AND a.active AND a.email IS NOT NULL
"""


def _managers_asked(session: Session, entry_pk: int) -> Sequence[int]:
    """The coordinators who say yes or no to a moderated room or a vehicle that needs approval."""
    return session.scalars(
        select(Account.pk)
        .join(Calendar, Calendar.organisation_pk == Account.organisation_pk)
        .join(Claim, Claim.calendar_pk == Calendar.pk)
        .where(
            Claim.entry_pk == entry_pk,
            Calendar.moderated | Calendar.needs_approval,
            Account.role == "coordinator",
            Account.active,
            Account.email.is_not(None),
        )
        .distinct()
        .order_by(Account.pk)
    ).all()


def _reachable(session: Session, account_pk: int | None) -> int | None:
    return session.scalar(
        select(Account.pk).where(Account.pk == account_pk, Account.active, Account.email.is_not(None))
    )


def _facts(change: Change, notice: Notice) -> tuple[tuple[str, Any], ...]:
    facts = {
        "starts": change.starts,
        "ends": change.ends,
        "previous_starts": change.previous_starts,
        "lapses_at": change.lapses_at,
        "actor": change.actor_pk,
        "addressee": notice.addressee,
        **dict(notice.facts),
    }
    return tuple((name, value) for name, value in facts.items() if value is not None)


def _row(subject: Subject, notice: Notice) -> dict[str, Any]:
    who = f"b{notice.beneficiary_pk}" if notice.beneficiary_pk is not None else f"a{notice.account_pk}"
    key = "/".join(
        (subject.uid, str(subject.occurrence), str(subject.sequence), who, "mail", notice.kind, str(notice.offset))
    )
    return {
        "dedupe_key": key,
        "message_id": message_id(key),
        "territory_pk": subject.territory_pk,
        "entry_pk": subject.entry_pk,
        "occurrence": subject.occurrence,
        "sequence": subject.sequence,
        "account_pk": notice.account_pk,
        "beneficiary_pk": notice.beneficiary_pk,
        "kind": notice.kind,
        "offset_minutes": notice.offset,
        "due_wall": notice.due_wall,
        "zone": subject.zone,
        "due_at": notice.due_at,
        "not_after": notice.not_after,
        "status": notice.planned.status,
        "reason": notice.reason,
        "created": subject.now,
        "facts": dict(notice.facts),
    }


_DEFAULTS = {
    "channel": "mail",
    "status": "pending",
    "occurrence": 0,
    "sequence": 0,
    "offset_minutes": 0,
    "attempts": 0,
    "fence": 0,
}


def _insert(session: Session, made: list[dict[str, Any]]) -> None:
    """Writes the rows whose key is not there yet."""
    add_all(session, "reminder", [{**_DEFAULTS, **row} for row in made], " ON CONFLICT (dedupe_key) DO NOTHING")
