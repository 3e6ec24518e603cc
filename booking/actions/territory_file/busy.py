"""Busy times brought from elsewhere: for each adviser that a file names, the whole of them is replaced.

They have no ids, so they are compared as they are: what stands already stays, what is gone goes, what is new
comes. Those of an external calendar that is read regularly belong to it and are left alone.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid5

from sqlalchemy.orm import Session

from booking.actions import claims
from booking.actions.entries import ENTRY_NAMESPACE, uid_of_import
from booking.actions.territory_file import stored
from booking.actions.territory_file.drafts import IDENTITY, read_start, told_zone
from booking.actions.territory_file.members import MANY, Row, minute_of
from booking.actions.territory_file.openings import adviser_named
from booking.actions.territory_file.plan import Plan
from booking.actions.territory_file.stored import Busy
from booking.actions.territory_file.world import Record, World, territory_of
from booking.database import execute, new_keys, pour
from booking.models.claims import BUSY

MEMBERS = IDENTITY | {
    *("adviser", "start", "end", "transparent", "cancelled"),
    *("id", "zone", "fold", "end_fold"),
}


@dataclass(slots=True)
class Told:
    """A busy time as the file tells it; ``identity`` holds what only exports have."""

    adviser: Record
    starts: int
    ends: int
    transparent: bool
    cancelled: bool
    zone: str
    identity: dict[str, Any]
    number: int = 0
    """How many equal ones there are before it."""

    @property
    def key(self) -> tuple[str, int, int, bool, bool]:
        return self.adviser.key, self.starts, self.ends, self.transparent, self.cancelled

    @property
    def claims(self) -> bool:
        return not self.transparent and not self.cancelled


class BusyList:
    """Takes the rows of the list; what changes is known once all are read."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._told: dict[str, list[Told]] = {}
        self._ids: dict[str, str] = {}
        self.new: list[Told] = []
        self.gone: list[Busy] = []

    def add(self, row: Row, world: World) -> None:
        row.only(MEMBERS)
        adviser = adviser_named(row, world)
        zone = told_zone(row, world, adviser)
        start, starts = read_start(row, zone)
        end = row.local("end", required=True)
        ends = starts + 1 if end is None else minute_of(end, zone, bool(row.flag("end_fold")))
        if start is not None and end is not None and ends <= starts:
            row.fault("end", "order")
        key = row.id() if row.has("id") else None
        identity: dict[str, Any] = {
            "id": key,
            "uid": row.text("uid", longest=255),
            "sequence": row.integer("sequence", 0, MANY),
            "version": row.integer("version", 1, MANY),
            "created": row.instant("created"),
            "last_modified": row.instant("last_modified"),
        }
        if key is not None:
            earlier = self._ids.setdefault(key, row.pointer)
            if earlier != row.pointer:
                row.fault("id", "duplicate_id", other=earlier)
        told_flags = bool(row.flag("transparent")), bool(row.flag("cancelled"))
        if row.sound and adviser is not None:
            told = Told(adviser, starts, ends, *told_flags, zone.key, identity)
            self._told.setdefault(adviser.key, []).append(told)
            if told.claims:
                self._plan.visits.diary(adviser.key).busy.append((starts, ends))

    def finish(self) -> None:
        """Holds what was told against what is stored of the same advisers."""
        world = self._plan.world
        pks = [world["calendar"][key].pk for key in self._told]
        for each in stored.busy_of(self._plan.session, [pk for pk in pks if pk is not None]):
            if each.entry_pk is not None:
                self._plan.lanes.replace(each.entry_pk)
            self.gone.append(each)
        standing = Counter(_stored_key(each) for each in self.gone)
        kept: Counter[tuple[str, int, int, bool, bool]] = Counter()
        for told in (each for several in self._told.values() for each in several):
            if kept[told.key] < standing[told.key]:
                kept[told.key] += 1
                self._plan.count("busy", "unchanged")
            else:
                told.number = standing[told.key]
                standing[told.key] += 1
                kept[told.key] += 1
                self.new.append(told)
                self._plan.count("busy", "new")
        self.gone = [each for each in self.gone if _is_gone(each, kept)]
        for _ in self.gone:
            self._plan.count("busy", "gone")

    def write(self, session: Session, world: World, now: datetime) -> set[int]:
        """Deletes what is gone, writes what is new; returns the keys of the calendars concerned."""
        entry_pks = [each.entry_pk for each in self.gone if each.entry_pk is not None]
        execute(
            session, "DELETE FROM imported_busy WHERE pk IN_ARRAY(:keys)", {"keys": [each.pk for each in self.gone]}
        )
        claims.forget(session, entry_pks)
        execute(session, "DELETE FROM entry WHERE pk IN_ARRAY(:keys)", {"keys": entry_pks})
        claiming = [told for told in self.new if told.claims]
        keys = new_keys(session, "entry", len(claiming))
        pour(session, "entry", _ENTRY, (_entry(told, pk, now) for told, pk in zip(claiming, keys, strict=True)))
        claims.take_many(
            session,
            (
                (pk, told.adviser.pk, 0, told.starts, told.ends, BUSY, False)
                for told, pk in zip(claiming, keys, strict=True)
            ),
        )
        remaining = iter(keys)
        pour(
            session,
            "imported_busy",
            ("calendar_pk", "entry_pk", "starts", "ends", "transparent", "cancelled"),
            (
                (
                    told.adviser.pk,
                    next(remaining) if told.claims else None,
                    told.starts,
                    told.ends,
                    told.transparent,
                    told.cancelled,
                )
                for told in self.new
            ),
        )
        concerned = {world["calendar"][each.calendar].pk for each in self.gone}
        concerned |= {told.adviser.pk for told in self.new}
        return {pk for pk in concerned if pk is not None}


def _stored_key(each: Busy) -> tuple[str, int, int, bool, bool]:
    return each.calendar, each.starts, each.ends, each.transparent, each.cancelled


def _is_gone(each: Busy, kept: Counter[tuple[str, int, int, bool, bool]]) -> bool:
    """Of several equal ones as many stay as were told."""
    key = _stored_key(each)
    if kept[key] > 0:
        kept[key] -= 1
        return False
    return True


_ENTRY = (
    *("pk", "id", "kind", "uid", "sequence", "version", "status", "zone", "starts", "ends", "before", "after"),
    *("territory_pk", "created", "last_modified"),
)


def _id_of(told: Told) -> str:
    """An id made from what it is, the same wherever it is imported."""
    name = f"{told.adviser.key}/{told.starts}/{told.ends}/{told.number}"
    return f"busy-{uuid5(ENTRY_NAMESPACE, name).hex[:24]}"


def _entry(told: Told, pk: int, now: datetime) -> tuple[Any, ...]:
    identity = told.identity
    key = identity["id"] or _id_of(told)
    territory = territory_of(told.adviser)
    created = identity["created"] or int(now.timestamp())
    return (
        pk,
        key,
        "busy",
        identity["uid"] or uid_of_import("busy", key),
        identity["sequence"] or 0,
        identity["version"] or 1,
        "confirmed",
        told.zone,
        told.starts,
        told.ends,
        0,
        0,
        None if territory is None else territory.pk,
        created,
        identity["last_modified"] or created,
    )
