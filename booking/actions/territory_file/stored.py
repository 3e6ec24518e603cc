"""Entries as they are stored, whole: the row, its calendars, claims, released claims, changed dates and details.

Both directions read them here: the import to see what a file changes, the export to write them down. They are
read in batches, a fixed number of statements for each, straight from the driver.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from booking.database import rows

BATCH = 2000


class Held(NamedTuple):
    """A claim by the id of its calendar; UTC minutes."""

    calendar: str
    occurrence: int
    starts: int
    ends: int
    strength: str
    exclusive: bool


class Released(NamedTuple):
    """A claim given back, with the entry's sequence then and the stamp (seconds)."""

    calendar: str
    occurrence: int
    starts: int
    ends: int
    strength: str
    exclusive: bool
    sequence: int
    released_at: int


class Changed(NamedTuple):
    """A date of a series that differs from its rule; ``starts`` absent when cancelled."""

    original: int
    starts: int | None
    ends: int | None
    sequence: int
    reason: str | None
    last_modified: int


class Person(NamedTuple):
    """A beneficiary's columns."""

    name: str | None
    phone: str | None
    email: str | None
    language: str
    consent_reminders: bool
    needs: list[str] | None
    anonymised_at: int | None


@dataclass(slots=True)
class Stored:
    """An entry. References are ids; stamps are seconds; times are UTC minutes."""

    pk: int
    id: str
    uid: str
    sequence: int
    version: int
    status: str
    zone: str
    starts: int
    ends: int
    before: int
    after: int
    title: str | None
    territory: str
    venue: str | None
    booked_by: str | None
    created: int
    last_modified: int
    lapses_at: int | None
    reason: str | None
    starts_wall: str | None
    rrule: str | None
    exdates: list[str] | None
    related: tuple[str, str] | None
    claims: list[Held] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    dates: list[Changed] = field(default_factory=list)
    detail: tuple[Any, ...] = ()
    person: Person | None = None
    person_pk: int | None = None

    def calendars(self) -> list[str]:
        """Whose calendars it stands on; of an entry that ended, those it held to the end."""
        held = [each.calendar for each in self.claims] or [
            each.calendar for each in self.released if each.sequence == self.sequence
        ]
        return list(dict.fromkeys(held or (each.calendar for each in self.released)))


_ENTRIES = """
SELECT e.pk, e.id, e.uid, e.sequence, e.version, e.status, e.zone, e.starts, e.ends, e.before, e.after, e.title,
       t.id, v.id, a.id, e.created, e.last_modified, e.lapses_at, e.reason, e.starts_wall, e.rrule, e.exdates,
       r.kind, r.id
FROM entry e
JOIN territory t ON t.pk = e.territory_pk
LEFT JOIN venue v ON v.pk = e.venue_pk
LEFT JOIN account a ON a.pk = e.booked_by_pk
LEFT JOIN entry r ON r.pk = e.related_pk
WHERE {which}
"""
# Pages follow the key; the index on (kind, id) would have each page sort all that is left.
_OF_KIND = "coalesce(e.kind, '') = :kind"
_NAMED = _ENTRIES.format(which="e.kind = :kind AND e.id IN_ARRAY(:ids)")
_AFTER = _ENTRIES.format(which=f"{_OF_KIND} AND e.pk > :after ORDER BY e.pk LIMIT :limit")
_SERIES_AFTER = _ENTRIES.format(
    which=f"{_OF_KIND} AND e.rrule IS NOT NULL AND e.status IN ('confirmed', 'tentative') AND e.pk > :after "
    "ORDER BY e.pk LIMIT :limit"
)

_CLAIMS = """
SELECT k.entry_pk, c.id, k.occurrence, k.starts, k.ends, k.strength, k.exclusive
FROM claim k JOIN calendar c ON c.pk = k.calendar_pk
WHERE k.entry_pk IN_ARRAY(:entries) ORDER BY k.pk
"""
_RELEASED = """
SELECT k.entry_pk, c.id, k.occurrence, k.starts, k.ends, k.strength, k.exclusive, k.sequence, k.released_at
FROM released_claim k JOIN calendar c ON c.pk = k.calendar_pk
WHERE k.entry_pk IN_ARRAY(:entries) ORDER BY k.pk
"""
_DATES = """
SELECT entry_pk, original, starts, ends, sequence, reason, last_modified
FROM occurrence WHERE entry_pk IN_ARRAY(:entries) ORDER BY entry_pk, original
"""
_PERSON = "b.name, b.phone, b.email, b.language, b.consent_reminders, b.needs, b.anonymised_at"
_DETAILS = {
    "appointment": f"""
SELECT x.entry_pk, p.id, x.note, x.urgency, x.attendance, b.pk, {_PERSON}
FROM appointment x JOIN purpose p ON p.pk = x.purpose_pk LEFT JOIN beneficiary b ON b.pk = x.beneficiary_pk
WHERE x.entry_pk IN_ARRAY(:entries)
""",  # noqa: S608 - our own columns
    "reservation": """
SELECT x.entry_pk, a.id, x.purpose
FROM reservation x LEFT JOIN account a ON a.pk = x.booked_for_pk
WHERE x.entry_pk IN_ARRAY(:entries)
""",
    "workshop": """
SELECT x.entry_pk, p.id, x.summary, x.capacity, x.state, x.taken
FROM workshop x LEFT JOIN programme p ON p.pk = x.programme_pk
WHERE x.entry_pk IN_ARRAY(:entries)
""",
}


