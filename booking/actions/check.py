"""Does the data keep the law? Reads only, in one state of the database, a little at a time.

What is looked at: exclusive claims that overlap; claims without an entry that stands; entries that stand without
claims; claims that are not what follows from their entry; dates of series; seats; notes of released claims;
messages of the ledger that should have been called off; the seals of the audit; and whether the database still
holds the law itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from booking.actions import audit
from booking.actions.series import series_of
from booking.actions.territory_file import stored
from booking.database import one_state, rows
from booking.models.claims import CLAIM_LAW, SQLITE_TRIGGERS
from booking.timeline.interval import from_utc
from booking.timeline.recurrence import is_occurrence

LISTED = 1000
"""How many violations of one kind are told."""

WORDS = {
    "law": ("la loi n'est plus tenue par la base", "the database no longer holds the law"),
    "overlap": ("chevauchement", "overlap"),
    "orphan": ("occupation sans inscription au planning", "claim without an entry"),
    "ended": ("occupation d'une inscription annulée", "claim of an entry that ended"),
    "missing": ("inscription sans occupation", "entry without its claims"),
    "mismatch": ("occupation qui ne correspond pas", "claim that does not match its entry"),
    "date": ("date de série qui ne correspond pas", "date of a series that does not match"),
    "detail": ("inscription incomplète", "entry without its details"),
    "seats": ("places mal comptées", "seats miscounted"),
    "released": ("occupation rendue mal notée", "released claim noted wrongly"),
    "ledger": ("message qui aurait dû être retiré", "message that should have been called off"),
    "seal": ("journal altéré", "audit altered"),
    "reference": ("référence perdue", "lost reference"),
}


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong: a code and what it is about."""

    code: str
    about: str

    def __str__(self) -> str:
        french, english = WORDS[self.code]
        return f"{french} / {english}: {self.about}"


def violations(session: Session) -> Iterator[Violation]:
    """Everything that breaks the law, as far as ``LISTED`` of each kind."""
    one_state(session)
    for look in _LOOKS:
        yield from islice(look(session), LISTED)


def _at(minute: int) -> str:
    return from_utc(minute).strftime("%Y-%m-%dT%H:%MZ")


