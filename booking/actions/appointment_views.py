"""Appointments as their readers may see them: one value for the API, the screens and the print."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from booking.actions.rights import NO_RIGHTS, RANK, Actor, Rights, rights_on
from booking.database import rows
from booking.refusals import Forbidden, NotFound


@dataclass(frozen=True)
class CalendarRef:
    """A calendar that takes part: its id, kind, name."""

    pk: int
    id: str
    kind: str
    name: str


@dataclass(frozen=True)
class Person:
    """The beneficiary, as far as the reader may see."""

    name: str | None
    phone: str | None
    email: str | None
    consent_reminders: bool
    language: str


@dataclass(frozen=True)
class AppointmentView:
    """An appointment; times in UTC minutes, stamps aware UTC. ``may_change`` and ``may_confirm`` are the reader's.

    ``beneficiary`` and ``note`` are absent for readers who see only what stands there, not for whom: those who may
    book none of its advisers, whatever they may do with its room.
    """

    pk: int
    id: str
    uid: str
    sequence: int
    version: int
    status: str
    lapses_at: int | None
    reason: str | None
    purpose: str
    purpose_name: str
    advisers: tuple[CalendarRef, ...]
    venue: str | None
    venue_pk: int | None
    venue_name: str | None
    commune: str | None
    room: CalendarRef | None
    vehicle: CalendarRef | None
    zone: str
    starts: int
    ends: int
    before: int
    after: int
    booked_by: str | None
    booked_by_name: str | None
    booked_at: datetime
    attendance: str
    beneficiary: Person | None
    note: str | None
    urgency: str | None
    may_change: bool
    may_confirm: bool

    @property
    def minutes(self) -> int:
        return self.ends - self.starts


_COLUMNS = """
SELECT e.pk, e.id, e.uid, e.sequence, e.version, e.status, e.lapses_at, e.reason, p.id, p.name,
       v.id, v.pk, v.name, v.commune, e.zone, e.starts, e.ends, e.before, e.after,
       e.booked_by_pk, a.id, a.name, e.created, m.attendance, m.note, m.urgency,
       b.pk, b.name, b.phone, b.email, b.consent_reminders, b.language
"""
_ROWS = """
FROM entry e
JOIN appointment m ON m.entry_pk = e.pk
JOIN purpose p ON p.pk = m.purpose_pk
LEFT JOIN venue v ON v.pk = e.venue_pk
LEFT JOIN account a ON a.pk = e.booked_by_pk
LEFT JOIN beneficiary b ON b.pk = m.beneficiary_pk
"""
_APPOINTMENTS = f"{_COLUMNS}{_ROWS} WHERE e.pk IN_ARRAY(:entries) ORDER BY e.starts, e.pk"
_WITH_PARTS = f"""
{_COLUMNS}, k.pk, k.id, k.kind, k.name
{_ROWS} JOIN claim x ON x.entry_pk = e.pk JOIN calendar k ON k.pk = x.calendar_pk
WHERE e.pk = :entry ORDER BY k.pk
"""

_PARTS = """
SELECT DISTINCT x.entry_pk, c.pk, c.id, c.kind, c.name, x.strength FROM (
  SELECT entry_pk, calendar_pk, strength FROM claim WHERE entry_pk IN_ARRAY(:entries)
  UNION ALL
  SELECT r.entry_pk, r.calendar_pk, r.strength FROM released_claim r JOIN entry e ON e.pk = r.entry_pk
  WHERE r.entry_pk IN_ARRAY(:entries) AND r.sequence = e.sequence AND e.status = 'cancelled'
) x JOIN calendar c ON c.pk = x.calendar_pk
ORDER BY x.entry_pk, c.pk
"""


def views(session: Session, actor: Actor, entry_pks: Iterable[int]) -> list[AppointmentView]:
    """These appointments in the order of their starts, without those the actor may not read; three statements."""
    keys = sorted(set(entry_pks))
    if not keys:
        return []
    parts: dict[int, list[CalendarRef]] = {}
    tentative: dict[int, set[int]] = {}
    for entry_pk, pk, calendar_id, kind, name, strength in rows(session, _PARTS, {"entries": keys}):
        parts.setdefault(entry_pk, []).append(CalendarRef(pk, calendar_id, kind, name))
        if strength == "busy-tentative":
            tentative.setdefault(entry_pk, set()).add(pk)
    rights = rights_on(session, actor, {ref.pk for refs in parts.values() for ref in refs})
    seen = []
    for row in rows(session, _APPOINTMENTS, {"entries": keys}):
        refs = parts.get(row[0], [])
        held = {ref.pk: rights.get(ref.pk, NO_RIGHTS) for ref in refs}
        if row[19] == actor.pk or any(each.sees_details for each in held.values()):
            seen.append(_view(row, refs, held, row[19] == actor.pk, tentative.get(row[0], set())))
    return seen


def view(session: Session, actor: Actor, appointment_id: str) -> AppointmentView:
    """One appointment. ``NotFound`` where nothing may be seen, ``Forbidden`` where only busy times may."""
    found = rows(session, "SELECT pk FROM entry WHERE kind = 'appointment' AND id = :id", {"id": appointment_id})
    if not found:
        raise NotFound
    visible = views(session, actor, [found[0][0]])
    if visible:
        return visible[0]
    parts = rows(session, _PARTS, {"entries": [found[0][0]]})
    if rights_on(session, actor, [part[1] for part in parts]):
        raise Forbidden
    raise NotFound


def just_booked(session: Session, entry_pk: int) -> AppointmentView:
    """The appointment as whoever has just booked it sees it, in one statement: nothing is hidden from them.

    Whether they may also confirm it is not looked at.
    """
    found = rows(session, _WITH_PARTS, {"entry": entry_pk})
    refs = [CalendarRef(*row[-4:]) for row in found]
    return _view(found[0], refs, dict.fromkeys((ref.pk for ref in refs), NO_RIGHTS), booked=True, tentative=set())


def _view(
    row: Sequence[Any], refs: Sequence[CalendarRef], rights: dict[int, Rights], booked: bool, tentative: set[int]
) -> AppointmentView:
    highest = max((RANK[rights[ref.pk].level] for ref in refs if ref.kind == "adviser"), default=0)
    close = booked or highest >= RANK["book"]
    person = Person(row[27], row[28], row[29], bool(row[30]), row[31]) if row[26] is not None and close else None
    return AppointmentView(
        pk=row[0],
        id=row[1],
        uid=row[2],
        sequence=row[3],
        version=row[4],
        status=row[5],
        lapses_at=row[6],
        reason=row[7],
        purpose=row[8],
        purpose_name=row[9],
        advisers=tuple(ref for ref in refs if ref.kind == "adviser"),
        venue=row[10],
        venue_pk=row[11],
        venue_name=row[12],
        commune=row[13],
        room=next((ref for ref in refs if ref.kind == "room"), None),
        vehicle=next((ref for ref in refs if ref.kind == "vehicle"), None),
        zone=row[14],
        starts=row[15],
        ends=row[16],
        before=row[17],
        after=row[18],
        booked_by=row[20],
        booked_by_name=row[21],
        booked_at=datetime.fromtimestamp(row[22], UTC),
        attendance=row[23],
        beneficiary=person,
        note=row[24] if close else None,
        urgency=row[25],
        may_change=close,
        may_confirm=row[5] == "tentative" and any(rights[pk].manages for pk in tentative if pk in rights),
    )


_STANDING_ON = """
SELECT DISTINCT e.pk FROM claim c JOIN entry e ON e.pk = c.entry_pk
WHERE c.calendar_pk IN_ARRAY(:calendars) AND c.starts < :until AND c.ends > :since AND c.starts >= :since - 20160
  AND e.kind = 'appointment' AND e.starts < :until AND e.ends > :since
