"""Reading a whole file into a plan: list by list, each after those it points to, whatever their order in the file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from booking.actions.territory_file import calendars, entries
from booking.actions.territory_file.busy import BusyList
from booking.actions.territory_file.drafts import Draft
from booking.actions.territory_file.enrolments import EnrolmentList
from booking.actions.territory_file.findings import Findings, escaped
from booking.actions.territory_file.lists import BY_NAME, FORMAT, ORDER
from booking.actions.territory_file.members import Row, shown
from booking.actions.territory_file.offers import Visits
from booking.actions.territory_file.overlaps import find_overlaps
from booking.actions.territory_file.plan import Plan
from booking.actions.territory_file.planning import EntryList
from booking.actions.territory_file.stream import Document, Member, NotJson
from booking.actions.territory_file.world import World, stored_world

_READERS: dict[str, Callable[[Row, World, datetime], Draft | None]] = {
    "absences": entries.read_absence,
    "appointments": entries.read_appointment,
    "reservations": entries.read_reservation,
    "workshops": entries.read_workshop,
}


class OutOfOrder(Exception):
    """A list stands behind one that points to it."""


class Reading:
    """One reading of a file. ``plan`` is what it asks for; nothing is written here."""

    def __init__(self, session: Session, path: Path, now: datetime) -> None:
        self._path = path
        self._session = session
        self._now = now
        self.plan = self._fresh()
        self._rank = -1
        self._seen: set[str] = set()

    def _fresh(self) -> Plan:
        plan = Plan(self._session, stored_world(self._session), self._now)
        self.busy = BusyList(plan)
        self._workshops: dict[str, int] = {}
        self.enrolments = EnrolmentList(plan, self._workshops)
        return plan

    def run(self) -> None:
        """Reads it all; then looks at what only the whole can show."""
        findings = self.plan.findings
        try:
            try:
                self._in_one_pass()
            except OutOfOrder:
                self.plan.spool.close()
                self.plan = self._fresh()
                findings = self.plan.findings
                self._list_by_list()
        except NotJson as error:
            code = {"encoding": "encoding", "no_object": "outline"}.get(error.problem, "json")
            findings.fault("", code, line=error.line)
            return
        self._whole(findings)

    def _in_one_pass(self) -> None:
        found_format = None
        with Document(self._path) as document:
            for member in document.members():
                if member.name == "format":
                    found_format = member.value
                    continue
                rows = self._rows(member)
                if rows is None:
                    continue
                rank = ORDER.index(member.name)
                if rank < self._rank:
                    raise OutOfOrder
                self._rank = rank
                self._read(member.name, rows)
        self._check_format(found_format)

    def _check_format(self, found: Any) -> None:
        if found is None:
            self.plan.findings.fault("/format", "required")
        elif found != FORMAT:
            self.plan.findings.fault("/format", "format", wanted=FORMAT, value=shown(found))

    def _rows(self, member: Member) -> Iterator[Any] | None:
        """The rows of a list that is one of ours and stands for the first time."""
        findings = self.plan.findings
        pointer = f"/{escaped(member.name)}"
        if member.name not in ORDER:
            findings.fault(pointer, "unknown_member")
            return None
        if member.name in self._seen:
            findings.fault(pointer, "repeated_list")
            return None
        self._seen.add(member.name)
        if member.rows is None and member.value is not None:
            findings.fault(pointer, "list")
        return member.rows

    def _list_by_list(self) -> None:
        """A file in another order: what is not a list first, then each list in a passage of its own."""
        self._seen.clear()
        found_format, present = None, []
        with Document(self._path) as document:
            for member in document.members():
                if member.name == "format":
                    found_format = member.value
                elif self._rows(member) is not None:
                    present.append(member.name)
        self._check_format(found_format)
        for name in sorted(present, key=ORDER.index):
            with Document(self._path) as document:
                first = next(member for member in document.members() if member.name == name)
                if first.rows is not None:
                    self._read(name, first.rows)

    def _read(self, name: str, rows: Iterator[Any]) -> None:
        plan = self.plan
        prefix = f"/{name}"
        if name in _READERS:
            read, taken = _READERS[name], EntryList(plan, name)
            for index, data in enumerate(rows):
                draft = read(Row(data, prefix, index, plan.findings), plan.world, self._now)
                if draft is not None:
                    taken.add(index, draft)
                    if name == "workshops":
                        self._workshops[draft.id] = draft.detail[2]
            taken.finish()
            return
        several = (Row(data, prefix, index, plan.findings) for index, data in enumerate(rows))
        if name == "busy":
            for row in several:
                self.busy.add(row, plan.world)
            self.busy.finish()
        elif name == "enrolments":
            for row in several:
                self.enrolments.add(row, plan.world)
            self.enrolments.finish()
        else:
            listed = BY_NAME[name]
            for row in several:
                row.only(listed.members)
                listed.read(row, plan.world, plan.findings)
            if name == "accounts":
                calendars.clashing_addresses(plan.world, plan.findings)

    def _whole(self, findings: Findings) -> None:
        plan = self.plan
        self._count_catalogue()
        find_overlaps(self._session, plan.world, plan.lanes, findings)
        if not findings.fault_count:
            plan.visits.warn(self._session, plan.world, plan.lanes, findings, self._now)
        plan.visits = Visits()

    def _count_catalogue(self) -> None:
        for name, listed in BY_NAME.items():
            for record in self.plan.world[listed.table].values():
                if record.pointer is not None and record.pointer.startswith(f"/{name}/"):
                    what = "new" if record.stored is None else "changed" if record.changed else "unchanged"
                    self.plan.count(name, what)


@contextmanager
def read(session: Session, path: Path, now: datetime) -> Iterator[Reading]:
    """Reads a file into a plan, which lives as long as the context."""
    reading = Reading(session, path, now)
    try:
        reading.run()
        yield reading
    finally:
        reading.plan.spool.close()
