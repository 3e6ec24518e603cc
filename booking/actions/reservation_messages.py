"""What is to be said about a reservation, to whom: rows of the ledger, made in the transaction of the act itself.

Whom it is for hears when somebody else books, moves or cancels it; whoever manages the calendars hears when one
waits for a yes; who booked it and whom it is for hear the answer, a lapse, and a day before an option lapses.
Nobody is told of what they did themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from booking.actions.reminders import ENDINGS, Notice, Planned, Subject, due, put_away, write_notices
from booking.database import rows
from booking.timeline.interval import from_utc

A_DAY = 1440
OPTION_LAPSES = "option_lapses"
TO_HOLDERS = ("booked", "moved", "cancelled", "restored", "confirmed", "rejected", "lapsed")

__all__ = ["Happening", "Planned", "record"]


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What happened to a reservation, or to one date of it (``occurrence``, its original start). UTC minutes.

    ``kind`` is ``booked``, ``proposed``, or one of ``TO_HOLDERS``. ``dates`` is how many dates a series has,
    ``until`` when the last of them is over.
    """

    kind: str
    entry_pk: int
    uid: str
    sequence: int
    territory_pk: int
    zone: str
    starts: int
    ends: int
    booked_by_pk: int | None
    booked_for_pk: int | None
    actor_pk: int | None
    calendar_pks: tuple[int, ...]
    now: datetime
    until: int
    previous_starts: int | None = None
    lapses_at: int | None = None
    occurrence: int = 0
    dates: int = 0
    is_option: bool = False

    @property
    def subject(self) -> Subject:
        return Subject(self.entry_pk, self.uid, self.occurrence, self.sequence, self.territory_pk, self.zone, self.now)


def record(session: Session, happening: Happening) -> list[Planned]:
    """Writes the messages of what happened and puts away those it makes void; the same twice writes nothing twice."""
    if happening.kind not in ("booked", "proposed"):
        put_away(session, happening.subject, ended=happening.kind in ENDINGS)
    notices = _to_holders(session, happening)
    if happening.kind == "proposed" or (happening.kind in ("moved", "restored") and happening.lapses_at is not None):
        if happening.is_option:
            notices += _before_lapsing(session, happening)
        else:
            told = {notice.account_pk for notice in notices}
            notices += [
                _at_once(happening, "reservation_proposed", "manager", account_pk)
                for account_pk in managers(session, happening.calendar_pks)
                if account_pk != happening.actor_pk and account_pk not in told
            ]
    write_notices(session, happening.subject, notices)
    return [notice.planned for notice in notices]


def _to_holders(session: Session, happening: Happening) -> list[Notice]:
    kind = "booked" if happening.kind == "proposed" else happening.kind
    addressees = {happening.booked_for_pk: "booked_for"}
    if kind != "booked":
        addressees.setdefault(happening.booked_by_pk, "booked_by")
    reachable = _reachable(session, [pk for pk in addressees if pk is not None and pk != happening.actor_pk])
    return [
        _at_once(happening, f"reservation_{kind}", addressee, pk)
        for pk, addressee in addressees.items()
        if pk in reachable
    ]


def _before_lapsing(session: Session, happening: Happening) -> list[Notice]:
    """A day before an option lapses, by the wall clock; of no use when it was made later than that."""
    if happening.lapses_at is None:
        return []
    wall, due_at = due(happening.zone, happening.lapses_at, -A_DAY)
    holders = dict.fromkeys(pk for pk in (happening.booked_by_pk, happening.booked_for_pk) if pk is not None)
    return [
        Notice(
            OPTION_LAPSES,
            "holder",
            pk,
            None,
            due_at,
            from_utc(happening.lapses_at),
            wall,
            -A_DAY,
            "late_booked" if due_at <= happening.now else None,
            _facts(happening, "holder"),
        )
        for pk in sorted(_reachable(session, list(holders)))
    ]


def _at_once(happening: Happening, kind: str, addressee: str, account_pk: int | None) -> Notice:
    until = from_utc(happening.until)
    return Notice(
        kind,
        addressee,
        account_pk,
        None,
        happening.now,
        until,
        reason="past" if until <= happening.now else None,
        facts=_facts(happening, addressee),
    )


def _facts(happening: Happening, addressee: str) -> tuple[tuple[str, Any], ...]:
    facts = {
        "starts": happening.starts,
        "ends": happening.ends,
        "previous_starts": happening.previous_starts,
        "lapses_at": happening.lapses_at,
        "actor": happening.actor_pk,
        "addressee": addressee,
        "dates": happening.dates or None,
        "until": happening.until if happening.dates else None,
        "booked_for": happening.booked_for_pk,
        "option": happening.is_option or None,
    }
    return tuple((name, value) for name, value in facts.items() if value is not None)


def _reachable(session: Session, account_pks: Sequence[int]) -> set[int]:
    if not account_pks:
        return set()
    found = rows(
        session,
        "SELECT pk FROM account WHERE pk IN_ARRAY(:accounts) AND active AND email IS NOT NULL",
        {"accounts": sorted(set(account_pks))},
    )
    return {row[0] for row in found}


_MANAGERS = """
SELECT DISTINCT a.pk FROM calendar c JOIN account a
  ON (a.organisation_pk = c.organisation_pk AND a.role = 'coordinator') OR a.pk = c.account_pk
  OR a.pk IN (SELECT s.account_pk FROM share s WHERE s.calendar_pk = c.pk AND s.level = 'manage')
WHERE c.pk IN_ARRAY(:calendars) AND a.active AND a.email IS NOT NULL
ORDER BY a.pk
"""
_ADMINISTRATORS = """
SELECT DISTINCT a.pk FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
JOIN organisation p ON p.territory_pk = o.territory_pk
JOIN account a ON a.organisation_pk = p.pk
WHERE c.pk IN_ARRAY(:calendars) AND a.role = 'administrator' AND a.active AND a.email IS NOT NULL
ORDER BY a.pk
"""


def managers(session: Session, calendar_pks: Sequence[int]) -> list[int]:
    """Who is asked for a yes: whoever manages one of the calendars; where nobody is near, the administrators."""
    arguments = {"calendars": list(calendar_pks)}
    return [row[0] for row in rows(session, _MANAGERS, arguments) or rows(session, _ADMINISTRATORS, arguments)]
