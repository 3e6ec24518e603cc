"""Who may see and do what: roles bundle rights, sharing adds to them, and nothing takes away.

The ladder (``domain`` words): none < free_busy < book_offered < details < propose < book < manage.
``book_offered`` books the slots that openings offer and sees otherwise busy times and the bookings it made.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from booking.database import rows
from booking.refusals import Forbidden, NotFound

LADDER = ("none", "free_busy", "book_offered", "details", "propose", "book", "manage")
RANK = {level: rank for rank, level in enumerate(LADDER)}


@dataclass(frozen=True)
class Actor:
    """Who acts: a detached copy of the account's row, so that it outlives every session."""

    pk: int
    id: str
    name: str
    email: str | None
    role: str
    organisation_pk: int
    territory_pk: int
    zone: str
    language: str
    calendar_pk: int | None
    home_venue_pk: int | None

    @property
    def administers(self) -> bool:
        return self.role == "administrator"

    @property
    def coordinates(self) -> bool:
        return self.role in ("coordinator", "administrator")


@dataclass(frozen=True)
class Rights:
    """What an actor may do with one calendar; the highest of what role and sharing give."""

    level: str
    books_offered: bool = False

    @property
    def sees(self) -> bool:
        return self.level != "none"

    @property
    def sees_details(self) -> bool:
        return RANK[self.level] >= RANK["details"]

    @property
    def may_book(self) -> bool:
        return self.books_offered or RANK[self.level] >= RANK["book"]

    @property
    def may_propose(self) -> bool:
        return self.may_book or self.level == "propose"

    @property
    def manages(self) -> bool:
        return self.level == "manage"


NO_RIGHTS = Rights("none")

_ACTOR = """
SELECT a.pk, a.id, a.name, a.email, a.role, a.organisation_pk, o.territory_pk, t.timezone, a.language,
       c.pk, COALESCE(c.venue_pk, a.home_venue_pk)
FROM account a
JOIN organisation o ON o.pk = a.organisation_pk
JOIN territory t ON t.pk = o.territory_pk
LEFT JOIN calendar c ON c.account_pk = a.pk
WHERE a.pk = :account AND a.active
"""


def load_actor(session: Session, account_pk: int) -> Actor | None:
    """The actor behind an account; ``None`` when there is none or it was closed."""
    found = session.execute(text(_ACTOR), {"account": account_pk}).first()
    return None if found is None else Actor(*found)


_GRANTS = """
SELECT c.pk, c.kind, c.organisation_pk, o.territory_pk, c.account_pk, s.account_pk, s.organisation_pk, s.level
FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN share s ON s.calendar_pk = c.pk
 AND (s.account_pk = :account OR s.organisation_pk = :organisation OR s.territory_pk = :territory)
WHERE {which}
"""
_OF_THESE = _GRANTS.format(which="c.pk IN_ARRAY(:calendars)")
_OF_ALL = _GRANTS.format(which="o.territory_pk = :territory OR s.pk IS NOT NULL")


def rights_on(session: Session, actor: Actor, calendar_pks: Iterable[int] | None = None) -> dict[int, Rights]:
    """The actor's rights on these calendars (or, with ``None``, on all that the actor sees), in one statement.

    Calendars on which the actor has no right at all are absent from the answer.
    """
    arguments = {
        "account": actor.pk,
        "organisation": actor.organisation_pk,
        "territory": actor.territory_pk,
    }
    if calendar_pks is None:
        found = rows(session, _OF_ALL, arguments)
    else:
        found = rows(session, _OF_THESE, {**arguments, "calendars": sorted(set(calendar_pks))})
    return rights_from(actor, found)


Grant = Sequence[Any]
"""A calendar with one share that reaches the actor, or with none: the columns of ``_GRANTS``."""


def rights_from(actor: Actor, found: Iterable[Grant]) -> dict[int, Rights]:
    """The actor's rights, from grants that the caller read; several rows of one calendar add up."""
    granted: dict[int, set[str]] = {}
    replaced: dict[int, set[str]] = {}
    facts: dict[int, tuple[str, int, int, int | None]] = {}
    for pk, kind, organisation, territory, owner, to_account, to_organisation, level in found:
        facts[pk] = (kind, organisation, territory, owner)
        if level is not None:
            granted.setdefault(pk, set()).add(level)
            audience = "person" if to_account else "organisation" if to_organisation else "territory"
            replaced.setdefault(pk, set()).add(audience)
    answer = {}
    for pk, (kind, organisation, territory, owner) in facts.items():
        levels = granted.get(pk, set()) | _defaults(actor, kind, organisation, territory, owner, replaced.get(pk, ()))
        highest = max(levels, key=RANK.__getitem__, default="none")
        if highest != "none":
            answer[pk] = Rights(highest, books_offered="book_offered" in levels)
    return answer


def _defaults(
    actor: Actor, kind: str, organisation: int, territory: int, owner: int | None, replaced: Collection[str]
) -> set[str]:
    """The levels that role and default sharing give."""
    levels = set()
    if owner == actor.pk or (actor.administers and territory == actor.territory_pk):
        levels.add("manage")
    if organisation == actor.organisation_pk:
        if actor.role == "coordinator":
            levels.add("manage")
        if actor.role == "secretary" or "organisation" not in replaced:
            levels.add("book")
    if territory == actor.territory_pk and "territory" not in replaced:
        levels.add("book_offered" if kind == "adviser" else "free_busy")
    return levels


def rights_on_one(session: Session, actor: Actor, calendar_pk: int) -> Rights:
    return rights_on(session, actor, [calendar_pk]).get(calendar_pk, NO_RIGHTS)


def require(rights: Rights, wanted: str) -> None:
    """Raises ``NotFound`` where nothing may be seen, ``Forbidden`` where it may be seen but the right lacks.

    ``wanted`` is ``see``, ``details``, ``propose``, ``book`` or ``manage``.
    """
    if not rights.sees:
        raise NotFound
    held = {
        "see": rights.sees,
        "details": rights.sees_details,
        "propose": rights.may_propose,
        "book": rights.may_book,
        "manage": rights.manages,
    }[wanted]
    if not held:
        raise Forbidden