def by_ids(session: Session, kind: str, ids: Iterable[str]) -> dict[str, Stored]:
    """The entries of this kind with these ids, by id."""
    found = rows(session, _NAMED, {"kind": kind, "ids": list(ids)})
    return {entry.id: entry for entry in _whole(session, kind, found)}


def after(session: Session, kind: str, pk: int, limit: int = BATCH) -> list[Stored]:
    """The next entries of this kind behind a key, in the order of their keys."""
    return _whole(session, kind, rows(session, _AFTER, {"kind": kind, "after": pk, "limit": limit}))


def series_after(session: Session, kind: str, pk: int, limit: int = 200) -> list[Stored]:
    """The next series of this kind that stand, behind a key, in the order of their keys."""
    return _whole(session, kind, rows(session, _SERIES_AFTER, {"kind": kind, "after": pk, "limit": limit}))


def any_of(session: Session, kind: str) -> bool:
    """Whether there is any entry of this kind at all."""
    return bool(rows(session, "SELECT 1 FROM entry WHERE kind = :kind LIMIT 1", {"kind": kind}))


def _whole(session: Session, kind: str, found: Sequence[tuple[Any, ...]]) -> list[Stored]:
    entries = {row[0]: _entry(row) for row in found}
    wanted = {"entries": list(entries)}
    if not entries:
        return []
    for pk, *claim in rows(session, _CLAIMS, wanted):
        entries[pk].claims.append(Held._make((*claim[:5], bool(claim[5]))))
    for pk, *claim in rows(session, _RELEASED, wanted):
        entries[pk].released.append(Released._make((*claim[:5], bool(claim[5]), *claim[6:])))
    if any(entry.rrule is not None for entry in entries.values()):
        for pk, *date in rows(session, _DATES, wanted):
            entries[pk].dates.append(Changed._make(date))
    if kind in _DETAILS:
        for pk, *detail in rows(session, _DETAILS[kind], wanted):
            entries[pk].detail = tuple(detail[:5])
            if kind == "appointment":
                entries[pk].detail = tuple(detail[:4])
                entries[pk].person_pk, entries[pk].person = detail[4], _person(detail[4], detail[5:])
    return list(entries.values())


def _entry(row: Sequence[Any]) -> Stored:
    related = None if row[22] is None else (row[22], row[23])
    columns: tuple[Any, ...] = (*row[:21], _json(row[21]), related)
    return Stored(*columns)


def _person(pk: int | None, columns: Sequence[Any]) -> Person | None:
    if pk is None:
        return None
    name, phone, email, language, consents, needs, anonymised_at = columns
    return Person(name, phone, email, language, bool(consents), _json(needs), anonymised_at)


def _json(value: Any) -> Any:
    """SQLite gives JSON as its text, PostgreSQL as the value."""
    return json.loads(value) if isinstance(value, str) else value


_ENROLMENTS = f"""
SELECT n.pk, n.id, w.id, n.place, n.state, n.attendance, a.id, n.created, n.held_until, b.pk, {_PERSON}
FROM enrolment n
JOIN entry w ON w.pk = n.workshop_pk
LEFT JOIN account a ON a.pk = n.enrolled_by_pk
LEFT JOIN beneficiary b ON b.pk = n.beneficiary_pk
WHERE n.pk > :after ORDER BY n.pk LIMIT :limit
"""  # noqa: S608 - our own columns


@dataclass(slots=True)
class Enrolled:
    """An enrolment, with references as ids."""

    pk: int
    id: str
    workshop: str
    place: int
    state: str
    attendance: str
    enrolled_by: str | None
    created: int
    held_until: int | None
    person: Person | None
    person_pk: int | None


def enrolments_after(session: Session, pk: int, limit: int = BATCH) -> list[Enrolled]:
    found = rows(session, _ENROLMENTS, {"after": pk, "limit": limit})
    people = ((row, _person(row[9], row[10:])) for row in found)
    return [Enrolled(*(*row[:9], person, row[9])) for row, person in people]


_BUSY = """
SELECT i.pk, c.id, i.starts, i.ends, i.transparent, i.cancelled, e.pk, e.id, e.uid, e.sequence, e.version,
       e.created, e.last_modified, e.zone
FROM imported_busy i JOIN calendar c ON c.pk = i.calendar_pk LEFT JOIN entry e ON e.pk = i.entry_pk
WHERE i.external_calendar_pk IS NULL AND {which}
"""


@dataclass(slots=True)
class Busy:
    """A busy time that a file brought, and the entry it has when it claims."""

    pk: int
    calendar: str
    starts: int
    ends: int
    transparent: bool
    cancelled: bool
    entry_pk: int | None
    entry: tuple[Any, ...]


def busy_of(session: Session, calendar_pks: Iterable[int]) -> list[Busy]:
    """Those of these calendars, in the order of their keys."""
    found = rows(
        session,
        _BUSY.format(which="i.calendar_pk IN_ARRAY(:calendars) ORDER BY i.pk"),
        {"calendars": list(calendar_pks)},
    )
    return [_busy(row) for row in found]


def busy_after(session: Session, pk: int, limit: int = BATCH) -> list[Busy]:
    found = rows(session, _BUSY.format(which="i.pk > :after ORDER BY i.pk LIMIT :limit"), {"after": pk, "limit": limit})
    return [_busy(row) for row in found]


def _busy(row: Sequence[Any]) -> Busy:
    return Busy(row[0], row[1], row[2], row[3], bool(row[4]), bool(row[5]), row[6], tuple(row[7:]))
