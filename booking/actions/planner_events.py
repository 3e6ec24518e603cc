"""What may be taken hold of in the planner's timeline: the appointments that the reader may move."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from booking.actions.rights import Actor, rights_from
from booking.database import rows

_GRANTS = """
SELECT c.pk, c.kind, c.organisation_pk, o.territory_pk, c.account_pk, s.account_pk, s.organisation_pk, s.level,
       e.id, e.version, e.booked_by_pk
FROM entry e
JOIN claim k ON k.entry_pk = e.pk
JOIN calendar c ON c.pk = k.calendar_pk AND c.kind = 'adviser'
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN share s ON s.calendar_pk = c.pk
 AND (s.account_pk = :account OR s.organisation_pk = :organisation OR s.territory_pk = :territory)
WHERE e.kind = 'appointment' AND e.id IN_ARRAY(:ids) AND e.ends > :minute
"""
_GRANT = 8


def movable(session: Session, actor: Actor, ids: Iterable[str], minute: int) -> dict[str, int]:
    """Of these appointments, those that are not over and that the actor may move, each with its version.

    In one statement, by the rule of ``appointment_rows.may``: who booked it, and who may book one of its advisers;
    lending a room or a vehicle gives no say.
    """
    found = rows(
        session,
        _GRANTS,
        {
            "account": actor.pk,
            "organisation": actor.organisation_pk,
            "territory": actor.territory_pk,
            "ids": sorted(set(ids)),
            "minute": minute,
        },
    )
    rights = rights_from(actor, (row[:_GRANT] for row in found))
    books = {pk for pk, held in rights.items() if held.level in ("book", "manage")}
    return {row[8]: row[9] for row in found if row[0] in books or row[10] == actor.pk}
