"""Enrolments of workshops: a list that only exports have."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from booking.actions.territory_file.drafts import BENEFICIARY
from booking.actions.territory_file.entries import person_of
from booking.actions.territory_file.members import MANY, Row
from booking.actions.territory_file.plan import Plan
from booking.actions.territory_file.stored import Enrolled, Person, enrolments_after
from booking.actions.territory_file.world import World
from booking.database import rows
from booking.models import Enrolment, Entry, Workshop
from booking.models.appointments import ATTENDANCES

MEMBERS = frozenset(
    {"id", "workshop", "place", "state", "attendance", "enrolled_by", "created", "held_until", "beneficiary"}
)
STATES = ("enrolled", "waiting", "offered", "cancelled")
SEATED = ("enrolled", "offered")


class EnrolmentList:
    """Takes the rows of the list; they are few enough to be held."""

    def __init__(self, plan: Plan, workshops: dict[str, int]) -> None:
        self._plan = plan
        self._workshops = workshops
        """The ids of the workshops of the file, with their capacity."""
        self._told: dict[str, tuple[Row, dict[str, Any], Person | None, int | None]] = {}
        self.changes: list[tuple[str, dict[str, Any], Person | None, int | None, Enrolled | None]] = []

    def add(self, row: Row, world: World) -> None:
        row.only(MEMBERS)
        key = row.id()
        values = {
            "workshop": row.text("workshop", required=True),
            "place": row.integer("place", 1, MANY, required=True),
            "state": row.choice("state", STATES, required=True),
            "attendance": row.choice("attendance", ATTENDANCES, default="unknown"),
            "enrolled_by": row.named("enrolled_by", world["account"]),
            "created": row.instant("created"),
            "held_until": row.instant("held_until"),
        }
        inner = row.inner("beneficiary", BENEFICIARY)
        person, number = (None, None) if inner is None else person_of(inner)
        if key is None:
            return
        if key in self._told:
            row.fault("id", "duplicate_id", other=self._told[key][0].pointer)
            return
        self._told[key] = (row, values, person, number)

    def finish(self) -> None:
        """Holds what was told against what is stored; counts the seats of each workshop."""
        session = self._plan.session
        capacities = {
            **{row[0]: row[1] for row in rows(session, _CAPACITIES, {"ids": self._named()})},
            **self._workshops,
        }
        known = self._stored()
        seats: Counter[str] = Counter(
            each.workshop for each in known.values() if each.state in SEATED and each.id not in self._told
        )
        places = {(each.workshop, each.place): each.id for each in known.values() if each.id not in self._told}
        for key, (row, values, person, number) in self._told.items():
            workshop = values["workshop"]
            if workshop not in capacities:
                row.fault("workshop", "unknown_id", value=repr(workshop))
                continue
            other = places.setdefault((workshop, values["place"]), key)
            if other != key:
                row.fault("place", "duplicate", other=self._told[other][0].pointer if other in self._told else other)
            if values["state"] in SEATED:
                seats[workshop] += 1
                if seats[workshop] > capacities[workshop]:
                    row.fault("state", "seats", taken=seats[workshop], capacity=capacities[workshop])
            self._compare(key, values, person, number, known.get(key))

    def _named(self) -> list[str]:
        return sorted({values["workshop"] for _, values, _, _ in self._told.values() if values["workshop"]})

    def _stored(self) -> dict[str, Enrolled]:
        found: dict[str, Enrolled] = {}
        if not self._told:
            return found
        last = 0
        while batch := enrolments_after(self._plan.session, last):
            found.update((each.id, each) for each in batch)
            last = batch[-1].pk
        return found

    def _compare(
        self, key: str, values: dict[str, Any], person: Person | None, number: int | None, before: Enrolled | None
    ) -> None:
        if before is not None:
            by = values["enrolled_by"]
            same = (
                (values["workshop"], values["place"], values["state"], values["attendance"], values["held_until"])
                == (before.workshop, before.place, before.state, before.attendance, before.held_until)
                and (None if by is None else by.key) == before.enrolled_by
                and person == before.person
            )
            self._plan.count("enrolments", "unchanged" if same else "changed")
            if same:
                return
        else:
            self._plan.count("enrolments", "new")
        self.changes.append((key, values, person, number, before))

    def write(self, session: Session, keep_person: Any) -> None:
        """Writes what changed; ``keep_person`` writes a beneficiary and returns the key."""
        now = self._plan.seconds
        table: Any = Enrolment.__table__
        found = session.execute(
            select(Entry.id, Entry.pk)
            .join(Workshop, Workshop.entry_pk == Entry.pk)
            .where(Entry.id.in_({values["workshop"] for _, values, _, _, _ in self.changes}))
        )
        entry_pks = {row.id: row.pk for row in found}
        for key, values, person, number, before in self.changes:
            territory_pk = session.scalar(select(Entry.territory_pk).where(Entry.pk == entry_pks[values["workshop"]]))
            columns = {
                "workshop_pk": entry_pks[values["workshop"]],
                "beneficiary_pk": keep_person(
                    person, before.person_pk if before is not None else None, number, territory_pk
                ),
                "place": values["place"],
                "state": values["state"],
                "attendance": values["attendance"],
                "enrolled_by_pk": None if values["enrolled_by"] is None else values["enrolled_by"].pk,
                "held_until": _moment(values["held_until"]),
            }
            if before is None:
                columns |= {"id": key, "created": _moment(values["created"] or now)}
                session.execute(insert(table), columns)
            else:
                session.execute(update(table).where(table.c.pk == before.pk).values(**columns))


_CAPACITIES = """
SELECT e.id, w.capacity FROM workshop w JOIN entry e ON e.pk = w.entry_pk
WHERE e.kind = 'workshop' AND e.id IN_ARRAY(:ids)
"""


def _moment(seconds: int | None) -> Any:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
