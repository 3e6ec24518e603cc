"""Claims: taking, releasing and reading them. The only code that writes them.

All the claims of an entry are taken, moved and released together, in the transaction of the caller. The law
itself - no two exclusive claims on one calendar overlap - is the database's.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, text, update
from sqlalchemy.orm import Session

from booking.database import add_all, execute, pour, rows
from booking.models import Claim, ReleasedClaim
from booking.models.claims import BUSY, LONG_MINUTES, TENTATIVE


@dataclass(frozen=True)
class Wanted:
    """A claim to take: ``[starts, ends)`` in UTC minutes, buffers included."""

    calendar_pk: int
    starts: int
    ends: int
    strength: str = BUSY
    exclusive: bool = True
    occurrence: int = 0


@dataclass(frozen=True)
class Standing:
    """A claim that stands, or that stood until it was released."""

    calendar_pk: int
    starts: int
    ends: int
    strength: str
    exclusive: bool
    entry_pk: int
    occurrence: int

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Standing":
        """From a row of ``_COLUMNS``."""
        calendar_pk, starts, ends, strength, exclusive, entry_pk, occurrence = row
        return cls(calendar_pk, starts, ends, strength, bool(exclusive), entry_pk, occurrence)


_COLUMNS = "calendar_pk, starts, ends, strength, exclusive, entry_pk, occurrence"

# A claim that overlaps the window starts in it, or up to a day before it, or is one of the few long ones.
_STANDING = f"""
SELECT {_COLUMNS} FROM claim
WHERE calendar_pk IN_ARRAY(:calendars) AND starts >= :day_before AND starts < :until AND ends > :since
UNION ALL
SELECT {_COLUMNS} FROM claim
WHERE calendar_pk IN_ARRAY(:calendars) AND ends - starts > {LONG_MINUTES} AND starts < :day_before AND ends > :since
"""  # noqa: S608 - constants


def standing(
    session: Session, calendar_pks: Iterable[int], starts: int, ends: int, *, ignoring: Collection[int] = ()
) -> list[Standing]:
    """The claims on these calendars that overlap ``[starts, ends)``, without those of the entries to ignore."""
    found = rows(
        session,
        _STANDING,
        {
            "calendars": sorted(set(calendar_pks)),
            "day_before": starts - LONG_MINUTES,
            "since": starts,
            "until": ends,
        },
    )
    return sorted(
        (Standing.of(row) for row in found if row[5] not in ignoring),
        key=lambda claim: (claim.starts, claim.calendar_pk, claim.entry_pk),
    )


_AT_ONCE = 400
"""Spans that are looked up in one statement."""

_ON_SPANS = f"""
WITH wanted(calendar, since, until) AS (VALUES {{wanted}})
SELECT {", ".join("c." + name for name in _COLUMNS.split(", "))}
FROM wanted w CROSS JOIN claim c
WHERE c.calendar_pk = w.calendar AND c.starts >= w.since - {LONG_MINUTES} AND c.starts < w.until AND c.ends > w.since
UNION
SELECT {", ".join("c." + name for name in _COLUMNS.split(", "))}
FROM wanted w CROSS JOIN claim c
WHERE c.calendar_pk = w.calendar AND c.ends - c.starts > {LONG_MINUTES} AND c.starts < w.since - {LONG_MINUTES}
  AND c.ends > w.since