"""
_CANCELLED_ON = """
SELECT DISTINCT e.pk FROM released_claim r JOIN entry e ON e.pk = r.entry_pk
WHERE r.calendar_pk IN_ARRAY(:calendars) AND r.ends > :since AND r.starts < :until
  AND e.kind = 'appointment' AND e.status = 'cancelled' AND r.sequence = e.sequence
  AND e.starts < :until AND e.ends > :since
"""


def between(
    session: Session,
    actor: Actor,
    calendar_pks: Iterable[int],
    since: int,
    until: int,
    *,
    cancelled: bool = False,
) -> list[AppointmentView]:
    """The appointments on these calendars that meet ``[since, until)``; with the cancelled ones if asked."""
    arguments = {"calendars": sorted(set(calendar_pks)), "since": since, "until": until}
    keys = [row[0] for row in rows(session, _STANDING_ON, arguments)]
    if cancelled:
        keys += [row[0] for row in rows(session, _CANCELLED_ON, arguments)]
    return views(session, actor, keys)


_CALLERS = """
SELECT e.pk FROM beneficiary b
JOIN appointment m ON m.beneficiary_pk = b.pk
JOIN entry e ON e.pk = m.entry_pk
WHERE b.territory_pk = :territory AND e.ends >= :since AND {match}
ORDER BY e.starts LIMIT :most
"""


def of_caller(
    session: Session, actor: Actor, *, since: int, name_key: str | None = None, phone: str | None = None, most: int = 50
) -> list[AppointmentView]:
    """The appointments of somebody on the phone, from ``since`` on, by any part of the name or by the number.

    Only those the actor may read with the person's name: whoever may not see it cannot find it either.
    """
    matches: list[str] = []
    arguments: dict[str, object] = {"territory": actor.territory_pk, "since": since, "most": most * 4}
    if phone:
        matches.append("b.phone = :phone")
        arguments["phone"] = phone
    if name_key:
        for index, word in enumerate(name_key.split()):
            matches.append(f"(b.name_key LIKE :start{index} ESCAPE '!' OR b.name_key LIKE :inner{index} ESCAPE '!')")
            plain = word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
            arguments[f"start{index}"] = f"{plain}%"
            arguments[f"inner{index}"] = f"% {plain}%"
    if not matches:
        return []
    found = rows(session, _CALLERS.format(match=" AND ".join(matches)), arguments)
    visible = views(session, actor, [row[0] for row in found])
    return [each for each in visible if each.beneficiary is not None][:most]


_WAITING = """
SELECT e.pk FROM entry e
WHERE e.territory_pk = :territory AND e.kind = 'appointment' AND e.status = 'tentative' AND e.ends > :since
ORDER BY e.starts LIMIT 500
"""


def to_confirm(session: Session, actor: Actor, since: int) -> list[AppointmentView]:
    """The proposals that wait for a yes the actor can give."""
    found = rows(session, _WAITING, {"territory": actor.territory_pk, "since": since})
    return [each for each in views(session, actor, [row[0] for row in found]) if each.may_confirm]
