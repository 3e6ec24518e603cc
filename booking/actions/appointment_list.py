"""The appointments an actor may read within a period, page by page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from booking.actions.appointment_requests import LONGEST_MINUTES
from booking.actions.appointment_views import AppointmentView, views
from booking.actions.directories import calendar_pks
from booking.actions.rights import Actor, rights_on
from booking.database import rows
from booking.refusals import NotFound
from booking.timeline.interval import Minute, Span


@dataclass(frozen=True)
class Listing:
    """Which appointments: those that meet the window (UTC minutes), on these calendars, of these statuses."""

    window: Span
    statuses: Collection[str]
    calendars: Sequence[str] | None = None
    """Ids of advisers, rooms or vehicles; ``None``: all that the actor may read, and those the actor booked."""


_PAGE = """
SELECT e.starts, e.pk FROM entry e
WHERE e.kind = 'appointment' AND e.territory_pk IN_ARRAY(:territories)
  AND e.starts > :earliest AND e.starts < :until AND e.ends > :since
  AND (e.starts > :after OR (e.starts = :after AND e.pk > :after_pk))
  AND e.status IN ({statuses})
  AND ({held_on_readable} OR (e.booked_by_pk = :actor{and_held_on_asked}))
ORDER BY e.starts, e.pk LIMIT :most
"""
_HELD_ON = """
(EXISTS (SELECT 1 FROM claim c WHERE c.entry_pk = e.pk AND c.calendar_pk IN_ARRAY(:{calendars}))
 OR (e.status = 'cancelled' AND EXISTS (
   SELECT 1 FROM released_claim r
   WHERE r.entry_pk = e.pk AND r.sequence = e.sequence AND r.calendar_pk IN_ARRAY(:{calendars}))))
"""


def listed(
    session: Session, actor: Actor, which: Listing, *, after: tuple[Minute, int] | None, limit: int
) -> list[AppointmentView]:
    """The appointments by start and key, one more than ``limit`` if there are as many.

    Raises ``NotFound`` when the actor may not know of one of the calendars named.
    """
    named = None if which.calendars is None else calendar_pks(session, which.calendars)
    rights = rights_on(session, actor, None if named is None else named.values())
    if named is not None and any(named.get(each) not in rights for each in which.calendars or ()):
        raise NotFound
    last = after or (-(2**31), 0)
    statement = _PAGE.format(
        statuses=", ".join(f"'{status}'" for status in sorted(which.statuses)),
        held_on_readable=_HELD_ON.format(calendars="readable"),
        and_held_on_asked="" if named is None else f" AND {_HELD_ON.format(calendars='asked')}",
    )
    found = rows(
        session,
        statement,
        {
            "territories": _territories(session, sorted(rights), actor),
            "earliest": which.window[0] - LONGEST_MINUTES - 1,
            "since": which.window[0],
            "until": which.window[1],
            "after": last[0],
            "after_pk": last[1],
            "readable": sorted(pk for pk, each in rights.items() if each.sees_details),
            "actor": actor.pk,
            "most": limit + 1,
            **({} if named is None else {"asked": sorted(rights)}),
        },
    )
    return views(session, actor, [pk for _, pk in found])


def _territories(session: Session, calendar_keys: list[int], actor: Actor) -> list[int]:
    found = rows(
        session,
        "SELECT DISTINCT o.territory_pk FROM calendar c JOIN organisation o ON o.pk = c.organisation_pk "
        "WHERE c.pk IN_ARRAY(:calendars)",
        {"calendars": calendar_keys},
    )
    return sorted({actor.territory_pk, *(row[0] for row in found)})