def _law_is_held(session: Session) -> Iterator[Violation]:
    if session.get_bind().dialect.name == "postgresql":
        found = rows(session, "SELECT 1 FROM pg_constraint WHERE conname = :name", {"name": CLAIM_LAW})
        if not found:
            yield Violation("law", CLAIM_LAW)
        return
    names = {
        name
        for (name,) in rows(session, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'claim'", {})
    }
    for trigger in SQLITE_TRIGGERS:
        name = trigger.split()[2]
        if name not in names:
            yield Violation("law", name)
    for table, rowid, parent, _ in rows(session, "PRAGMA foreign_key_check", {}):
        yield Violation("reference", f"{table} {rowid} → {parent}")


_EXCLUSIVE = """
SELECT k.starts, k.ends, k.entry_pk FROM claim k
WHERE k.calendar_pk = :calendar AND k.exclusive ORDER BY k.starts, k.ends
"""


def _overlaps(session: Session) -> Iterator[Violation]:
    for pk, calendar in rows(session, "SELECT pk, id FROM calendar ORDER BY pk", {}):
        end, holder = 0, 0
        for starts, ends, entry_pk in rows(session, _EXCLUSIVE, {"calendar": pk}):
            if holder and starts < end:
                one, other = _name(session, holder), _name(session, entry_pk)
                yield Violation("overlap", f"{calendar}: {one}, {other}, {_at(starts)}–{_at(min(end, ends))}")
            if not holder or ends > end:
                end, holder = ends, entry_pk


def _name(session: Session, entry_pk: int) -> str:
    found = rows(session, "SELECT kind, id FROM entry WHERE pk = :entry", {"entry": entry_pk})
    return " ".join(found[0]) if found else f"#{entry_pk}"


def _told(code: str, statement: str) -> Callable[[Session], Iterator[Violation]]:
    """A look by one statement whose rows are texts and times, told one after the other."""

    def look(session: Session) -> Iterator[Violation]:
        for row in rows(session, f"{statement} LIMIT {LISTED}", {}):
            yield Violation(code, " ".join("-" if part is None else str(part) for part in row))

    return look


_ORPHANS = """
SELECT c.id, k.entry_pk FROM claim k JOIN calendar c ON c.pk = k.calendar_pk
WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.pk = k.entry_pk)
"""

_ENDED = """
SELECT e.kind, e.id, e.status, c.id FROM claim k
JOIN entry e ON e.pk = k.entry_pk JOIN calendar c ON c.pk = k.calendar_pk
WHERE e.status IN ('cancelled', 'rejected')
"""

_MISSING = """
SELECT e.kind, e.id FROM entry e
WHERE e.status IN ('confirmed', 'tentative') AND e.rrule IS NULL AND e.kind NOT IN ('workshop', 'drop_in')
  AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.entry_pk = e.pk)
"""

_NO_ADVISER = """
SELECT e.kind, e.id, 'adviser' FROM entry e
WHERE e.kind = 'appointment' AND e.status IN ('confirmed', 'tentative')
  AND EXISTS (SELECT 1 FROM claim k WHERE k.entry_pk = e.pk)
  AND NOT EXISTS (
    SELECT 1 FROM claim k JOIN calendar c ON c.pk = k.calendar_pk WHERE k.entry_pk = e.pk AND c.kind = 'adviser')
"""

# A room's own minutes may have been changed since, so its claim must only hold the whole of the entry.
_MISMATCH = """
SELECT e.kind, e.id, c.id, k.starts, k.ends FROM claim k
JOIN entry e ON e.pk = k.entry_pk JOIN calendar c ON c.pk = k.calendar_pk
WHERE (e.rrule IS NULL AND k.occurrence <> 0)
   OR (e.kind = 'absence' AND (k.exclusive OR k.strength <> 'busy-unavailable'))
   OR (e.kind = 'busy' AND (k.exclusive OR k.strength <> 'busy'))
   OR (e.kind NOT IN ('absence', 'busy') AND (
        NOT k.exclusive OR k.strength = 'busy-unavailable' OR (e.status = 'confirmed' AND k.strength <> 'busy')))
   OR (e.rrule IS NULL AND e.kind IN ('absence', 'busy') AND (k.starts <> e.starts OR k.ends <> e.ends))
   OR (e.rrule IS NULL AND e.kind NOT IN ('absence', 'busy') AND c.kind <> 'room'
       AND (k.starts <> e.starts - e.before OR k.ends <> e.ends + e.after))
   OR (e.rrule IS NULL AND e.kind NOT IN ('absence', 'busy') AND c.kind = 'room'
       AND (k.starts > e.starts OR k.ends < e.ends))
"""

_DETAIL = """
SELECT e.kind, e.id FROM entry e
WHERE (e.kind = 'appointment' AND NOT EXISTS (SELECT 1 FROM appointment x WHERE x.entry_pk = e.pk))
   OR (e.kind = 'workshop' AND NOT EXISTS (SELECT 1 FROM workshop x WHERE x.entry_pk = e.pk))
"""

_SEATS = """
SELECT e.id, w.taken, (
    SELECT count(*) FROM enrolment n WHERE n.workshop_pk = w.entry_pk AND n.state IN ('enrolled', 'offered')
), w.capacity
FROM workshop w JOIN entry e ON e.pk = w.entry_pk
WHERE w.taken > w.capacity OR w.taken <> (
    SELECT count(*) FROM enrolment n WHERE n.workshop_pk = w.entry_pk AND n.state IN ('enrolled', 'offered'))
"""

_RELEASED = """
SELECT e.kind, e.id, c.id, r.sequence, e.sequence FROM released_claim r
JOIN entry e ON e.pk = r.entry_pk JOIN calendar c ON c.pk = r.calendar_pk
WHERE r.sequence > e.sequence OR r.starts >= r.ends
"""

_LEDGER = """
SELECT e.kind, e.id, r.kind, r.sequence FROM reminder r JOIN entry e ON e.pk = r.entry_pk
WHERE r.status = 'pending' AND r.kind IN ('confirmation', 'day_before', 'two_hours_before')
  AND (e.status IN ('cancelled', 'rejected') OR r.sequence < e.sequence)
"""

_CHANGED_DATES_OF_NOTHING = """
SELECT e.kind, e.id, o.original FROM occurrence o JOIN entry e ON e.pk = o.entry_pk WHERE e.rrule IS NULL
"""


def _series(session: Session) -> Iterator[Violation]:
    for kind in ("reservation", "absence", "meeting", "drop_in"):
        last = 0
        while batch := stored.series_after(session, kind, last):
            for entry in batch:
                yield from _dates(entry)
            last = batch[-1].pk


def _dates(entry: stored.Stored) -> Iterator[Violation]:
    """The claims of each date against what the rule and its changes say."""
    series = series_of(entry.starts_wall or "", entry.ends - entry.starts, entry.rrule, entry.exdates or (), entry.zone)
    changed: dict[int, Any] = {date.original: date for date in entry.dates}
    seen: dict[int, bool] = {}
    name = f"{entry.id}"
    for claim in entry.claims:
        date = changed.get(claim.occurrence)
        if claim.occurrence not in seen:
            wall = from_utc(claim.occurrence).astimezone(series.zone).replace(tzinfo=None, fold=0)
            seen[claim.occurrence] = is_occurrence(series, wall)
        if date is not None and date.starts is not None:
            starts, ends = date.starts, date.ends
        else:
            starts, ends = claim.occurrence, claim.occurrence + series.minutes
        wrong = date is not None and date.starts is None
        if wrong or not seen[claim.occurrence] or claim.starts > starts or claim.ends < ends:
            yield Violation("date", f"{name} {claim.calendar} {_at(claim.occurrence)}")


def _seals(session: Session) -> Iterator[Violation]:
    for broken in audit.broken_seals(session):
        yield Violation("seal", broken)


_LOOKS: tuple[Callable[[Session], Iterator[Violation]], ...] = (
    _law_is_held,
    _overlaps,
    _told("orphan", _ORPHANS),
    _told("ended", _ENDED),
    _told("missing", _MISSING),
    _told("missing", _NO_ADVISER),
    _told("mismatch", _MISMATCH),
    _told("date", _CHANGED_DATES_OF_NOTHING),
    _series,
    _told("detail", _DETAIL),
    _told("seats", _SEATS),
    _told("released", _RELEASED),
    _told("ledger", _LEDGER),
    _seals,
)
