"""Territory files (``booking-territory/1``): whole territories as JSON, in and out.

A file is read once, row by row, into a plan (``reading``, ``planning``); what is wrong with it is listed with
JSON pointers (``findings``) and nothing is written, or all of it is written in one transaction (``writing``). An
export (``export``, ``showing``) writes down what is stored.

Besides the members of the plain format an export holds others, so that nothing is lost when it is loaded into
another database. All are optional; a file that does not tell them leaves what is stored as it is.

=================== ====================================================================================
list                members that only exports have
=================== ====================================================================================
venues              phone, access
rooms, vehicles     active
accounts            language, active, receives (false: the adviser's calendar is closed), password_hash*
instructions        a list of its own: purpose, venue (one of them or both), text (what to bring)
shares              a list of its own: calendar, one of account, organisation, territory, and level
openings            calendar (instead of adviser: a room, a vehicle),
                    changes[date, start (absent: cancelled), minutes, venue]
every entry         uid, sequence, version, created, last_modified, lapses_at, reason, related{kind, id},
                    territory, zone, fold (true: the second of two equal local times), exdates,
                    dates[date, start, fold, minutes, sequence, reason, last_modified] (of a series),
                    claims[calendar, start, end, occurrence, strength, exclusive] where they are not what
                    follows from the row, released[the same, sequence, released_at]
absences            calendars (instead of adviser: rooms, vehicles, several), end_fold, status, venue, booked_by
busy                id and identity of the entry, zone, fold, end_fold
appointments        note, urgency, attendance, title; status rejected
beneficiary         email, consent_reminders, language, needs, anonymised_at, person (a number: rows that bear
                    the same one mean the same person)
reservations        calendars (instead of calendar), kind (meeting, drop_in), venue, without_venue, before,
                    after, booked_for, purpose
programmes          version
programme_versions  a list of its own: programme, number, published_at, published_by, content
workshops           before, after, booked_by, status
enrolments          a list of its own: id, workshop, place, state, attendance, enrolled_by, created,
                    held_until, beneficiary
feeds*, tokens*     lists of their own, with the hashes of their secrets
=================== ====================================================================================

What is marked * stands in an export only when secrets are asked for. Stamps are ``2027-01-18T09:40:00Z``. Not
exported are the ledger of messages, the audit, external calendars with what they brought, and referrals.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from booking.actions.territory_file import writing
from booking.actions.territory_file.export import dump
from booking.actions.territory_file.findings import Finding, Findings
from booking.actions.territory_file.lists import ORDER
from booking.actions.territory_file.reading import read

__all__ = ["Faulty", "Finding", "Outcome", "dump", "examine", "load"]


@dataclass(frozen=True)
class Outcome:
    """What an import did, or would do: what was found, and for each list how many rows are new, changed, as before."""

    findings: Findings
    counts: dict[str, Counter[str]]

    @property
    def faults(self) -> list[Finding]:
        return self.findings.faults

    @property
    def fault_count(self) -> int:
        return self.findings.fault_count

    @property
    def warnings(self) -> dict[str, int]:
        return self.findings.warnings

    def lines(self) -> Iterator[str]:
        """For people, in both languages: faults, warnings, then the numbers."""
        yield from self.findings.lines()
        if not self.fault_count:
            for name, count in sorted(self.counts.items(), key=lambda each: ORDER.index(each[0])):
                told = ", ".join(
                    f"{count[what]} {words}" for what, words in _WORDS.items() if count[what] or what == "new"
                )
                yield f"{name}: {told}"


_WORDS = {
    "new": "nouveaux/new",
    "changed": "modifiés/changed",
    "unchanged": "inchangés/unchanged",
    "gone": "retirés/removed",
}


class Faulty(Exception):
    """The file has faults, so nothing was written; ``outcome`` lists them."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.fault_count} faults")
        self.outcome = outcome


def examine(session: Session, path: Path, now: datetime) -> Outcome:
    """What loading the file would do; reads only."""
    with read(session, path, now) as reading:
        return Outcome(reading.plan.findings, reading.plan.counts)


def load(session: Session, path: Path, now: datetime) -> Outcome:
    """Loads a territory file, all of it or nothing: raises ``Faulty`` before anything is written.

    Rows are known by their ids. What is as it was stays untouched: no version, no sequence, no stamp changes. No
    message is sent and none is planned. The caller holds the write transaction.
    """
    writing.hold_calendars(session)
    with read(session, path, now) as reading:
        outcome = Outcome(reading.plan.findings, reading.plan.counts)
        if outcome.fault_count:
            raise Faulty(outcome)
        writing.write(session, reading, now)
        return outcome
