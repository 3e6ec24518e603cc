"""Sharing: who may see or book what of a calendar, set by whoever manages it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from booking.actions import audit
from booking.actions.rights import LADDER, Actor, require, rights_on_one
from booking.database import lock_calendars, rows
from booking.models import Account, Calendar, Organisation, Share, Territory
from booking.refusals import Fault, Invalid, NotFound

AUDIENCES = ("person", "organisation", "territory")


@dataclass(frozen=True)
class Shared:
    """One audience of a calendar and its level; ``is_default`` when nobody chose it."""

    audience: str
    id: str
    name: str
    level: str
    is_default: bool


@dataclass(frozen=True)
class Audience:
    """Somebody, or a whole structure, that a calendar can be shared with."""

    kind: str
    id: str
    name: str
    structure: str | None

    @property
    def label(self) -> str:
        """What tells it from the others: a person with the structure, a structure by its name."""
        return f"{self.name}, {self.structure}" if self.structure else self.name


_AUDIENCES = """
SELECT 'person', a.id, a.name, o.name FROM account a JOIN organisation o ON o.pk = a.organisation_pk
WHERE a.active AND o.territory_pk = :territory AND a.pk <> :owner
UNION ALL
SELECT 'organisation', id, name, NULL FROM organisation WHERE territory_pk = :territory AND pk <> :own
ORDER BY 3, 2
"""


def audiences(session: Session, actor: Actor, calendar_id: str) -> list[Audience]:
    """The persons and the other structures of the calendar's territory, by name; not whose calendar it is."""
    calendar = managed(session, actor, calendar_id)
    organisation = session.get_one(Organisation, calendar.organisation_pk)
    arguments = {
        "territory": organisation.territory_pk,
        "owner": calendar.account_pk if calendar.account_pk is not None else -1,
        "own": organisation.pk,
    }
    return [Audience(*row) for row in rows(session, _AUDIENCES, arguments)]


def managed(session: Session, actor: Actor, calendar_id: str) -> Calendar:
    """The calendar, if the actor manages it."""
    calendar = session.scalar(select(Calendar).where(Calendar.id == calendar_id))
    if calendar is None:
        raise NotFound
    require(rights_on_one(session, actor, calendar.pk), "manage")
    return calendar


def levels_for(kind: str) -> tuple[str, ...]:
    """What can be given on a calendar of this kind: only advisers offer openings to book."""
    return LADDER if kind == "adviser" else tuple(each for each in LADDER if each != "book_offered")


def shares(session: Session, actor: Actor, calendar_id: str) -> list[Shared]:
    """Every audience of the calendar: territory and own organisation always, then those that were added."""
    calendar = managed(session, actor, calendar_id)
    organisation = session.get_one(Organisation, calendar.organisation_pk)
    territory = session.get_one(Territory, organisation.territory_pk)
    found = list(session.scalars(select(Share).where(Share.calendar_pk == calendar.pk).order_by(Share.pk)))
    by_territory = {each.territory_pk: each.level for each in found if each.territory_pk}
    by_organisation = {each.organisation_pk: each.level for each in found if each.organisation_pk}
    answer = [
        Shared(
            "territory",
            territory.id,
            territory.name,
            by_territory.pop(territory.pk, "book_offered" if calendar.kind == "adviser" else "free_busy"),
            not any(each.territory_pk == territory.pk for each in found),
        ),
        Shared(
            "organisation",
            organisation.id,
            organisation.name,
            by_organisation.pop(organisation.pk, "book"),
            not any(each.organisation_pk == organisation.pk for each in found),
        ),
    ]
    for pk, level in by_territory.items():
        other = session.get_one(Territory, pk)
        answer.append(Shared("territory", other.id, other.name, level, False))
    for pk, level in by_organisation.items():
        partner = session.get_one(Organisation, pk)
        answer.append(Shared("organisation", partner.id, partner.name, level, False))
    for each in found:
        if each.account_pk:
            person = session.get_one(Account, each.account_pk)
            answer.append(Shared("person", person.id, person.name, each.level, False))
    return answer


def share(
    session: Session, actor: Actor, calendar_id: str, audience: str, audience_id: str, level: str | None, now: datetime
) -> None:
    """Gives an audience a level, or with ``None`` takes back what was chosen, so that the default holds again.

    Persons and organisations of the actor's territory can be named, and those of others by their exact id.
    """
    calendar = managed(session, actor, calendar_id)
    if level is not None and level not in levels_for(calendar.kind):
        raise Invalid([Fault("/level", "choice", f"one of {', '.join(levels_for(calendar.kind))}")])
    if audience not in AUDIENCES:
        raise Invalid([Fault("/audience", "choice", f"one of {', '.join(AUDIENCES)}")])
    model = {"person": Account, "organisation": Organisation, "territory": Territory}[audience]
    target = session.scalar(select(model.pk).where(model.id == audience_id))  # type: ignore[attr-defined]
    if target is None:
        raise Invalid([Fault("/id", "unknown_id", "there is nobody with this id")])
    column = {"person": "account_pk", "organisation": "organisation_pk", "territory": "territory_pk"}[audience]
    lock_calendars(session, [calendar.pk])
    session.execute(delete(Share).where(Share.calendar_pk == calendar.pk, getattr(Share, column) == target))
    if level is not None:
        session.add(Share(calendar_pk=calendar.pk, level=level, **{column: target}))
        session.flush()
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action="share",
        object_kind="calendar",
        object_id=calendar.id,
        detail={"audience": audience, "id": audience_id, "level": level},
    )
