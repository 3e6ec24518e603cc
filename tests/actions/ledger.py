"""Appointments made and changed as their actions do it, as far as the ledger of messages is concerned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from booking import database
from booking.actions import claims, entries, reminders
from booking.actions.reminders import Change, Planned
from booking.models import Appointment, Beneficiary, Claim, Entry, Reminder
from booking.timeline.interval import to_minute
from tests.cast import ZONE, Cast

Result = TypeVar("Result")


def instant(text: str, zone: str = ZONE) -> datetime:
    """An instant from a local time, as in ``2027-01-18 10:40``."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def minute(text: str, zone: str = ZONE) -> int:
    return to_minute(datetime.fromisoformat(text), ZoneInfo(zone))


@dataclass
class Ledger:
    """The territory's ledger, and the acts that write into it."""

    app: Flask
    cast: Cast
    made: dict[int, dict[str, Any]] = field(default_factory=dict)

    def write(self, work: Callable[[Session], Result]) -> Result:
        with self.app.app_context():
            return database.write(work)

    def book(
        self,
        start: str,
        *,
        now: str = "2027-01-18 10:40",
        kind: reminders.Kind = "booked",
        minutes: int = 60,
        zone: str = ZONE,
        email: str | None = "marcel@courriel.example",
        agrees: bool = True,
        language: str = "fr",
        name: str = "Marcel Sage",
        rooms: tuple[int, ...] = (),
        booked_by: int | None = None,
        advisers: tuple[int, ...] | None = None,
    ) -> tuple[int, list[Planned]]:
        """Books (or proposes) an appointment with Chloé; Denise does it. The entry's key, and what is planned."""
        starts = minute(start, zone)
        advisers = (self.cast.chloe_calendar.pk,) if advisers is None else advisers
        booker = self.cast.denise.pk if booked_by is None else booked_by

        def work(session: Session) -> tuple[int, list[Planned]]:
            person = Beneficiary(
                territory_pk=self.cast.territory.pk,
                name=name,
                email=email,
                consent_reminders=agrees,
                language=language,
            )
            session.add(person)
            session.flush()
            entry_pk, _, uid = entries.new_entry(
                session,
                kind="appointment",
                now=instant(now, zone),
                status="tentative" if kind == "proposed" else "confirmed",
                zone=zone,
                starts=starts,
                ends=starts + minutes,
                title=self.cast.individual.name,
                territory_pk=self.cast.territory.pk,
                venue_pk=self.cast.maison.pk,
                booked_by_pk=booker,
            )
            session.execute(
                insert(Appointment).values(
                    entry_pk=entry_pk, purpose_pk=self.cast.individual.pk, beneficiary_pk=person.pk
                )
            )
            claims.take(
                session,
                entry_pk,
                [claims.Wanted(pk, starts, starts + minutes) for pk in (*advisers, *rooms)],
            )
            self.made[entry_pk] = {
                "entry_pk": entry_pk,
                "uid": uid,
                "territory_pk": self.cast.territory.pk,
                "zone": zone,
                "starts": starts,
                "ends": starts + minutes,
                "beneficiary_pk": person.pk,
                "beneficiary_reachable": bool(agrees and email),
                "adviser_pks": advisers,
                "booked_by_pk": booker,
            }
            return entry_pk, self._record(session, entry_pk, kind, booker, instant(now, zone))

        return self.write(work)

    def change(
        self,
        entry_pk: int,
        kind: reminders.Kind,
        *,
        actor: int | None,
        now: str,
        start: str | None = None,
        reason: str | None = None,
        advisers: tuple[int, ...] | None = None,
    ) -> list[Planned]:
        """Moves, cancels, confirms … an appointment; the sequence rises by one."""
        facts = self.made[entry_pk]
        moment = instant(now, facts["zone"])

        def work(session: Session) -> list[Planned]:
            entry = session.get_one(Entry, entry_pk)
            extra: dict[str, Any] = {}
            columns: dict[str, Any] = {"reason": reason}
            if start is not None:
                length = facts["ends"] - facts["starts"]
                extra["previous_starts"] = facts["starts"]
                facts["starts"] = columns["starts"] = minute(start, facts["zone"])
                facts["ends"] = columns["ends"] = facts["starts"] + length
            if advisers is not None:
                extra["previous_adviser_pks"] = tuple(set(facts["adviser_pks"]) - set(advisers))
                extra["joined_adviser_pks"] = tuple(set(advisers) - set(facts["adviser_pks"]))
                facts["adviser_pks"] = advisers
                session.execute(delete(Claim).where(Claim.entry_pk == entry_pk))
                wanted = [claims.Wanted(pk, facts["starts"], facts["ends"]) for pk in advisers]
                claims.take(session, entry_pk, wanted)
            if kind in reminders.ENDINGS:
                columns["status"] = "cancelled"
                claims.release(session, entry_pk, sequence=entry.sequence + 1, now=moment)
            elif kind in ("confirmed", "restored"):
                columns["status"] = "confirmed"
            entries.change(session, entry, moment, significant=True, **columns)
            return self._record(session, entry_pk, kind, actor, moment, **extra)

        return self.write(work)

    def _record(
        self,
        session: Session,
        entry_pk: int,
        kind: reminders.Kind,
        actor: int | None,
        now: datetime,
        **extra: Any,
    ) -> list[Planned]:
        sequence = session.get_one(Entry, entry_pk).sequence
        change = Change(kind=kind, sequence=sequence, actor_pk=actor, now=now, **{**self.made[entry_pk], **extra})
        return reminders.record(session, change)

    def rows(self, *, of: int | None = None, **having: Any) -> list[Reminder]:
        """The rows of the ledger, in the order they fall due."""
        with self.app.app_context(), database.reading() as session:
            wanted = select(Reminder).order_by(Reminder.due_at, Reminder.pk).filter_by(**having)
            if of is not None:
                wanted = wanted.where(Reminder.entry_pk == of)
            return list(session.scalars(wanted))

    def the(self, kind: str, **having: Any) -> Reminder:
        """The one row of that kind."""
        (row,) = self.rows(kind=kind, **having)
        return row

    def statuses(self, *, of: int | None = None) -> dict[str, str]:
        """Kind to status, or to ``skipped (reason)``."""
        return {
            row.kind: f"{row.status} ({row.reason})" if row.status == "skipped" else row.status
            for row in self.rows(of=of)
        }

    def set(self, table: Any, pk: int, **values: Any) -> None:
        """Changes a row behind everybody's back, as another screen would."""
        self.write(lambda session: session.execute(update(table).where(table.pk == pk).values(**values)))

    def age_leases(self, seconds: int = 3600) -> None:
        """What the passing of time does to leases and to waits between attempts."""
        from sqlalchemy import text

        self.write(
            lambda session: session.execute(
                text("UPDATE reminder SET lease_until = lease_until - :s WHERE lease_until IS NOT NULL"), {"s": seconds}
            )
        )
