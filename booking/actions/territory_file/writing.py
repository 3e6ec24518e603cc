"""Writing a plan, in the caller's transaction: the catalogue first, then what is released, then what is taken.

New entries are poured in by thousands; changed ones are few and written one by one. Every claim that a changed
entry gives back is given back before any is taken, so that two appointments may change places.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from booking.actions import audit, claims, reminders
from booking.actions.beneficiaries import name_key
from booking.actions.territory_file import world as catalogue
from booking.actions.territory_file.drafts import STANDING
from booking.actions.territory_file.plan import Columns, Plan, Work
from booking.actions.territory_file.reading import Reading
from booking.database import lock_calendars, new_keys, pour, rows
from booking.models import Appointment, Beneficiary, Entry, Occurrence, Reservation, Workshop

CHUNK = 5000
EVERY_CALENDAR = "SELECT pk FROM calendar ORDER BY pk FOR NO KEY UPDATE"

_ENTRY = ("pk", *Columns._fields[:12], "territory_pk", "venue_pk", "booked_by_pk", *Columns._fields[15:])
_PERSON = (
    *("pk", "territory_pk", "name", "name_key", "phone", "email", "language", "consent_reminders"),
    *("needs", "anonymised_at"),
)


def hold_calendars(session: Session) -> None:
    """Takes the row locks of all calendars before anything is read, so that nobody books meanwhile.

    On SQLite the transaction itself is the lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        rows(session, EVERY_CALENDAR, {})


def write(session: Session, reading: Reading, now: datetime) -> None:
    """Writes everything the file asks for, and one row of the audit if that is anything."""
    plan = reading.plan
    if not any(count[what] for count in plan.counts.values() for what in ("new", "changed", "gone")):
        return
    writer = _Writer(session, plan, now)
    writer.touched |= catalogue.write(session, plan.world)
    writer.touched |= reading.busy.write(session, plan.world, now)
    writer.release()
    writer.take()
    writer.relate()
    reading.enrolments.write(session, writer.keep_person)
    lock_calendars(session, writer.touched)
    audit.note(
        session,
        at=now,
        account_pk=None,
        action="import",
        object_kind="territory_file",
        object_id=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        detail={name: dict(sorted(count.items())) for name, count in sorted(plan.counts.items())},
    )


