"""Whose calendar a page is about: ``?agenda=ID``, one's own where nothing is said."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from booking.actions.planner import PlannedCalendar, calendars_seen
from booking.actions.rights import Actor
from booking.refusals import Forbidden, NotFound


@dataclass(frozen=True)
class ManagedCalendars:
    """The calendar chosen among those the actor manages; none chosen where the actor has none of their own."""

    chosen: PlannedCalendar | None
    all: list[PlannedCalendar]
    own_pk: int | None

    @property
    def is_own(self) -> bool:
        return self.chosen is not None and self.chosen.pk == self.own_pk

    def of_kind(self, kind: str) -> list[PlannedCalendar]:
        return [each for each in self.all if each.kind == kind]


def managed_calendars(session: Session, actor: Actor, kinds: Collection[str] = ()) -> ManagedCalendars:
    """``NotFound`` for a calendar that the actor may not see, ``Forbidden`` for one that others manage."""
    seen = calendars_seen(session, actor, kinds=kinds)
    managed = [each for each in seen if each.rights.manages]
    asked = request.values.get("agenda")
    if not asked:
        own = next((each for each in managed if each.pk == actor.calendar_pk), None)
        return ManagedCalendars(own, managed, actor.calendar_pk)
    chosen = next((each for each in managed if each.id == asked), None)
    if chosen is None:
        raise Forbidden if any(each.id == asked for each in seen) else NotFound
    return ManagedCalendars(chosen, managed, actor.calendar_pk)


def managed_calendar(session: Session, actor: Actor, calendar_id: str) -> PlannedCalendar:
    """The calendar, for whoever manages it."""
    found = next(iter(calendars_seen(session, actor, ids=(calendar_id,))), None)
    if found is None:
        raise NotFound
    if not found.rights.manages:
        raise Forbidden
    return found
