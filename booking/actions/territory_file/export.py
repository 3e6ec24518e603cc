"""Writing down what is stored as a territory file, row by row, from one consistent state.

Members of the plain format always stand; those that only exports have stand where they say more than their
default. Rows keep the order in which they were made, so that the file of an imported export is the same file.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from sqlalchemy.orm import Session

from booking.actions.territory_file import stored
from booking.actions.territory_file.lists import BY_NAME, FORMAT, ORDER
from booking.actions.territory_file.showing import (
    show_absence,
    show_appointment,
    show_busy,
    show_enrolment,
    show_reservation,
    show_workshop,
)
from booking.actions.territory_file.stored import Stored
from booking.actions.territory_file.world import Numbers, World, stored_world
from booking.database import one_state, rows

Values = dict[str, Any]


class Out(Protocol):
    """Whatever text can be written to."""

    def write(self, text: str, /) -> object: ...


def dump(session: Session, out: Out, *, with_secrets: bool = False) -> None:
    """Writes the territory file of everything stored; memory holds one batch of rows at a time."""
    one_state(session)
    encode = json.JSONEncoder(ensure_ascii=False).encode
    out.write(f'{{\n"format": {encode(FORMAT)}')
    world = stored_world(session, with_secrets)
    for name in ORDER:
        between = f',\n"{name}": [\n'
        for row in _rows(session, world, name):
            out.write(between + encode(row))
            between = ",\n"
        if between == ",\n":
            out.write("\n]")
    out.write("\n}\n")


def _rows(session: Session, world: World, name: str) -> Iterator[Values]:
    if name in BY_NAME:
        listed = BY_NAME[name]
        if not listed.secret or world.with_secrets:
            records = world[listed.table].values()
            yield from (listed.show(record, world) for record in records if listed.shown(record))
        return
    yield from _LISTS[name](session, world)


def _entries(session: Session, kind: str) -> Iterator[Stored]:
    last = 0
    while batch := stored.after(session, kind, last):
        yield from batch
        last = batch[-1].pk


def _absences(session: Session, world: World) -> Iterator[Values]:
    return (show_absence(entry, world) for entry in _entries(session, "absence"))


def _busy(session: Session, world: World) -> Iterator[Values]:
    last = 0
    while batch := stored.busy_after(session, last):
        yield from (show_busy(each, world) for each in batch)
        last = batch[-1].pk


def _appointments(session: Session, world: World) -> Iterator[Values]:
    numbers = _numbers(session, world)
    return (show_appointment(entry, world, numbers) for entry in _entries(session, "appointment"))


def _reservations(session: Session, world: World) -> Iterator[Values]:
    for kind in ("reservation", "meeting", "drop_in"):
        yield from (show_reservation(entry, world, kind) for entry in _entries(session, kind))


def _workshops(session: Session, world: World) -> Iterator[Values]:
    return (show_workshop(entry, world) for entry in _entries(session, "workshop"))


def _enrolments(session: Session, world: World) -> Iterator[Values]:
    numbers = _numbers(session, world)
    last = 0
    while batch := stored.enrolments_after(session, last):
        yield from (show_enrolment(each, numbers) for each in batch)
        last = batch[-1].pk


_LISTS: dict[str, Callable[[Session, World], Iterable[Values]]] = {
    "absences": _absences,
    "busy": _busy,
    "appointments": _appointments,
    "reservations": _reservations,
    "workshops": _workshops,
    "enrolments": _enrolments,
}

_SHARED = (
    "SELECT beneficiary_pk FROM appointment WHERE beneficiary_pk IS NOT NULL "
    "GROUP BY beneficiary_pk HAVING count(*) > 1",
    "SELECT beneficiary_pk FROM enrolment WHERE beneficiary_pk IS NOT NULL GROUP BY beneficiary_pk HAVING count(*) > 1",
    "SELECT DISTINCT n.beneficiary_pk FROM enrolment n JOIN appointment a ON a.beneficiary_pk = n.beneficiary_pk",
)


def _numbers(session: Session, world: World) -> Numbers:
    """Numbers for the beneficiaries that several rows mean, in the order in which the file first speaks of them."""
    if world.numbers is None:
        shared = {pk for statement in _SHARED for (pk,) in rows(session, statement, {})}
        world.numbers = Numbers(shared)
    return world.numbers
