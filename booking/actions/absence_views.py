"""Absences and closures as their readers see them: whoever sees the details of a calendar."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.absences import AbsenceDraft
from booking.actions.rights import Actor, Rights, require, rights_on
from booking.actions.series import wall_text
from booking.database import rows
from booking.refusals import Forbidden, NotFound
from booking.timeline.interval import to_minute


@dataclass(frozen=True)
class AbsenceDate:
    """One date of a recurring absence that differs from its rule: cancelled (no ``starts``) or moved. UTC minutes."""

    original: int
    starts: int | None
    ends: int | None


@dataclass(frozen=True)
class AbsenceView:
    """An absence; ``starts`` and ``ends`` (UTC minutes) are those of its first date, ``zone`` the calendar's."""

    pk: int
    id: str
    calendar: str
    calendar_name: str
    kind: str
    starts: int
    ends: int
    zone: str
    title: str | None
    rrule: str | None
    exdates: tuple[str, ...]
    starts_wall: str | None
    status: str
    version: int
    sequence: int
    may_change: bool
    dates: tuple[AbsenceDate, ...] = ()

    @property
    def start(self) -> str:
        """The local start: of a series, the one its rule counts from."""
        return self.starts_wall or wall_text(self.starts, ZoneInfo(self.zone))

    @property
    def end(self) -> str:
        """The local end that belongs to ``start``."""
        if self.starts_wall is None:
            return wall_text(self.ends, ZoneInfo(self.zone))
        from_start = self.ends - self.starts
        zone = ZoneInfo(self.zone)
        return wall_text(to_minute(datetime.fromisoformat(self.starts_wall), zone) + from_start, zone)

    @property
    def is_whole_days(self) -> bool:
        return self.start.endswith("T00:00") and self.end.endswith("T00:00")

    @property
    def draft(self) -> AbsenceDraft:
        """What a form starts from."""
        return AbsenceDraft(self.calendar, self.start, self.end, self.rrule, self.exdates, self.title)


_ABSENCES = """
SELECT e.pk, e.id, c.id, c.name, c.kind, e.starts, e.ends, e.zone, e.title, e.rrule, e.exdates, e.starts_wall,
       e.status, e.version, e.sequence, c.pk
FROM (SELECT entry_pk, MIN(calendar_pk) AS calendar_pk FROM (
        SELECT entry_pk, calendar_pk, ends, starts FROM claim WHERE NOT exclusive AND {held}
      ) h GROUP BY entry_pk) m
JOIN entry e ON e.pk = m.entry_pk
JOIN calendar c ON c.pk = m.calendar_pk
WHERE e.kind = 'absence'
ORDER BY e.starts, e.pk
"""
_ONE = """
SELECT e.pk, e.id, c.id, c.name, c.kind, e.starts, e.ends, e.zone, e.title, e.rrule, e.exdates, e.starts_wall,
       e.status, e.version, e.sequence, c.pk
FROM entry e
JOIN (SELECT entry_pk, calendar_pk FROM claim
      WHERE entry_pk = (SELECT pk FROM entry WHERE kind = 'absence' AND id = :id)
      UNION SELECT r.entry_pk, r.calendar_pk FROM released_claim r JOIN entry x ON x.pk = r.entry_pk
      WHERE x.kind = 'absence' AND x.id = :id AND r.sequence = x.sequence) h ON h.entry_pk = e.pk
JOIN calendar c ON c.pk = h.calendar_pk
ORDER BY c.pk
"""
_DATES = """
SELECT entry_pk, original, starts, ends FROM occurrence WHERE entry_pk IN_ARRAY(:entries) ORDER BY original
"""


def absences_of(
    session: Session,
    actor: Actor,
    calendar: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> list[AbsenceView]:
    """The absences that have a date between ``since`` and ``until`` (UTC minutes), by the start of their first date.

    Of one calendar (``NotFound`` where it may not be seen, ``Forbidden`` where only that it is busy), or of all
    whose details the actor sees.
    """
    if calendar is None:
        rights = {pk: each for pk, each in rights_on(session, actor).items() if each.sees_details}
    else:
        found = rows(session, "SELECT pk FROM calendar WHERE id = :id", {"id": calendar})
        if not found:
            raise NotFound
        rights = rights_on(session, actor, [found[0][0]])
        require(rights.get(found[0][0], Rights("none")), "details")
    held = ["calendar_pk IN_ARRAY(:calendars)"]
    arguments: dict[str, Any] = {"calendars": sorted(rights)}
    if since is not None:
        held.append("ends > :since")
        arguments["since"] = since
    if until is not None:
        held.append("starts < :until")
        arguments["until"] = until
    return _views(session, rows(session, _ABSENCES.format(held=" AND ".join(held)), arguments), rights)


def absence(session: Session, actor: Actor, absence_id: str) -> AbsenceView:
    """One absence, a cancelled one too. ``NotFound`` or ``Forbidden`` as for its calendar."""
    found = rows(session, _ONE, {"id": absence_id})
    rights = rights_on(session, actor, [row[-1] for row in found])
    if not rights:
        raise NotFound
    seen = [row for row in found if row[-1] in rights and rights[row[-1]].sees_details]
    if not seen:
        raise Forbidden
    return _views(session, seen[:1], rights)[0]


def _views(session: Session, found: Sequence[tuple[Any, ...]], rights: dict[int, Rights]) -> list[AbsenceView]:
    dates: dict[int, list[AbsenceDate]] = {}
    recurring = [row[0] for row in found if row[9] is not None]
    if recurring:
        for pk, *date in rows(session, _DATES, {"entries": recurring}):
            dates.setdefault(pk, []).append(AbsenceDate(*date))
    return [
        AbsenceView(
            *(
                *row[:10],
                tuple(json.loads(row[10]) if isinstance(row[10], str) else row[10] or ()),
                *row[11:15],
                rights[row[15]].manages,
                tuple(dates.get(row[0], ())),
            )
        )
        for row in found
    ]