"""  # noqa: S608 - constants


def standing_on(
    session: Session,
    spans: Iterable[tuple[int, int, int]],
    *,
    exclusive: bool | None = None,
    ignoring: Collection[int] = (),
) -> list[Standing]:
    """The claims that overlap any of these ``(calendar_pk, starts, ends)``, each once, by start.

    For many dates of few calendars: each is looked up by the index, and what lies between them is not read.
    ``exclusive`` asks for those alone that are, or that are not.
    """
    wanted = sorted(set(spans))
    found: set[Standing] = set()
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        arguments = {f"{name}{at}": each[place] for at, each in enumerate(some) for place, name in enumerate("csu")}
        values = ", ".join(f"(:c{at}, :s{at}, :u{at})" for at in range(len(some)))
        found.update(Standing.of(row) for row in rows(session, _ON_SPANS.format(wanted=values), arguments))
    return sorted(
        (
            claim
            for claim in found
            if claim.entry_pk not in ignoring and (exclusive is None or claim.exclusive == exclusive)
        ),
        key=lambda claim: (claim.starts, claim.calendar_pk, claim.entry_pk),
    )


_OCCUPIED = f"""
SELECT calendar_pk, starts, ends FROM claim
WHERE calendar_pk IN_ARRAY(:calendars) AND starts >= :day_before AND starts < :until AND ends > :since
UNION ALL
SELECT calendar_pk, starts, ends FROM claim
WHERE calendar_pk IN_ARRAY(:calendars) AND ends - starts > {LONG_MINUTES} AND starts < :day_before AND ends > :since
"""  # noqa: S608 - constants


def occupied(session: Session, calendar_pks: Iterable[int], starts: int, ends: int) -> Sequence[tuple[int, int, int]]:
    """What is taken in ``[starts, ends)``, as bare ``(calendar_pk, starts, ends)``: the fast path of searches.

    Both halves are answered by an index alone, whatever lies in the past.
    """
    return rows(
        session,
        _OCCUPIED,
        {
            "calendars": sorted(set(calendar_pks)),
            "day_before": starts - LONG_MINUTES,
            "since": starts,
            "until": ends,
        },
    )


def take(session: Session, entry_pk: int, wanted: Sequence[Wanted]) -> None:
    """Takes all these claims for the entry. The database refuses them all when one breaks the law (``Clash``)."""
    add_all(
        session,
        "claim",
        [
            {
                "entry_pk": entry_pk,
                "calendar_pk": claim.calendar_pk,
                "occurrence": claim.occurrence,
                "starts": claim.starts,
                "ends": claim.ends,
                "strength": claim.strength,
                "exclusive": claim.exclusive,
            }
            for claim in sorted(wanted, key=lambda claim: (claim.calendar_pk, claim.starts))
        ],
    )


_OF_ENTRY = text(f"SELECT {_COLUMNS} FROM claim WHERE entry_pk = :entry ORDER BY calendar_pk, starts")  # noqa: S608


def of_entry(session: Session, entry_pk: int) -> list[Standing]:
    """The claims the entry holds now."""
    return [Standing.of(row) for row in session.execute(_OF_ENTRY, {"entry": entry_pk})]


_RELEASED = text(
    f"SELECT {_COLUMNS} FROM released_claim WHERE entry_pk = :entry AND sequence = :sequence "  # noqa: S608
    "ORDER BY calendar_pk, starts"
)


def released_at(session: Session, entry_pk: int, sequence: int) -> list[Standing]:
    """The claims the entry gave back with the change that made this its sequence."""
    found = session.execute(_RELEASED, {"entry": entry_pk, "sequence": sequence})
    return [Standing.of(row) for row in found]


def release(
    session: Session,
    entry_pk: int,
    *,
    sequence: int,
    now: datetime,
    occurrences: Collection[int] | None = None,
    keeping: Collection[int] = (),
) -> list[Standing]:
    """Gives the entry's claims back (all, or those of some dates) and returns them.

    Calendars in ``keeping`` stay with the entry - it is being moved on them - so they get no tombstone.
    """
    held = [claim for claim in of_entry(session, entry_pk) if occurrences is None or claim.occurrence in occurrences]
    if not held:
        return held
    statement = delete(Claim).where(Claim.entry_pk == entry_pk)
    if occurrences is not None:
        statement = statement.where(Claim.occurrence.in_(sorted(occurrences)))
    session.execute(statement)
    record_released(session, [claim for claim in held if claim.calendar_pk not in keeping], sequence, now)
    return held


def record_released(session: Session, claims: Sequence[Standing], sequence: int, now: datetime) -> None:
    """Notes claims that an entry no longer (or, when imported as cancelled, never) holds."""
    if claims:
        session.execute(
            insert(ReleasedClaim),
            [
                {
                    "calendar_pk": claim.calendar_pk,
                    "entry_pk": claim.entry_pk,
                    "occurrence": claim.occurrence,
                    "starts": claim.starts,
                    "ends": claim.ends,
                    "strength": claim.strength,
                    "exclusive": claim.exclusive,
                    "sequence": sequence,
                    "released_at": now,
                }
                for claim in claims
            ],
        )


def take_back(session: Session, entry_pk: int, sequence: int) -> list[Standing]:
    """Takes again what the entry released at this sequence (the undo of a cancellation)."""
    held = released_at(session, entry_pk, sequence)
    take(
        session,
        entry_pk,
        [
            Wanted(claim.calendar_pk, claim.starts, claim.ends, claim.strength, claim.exclusive, claim.occurrence)
            for claim in held
        ],
    )
    session.execute(delete(ReleasedClaim).where(ReleasedClaim.entry_pk == entry_pk, ReleasedClaim.sequence == sequence))
    return held


def strengthen(session: Session, entry_pk: int, strength: str, calendar_pk: int | None = None) -> None:
    """Changes how strongly the entry holds its claims (a proposal that was confirmed); never when or where."""
    statement = update(Claim).where(Claim.entry_pk == entry_pk)
    if calendar_pk is not None:
        statement = statement.where(Claim.calendar_pk == calendar_pk)
    session.execute(statement.values(strength=strength).execution_options(synchronize_session=False))


def strength_of(status: str) -> str:
    """The strength of an exclusive claim for an entry of this status."""
    return TENTATIVE if status == "tentative" else BUSY


_SHORTEN = "UPDATE claim SET ends = :ends WHERE entry_pk = :entry AND calendar_pk = :calendar"


def shorten(session: Session, entry_pk: int, ends: dict[int, int]) -> None:
    """Ends the claims of an entry earlier: the new end (UTC minute) by calendar."""
    for calendar_pk, end in sorted(ends.items()):
        execute(session, _SHORTEN, {"ends": end, "entry": entry_pk, "calendar": calendar_pk})


_BULK_COLUMNS = ("entry_pk", "calendar_pk", "occurrence", "starts", "ends", "strength", "exclusive")


def take_many(session: Session, claims: Iterable[tuple[Any, ...]]) -> None:
    """Takes claims in bulk, for imports.

    Each is ``(entry_pk, calendar_pk, occurrence, starts, ends, strength, exclusive)``.
    """
    pour(session, "claim", _BULK_COLUMNS, claims)


def forget(session: Session, entry_pks: Sequence[int]) -> None:
    """Takes away the claims of entries that are deleted with all their traces (imported busy times)."""
    for table in ("claim", "released_claim"):
        execute(session, f"DELETE FROM {table} WHERE entry_pk IN_ARRAY(:entries)", {"entries": list(entry_pks)})  # noqa: S608 - our own names


def forget_released(session: Session, entry_pk: int, calendar_pks: Collection[int]) -> None:
    """Takes away what is noted of an entry's former claims on calendars that it takes again."""
    session.execute(
        delete(ReleasedClaim).where(
            ReleasedClaim.entry_pk == entry_pk, ReleasedClaim.calendar_pk.in_(sorted(calendar_pks))
        )
    )


_RELEASED_COLUMNS = (*_BULK_COLUMNS, "sequence", "released_at")


def record_released_many(session: Session, released: Iterable[tuple[Any, ...]]) -> None:
    """Notes released claims in bulk, for imports: as in ``take_many``, then the sequence and the stamp (seconds)."""
    pour(session, "released_claim", _RELEASED_COLUMNS, released)