class _Writer:
    def __init__(self, session: Session, plan: Plan, now: datetime) -> None:
        self._session = session
        self._plan = plan
        self._now = now
        self._seconds = int(now.timestamp())
        self._tables = plan.world.tables
        self._people: dict[int, int] = {}
        self.touched: set[int] = set()

    def release(self) -> None:
        """Gives back every claim that a changed entry will take anew or no more."""
        for work in self._works():
            if work.pk is not None and work.reclaims:
                columns = Columns(*work.columns)
                keeping = {self._calendar(claim[0]) for claim in work.claims}
                held = claims.release(self._session, work.pk, sequence=columns.sequence, now=self._now, keeping=keeping)
                claims.forget_released(self._session, work.pk, keeping)
                self.touched |= {claim.calendar_pk for claim in held}

    def take(self) -> None:
        works = self._works()
        while chunk := list(islice(works, CHUNK)):
            self._pour_new([work for work in chunk if work.pk is None])
            for work in chunk:
                if work.pk is not None:
                    self._change(work)

    def relate(self) -> None:
        """Joins what was taken together, now that all of it has keys."""
        for work in self._works():
            if work.related is not None:
                columns = Columns(*work.columns)
                related = self._entry_pk(*work.related)
                self._session.execute(
                    update(Entry)
                    .where(Entry.kind == columns.kind, Entry.id == columns.id)
                    .values(related_pk=related)
                    .execution_options(synchronize_session=False)
                )

    def keep_person(
        self, person: Iterable[Any] | None, person_pk: int | None, number: int | None, territory_pk: int | None
    ) -> int | None:
        """Writes one beneficiary, over the row that is there or beside the others, and returns the key."""
        if person is None:
            return None
        if number is not None and number in self._people:
            return self._people[number]
        key = person_pk
        table: Any = Beneficiary.__table__
        values = dict(zip(_PERSON[1:], self._person_row(0, territory_pk, tuple(person))[1:], strict=True))
        values["needs"] = None if values["needs"] is None else json.loads(values["needs"])
        values["anonymised_at"] = _moment(values["anonymised_at"])
        if key is None:
            key = self._session.execute(insert(table).returning(table.c.pk), values).scalar_one()
        else:
            self._session.execute(update(table).where(table.c.pk == key).values(**values))
        if number is not None:
            self._people[number] = key
        return key

    def _works(self) -> Iterator[Work]:
        return (Work(*each) for each in self._plan.spool)

    def _calendar(self, key: str) -> int:
        return self._tables["calendar"][key].pk or 0

    def _key(self, table: str, key: str | None) -> int | None:
        return None if key is None else self._tables[table][key].pk

    def _entry_pk(self, kind: str, entry_id: str) -> int | None:
        return self._session.scalar(select(Entry.pk).where(Entry.kind == kind, Entry.id == entry_id))

    def _pour_new(self, works: list[Work]) -> None:
        session = self._session
        person_keys = self._pour_people(works)
        keys = new_keys(session, "entry", len(works))
        known = list(zip(keys, works, strict=True))
        pour(session, "entry", _ENTRY, (self._entry_row(pk, work.columns) for pk, work in known))
        for kind, (table, columns, row) in self._details().items():
            of_kind = [
                row(pk, work.detail, person)
                for (pk, work), person in zip(known, person_keys, strict=True)
                if work.columns[1] == kind
            ]
            if of_kind:
                pour(session, table, columns, of_kind)
        claims.take_many(
            session,
            (self._claim_row(pk, claim) for pk, work in known for claim in work.claims),
        )
        claims.record_released_many(
            session,
            (self._claim_row(pk, each[:6]) + tuple(each[6:]) for pk, work in known for each in work.released),
        )
        pour(
            session,
            "occurrence",
            ("entry_pk", "original", "starts", "ends", "sequence", "reason", "last_modified"),
            ((pk, *date) for pk, work in known for date in work.dates or ()),
        )

    def _pour_people(self, works: list[Work]) -> list[int | None]:
        """The key of the beneficiary of each new entry; those meant by the same number are one."""
        lone = [work for work in works if work.person is not None and work.person_number is None]
        keys = iter(new_keys(self._session, "beneficiary", len(lone)))
        poured: list[tuple[Any, ...]] = []
        found: list[int | None] = []
        for work in works:
            territory = self._key("territory", work.columns[12])
            if work.person is None or work.person_number is not None:
                found.append(None)
                continue
            key = next(keys)
            poured.append(self._person_row(key, territory, work.person))
            found.append(key)
        pour(self._session, "beneficiary", _PERSON, poured)
        for at, work in enumerate(works):
            if work.person_number is not None:
                territory = self._key("territory", work.columns[12])
                found[at] = self.keep_person(work.person, work.person_pk, work.person_number, territory)
        return found

    def _person_row(self, pk: int, territory_pk: int | None, person: tuple[Any, ...]) -> tuple[Any, ...]:
        name, phone, email, language, consents, needs, anonymised_at = person
        coded = None if needs is None else json.dumps(needs, ensure_ascii=False)
        return pk, territory_pk, name, name_key(name), phone, email, language, consents, coded, anonymised_at

    def _entry_row(self, pk: int, columns: tuple[Any, ...]) -> tuple[Any, ...]:
        return (
            pk,
            *columns[:12],
            self._key("territory", columns[12]),
            self._key("venue", columns[13]),
            self._key("account", columns[14]),
            *columns[15:],
        )

    def _claim_row(self, entry_pk: int, claim: tuple[Any, ...]) -> tuple[Any, ...]:
        calendar, occurrence, starts, ends, strength, exclusive = claim
        calendar_pk = self._calendar(calendar)
        self.touched.add(calendar_pk)
        return entry_pk, calendar_pk, occurrence, starts, ends, strength, exclusive

    def _details(self) -> dict[str, tuple[str, tuple[str, ...], Any]]:
        """For each kind that has more than its entry: the table, the columns, and the row of a draft."""
        return {
            "appointment": (
                "appointment",
                ("entry_pk", "purpose_pk", "beneficiary_pk", "note", "urgency", "attendance"),
                lambda pk, detail, person: (pk, self._key("purpose", detail[0]), person, *detail[1:]),
            ),
            "reservation": (
                "reservation",
                ("entry_pk", "booked_for_pk", "purpose"),
                lambda pk, detail, person: (pk, self._key("account", detail[0]), detail[1]),
            ),
            "workshop": (
                "workshop",
                ("entry_pk", "programme_pk", "summary", "capacity", "state", "taken"),
                lambda pk, detail, person: (pk, self._key("programme", detail[0]), *detail[1:4], 0),
            ),
        }

    def _change(self, work: Work) -> None:
        session, pk, columns = self._session, work.pk or 0, Columns(*work.columns)
        values = dict(zip(_ENTRY[1:], self._entry_row(pk, work.columns)[1:], strict=True))
        for name in ("id", "kind", "uid", "created"):
            del values[name]
        values["last_modified"] = _moment(columns.last_modified)
        values["exdates"] = None if columns.exdates is None else json.loads(columns.exdates)
        session.execute(
            update(Entry).where(Entry.pk == pk).values(**values).execution_options(synchronize_session=False)
        )
        reminders.call_off(session, pk, columns.sequence, ended=columns.status not in STANDING)
        person = self.keep_person(
            work.person, work.person_pk, work.person_number, self._key("territory", columns.territory)
        )
        self._change_detail(pk, columns.kind, work.detail, person)
        if work.dates is not None:
            session.execute(delete(Occurrence).where(Occurrence.entry_pk == pk))
            pour(
                session,
                "occurrence",
                ("entry_pk", "original", "starts", "ends", "sequence", "reason", "last_modified"),
                ((pk, *date) for date in work.dates),
            )
        claims.take_many(session, (self._claim_row(pk, claim) for claim in work.claims))
        claims.record_released_many(
            session, (self._claim_row(pk, each[:6]) + tuple(each[6:]) for each in work.released)
        )
        self.touched |= {claim.calendar_pk for claim in claims.of_entry(session, pk)}

    def _change_detail(self, pk: int, kind: str, detail: tuple[Any, ...], person: int | None) -> None:
        found = self._details().get(kind)
        if found is None:
            return
        table, columns, row = found
        values = dict(zip(columns, row(pk, detail, person), strict=True))
        values.pop("taken", None)
        model: Any = {"appointment": Appointment, "reservation": Reservation, "workshop": Workshop}[table]
        key = values.pop("entry_pk")
        done = self._session.execute(update(model.__table__).where(model.__table__.c.entry_pk == key).values(**values))
        if done.rowcount == 0:  # type: ignore[attr-defined]
            self._session.execute(insert(model.__table__), {"entry_pk": key, **values})


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
