"""Territory files (``booking-territory/1``): a whole territory as JSON, in and out."""

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
