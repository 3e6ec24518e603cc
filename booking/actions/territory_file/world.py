"""What a territory file may point to: the rows of the catalogue, those stored and those of the file over them.

Territories, organisations, venues, calendars, accounts, purposes, openings, programmes: thousands at most, so
they are held in memory. Each is a ``Record`` whose values name other records, not keys: keys come when it is
written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from booking.database import new_keys
from booking.models import (
    Account,
    ApiToken,
    Base,
    Calendar,
    Feed,
    Instruction,
    Opening,
    OpeningChange,
    OpeningPurpose,
    Organisation,
    Programme,
    ProgrammeVersion,
    Purpose,
    Share,
    Territory,
    Venue,
)


@dataclass(eq=False, slots=True)
class Record:
    """A row of the catalogue. ``stored`` is what the database holds, ``None`` for a new one.

    ``pointer`` is where the file speaks of it, ``None`` when it does not.
    """

    table: str
    key: str
    values: dict[str, Any]
    stored: dict[str, Any] | None = None
    pk: int | None = None
    pointer: str | None = None

    @property
    def changed(self) -> bool:
        return self.values != self.stored

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def __repr__(self) -> str:
        return f"{self.table} {self.key}"


@dataclass(frozen=True)
class Shape:
    """A table as the file knows it: plain columns, and references as member: table (the column is member_pk)."""

    table: Table
    plain: tuple[str, ...]
    references: Mapping[str, str] = field(default_factory=dict)
    natural_key: Callable[[Mapping[str, Any]], str] | None = None
    key_column: str = "pk"

    @property
    def name(self) -> str:
        return self.table.name


def _ids(*members: str) -> Callable[[Mapping[str, Any]], str]:
    """The key of rows that have no id: those of what they join, and texts that tell them apart."""

    def key(values: Mapping[str, Any]) -> str:
        found = (values[member] for member in members)
        return "|".join(each.key if isinstance(each, Record) else "" if each is None else str(each) for each in found)

    return key


def _table(model: type[Base]) -> Table:
    return model.__table__  # type: ignore[return-value]


SHAPES = (
    Shape(_table(Territory), ("name", "timezone", "school_zone", "public_holidays")),
    Shape(_table(Organisation), ("name", "kind"), {"territory": "territory"}),
    Shape(
        _table(Venue),
        ("name", "address", "postcode", "commune", "insee", "latitude", "longitude", "phone", "access"),
        {"organisation": "organisation"},
    ),
    Shape(
        _table(Account),
        ("name", "email", "role", "phone", "language", "active", "password_hash"),
        {"organisation": "organisation", "home_venue": "venue"},
    ),
    Shape(
        _table(Calendar),
        (
            *("kind", "name", "active", "profession", "capacity", "equipment", "setup_minutes", "cleanup_minutes"),
            *("moderated", "registration", "seats", "energy", "odometer_km", "needs_approval"),
        ),
        {"organisation": "organisation", "venue": "venue", "account": "account"},
    ),
    Shape(
        _table(Purpose),
        (
            *("name", "minutes", "before", "after", "professions", "room_capacity", "needs_vehicle"),
            *("notice_minutes", "horizon_days", "urgent"),
        ),
    ),
    Shape(
        _table(Instruction),
        ("text",),
        {"purpose": "purpose", "venue": "venue"},
        _ids("purpose", "venue"),
    ),
    Shape(
        _table(Share),
        ("level",),
        {"calendar": "calendar", "account": "account", "organisation": "organisation", "territory": "territory"},
        _ids("calendar", "account", "organisation", "territory"),
    ),
    Shape(
        _table(Opening),
        ("starts_wall", "minutes", "rrule", "exdates", "admission", "limited", "holidays"),
        {"calendar": "calendar", "venue": "venue"},
    ),
    Shape(_table(Programme), ("quarter", "title", "state", "version"), {"territory": "territory"}),
    Shape(
        _table(ProgrammeVersion),
        ("number", "published_at", "content"),
        {"programme": "programme", "published_by": "account"},
        _ids("programme", "number"),
        key_column="number",
    ),
    Shape(
        _table(Feed),
        ("scope", "detail", "alarm_minutes", "name", "secret_hash", "created", "revoked_at"),
        {
            "account": "account",
            "calendar": "calendar",
            "venue": "venue",
            "organisation": "organisation",
            "territory": "territory",
            "programme": "programme",
        },
    ),
    Shape(
        _table(ApiToken),
        ("name", "scope", "token_hash", "created", "revoked_at"),
        {"account": "account"},
        _ids("token_hash"),
    ),
)
"""In the order in which they are written: what is pointed to comes first."""

SHOWN_ELSEWHERE = ("territory", "organisation", "venue", "account", "calendar", "purpose")
"""Their names, zones and minutes show on many calendars, so a change of one concerns them all."""

BY_TABLE = {shape.name: shape for shape in SHAPES}


def natural_key(table: str, values: Mapping[str, Any]) -> str:
    """The key of a row that has no id."""
    key = BY_TABLE[table].natural_key
    if key is None:
        raise LookupError(table)
    return key(values)


class Numbers:
    """Gives a number to each beneficiary that several rows mean, as they come."""

    def __init__(self, shared: set[int]) -> None:
        self._shared = shared
        self._given: dict[int, int] = {}

    def of(self, pk: int | None) -> int | None:
        if pk is None or pk not in self._shared:
            return None
        return self._given.setdefault(pk, len(self._given) + 1)


class World:
    """The catalogue by table and key. A file is laid over it row by row; nothing is written before ``write``.

    ``addresses`` tells which account of the file has which e-mail address; ``with_secrets`` whether an export
    shows the hashes of passwords.
    """

    def __init__(self, with_secrets: bool = False) -> None:
        self.with_secrets = with_secrets
        self.numbers: Numbers | None = None
        self.tables: dict[str, dict[str, Record]] = {shape.name: {} for shape in SHAPES}
        self.by_pk: dict[str, dict[int, Record]] = {shape.name: {} for shape in SHAPES}
        self.addresses: dict[str, Record] = {}
        self._zones: dict[str, ZoneInfo] = {}

    def __getitem__(self, table: str) -> dict[str, Record]:
        return self.tables[table]

    def lay(self, table: str, key: str, values: dict[str, Any], pointer: str) -> Record:
        """Puts a row of the file over what is stored under that key, or beside the rest."""
        record = self.tables[table].get(key)
        if record is None:
            record = self.tables[table][key] = Record(table, key, values)
        record.values, record.pointer = values, pointer
        return record

    def zone_at(self, place: Record | None) -> ZoneInfo:
        """The zone whose wall clock rules there; UTC where a fault keeps it unknown."""
        territory = territory_of(place)
        name = "UTC" if territory is None else territory.values["timezone"]
        zone = self._zones.get(name)
        if zone is None:
            zone = self._zones[name] = ZoneInfo(name)
        return zone


def territory_of(place: Record | None) -> Record | None:
    """The territory of an organisation, of a venue, of a calendar or of an account, if no fault hides it."""
    if place is None or place.table == "territory":
        return place
    organisation: Record | None = place if place.table == "organisation" else place.values["organisation"]
    return None if organisation is None else organisation.values["territory"]


def stored_world(session: Session, with_secrets: bool = False) -> World:
    """The catalogue as it is stored."""
    world = World(with_secrets)
    for shape in SHAPES:
        for record in _stored(session, shape, world):
            world.tables[shape.name][record.key] = record
            if record.pk is not None:
                world.by_pk[shape.name][record.pk] = record
    return world


def _stored(session: Session, shape: Shape, world: World) -> Iterator[Record]:
    columns = shape.table.c
    has_pk, has_id = "pk" in columns, "id" in columns
    chosen = [columns[name] for name in shape.plain] + [columns[f"{name}_pk"] for name in shape.references]
    order = columns.pk if has_pk else columns[shape.key_column]
    extra = ([columns.pk] if has_pk else []) + ([columns.id] if has_id else [])
    children = _opening_children(session, world) if shape.name == "opening" else {}
    for row in session.execute(select(*extra, *chosen).order_by(order)):
        values: dict[str, Any] = dict(zip(shape.plain, row[len(extra) :], strict=False))
        for member, pk in zip(shape.references, row[len(extra) + len(shape.plain) :], strict=True):
            values[member] = None if pk is None else world.by_pk[shape.references[member]][pk]
        pk = row[0] if has_pk else None
        if shape.name == "opening":
            values.update(children.get(pk, {"purposes": [], "changes": []}))
        key = row[1] if has_id else shape.natural_key(values) if shape.natural_key else str(pk)
        yield Record(shape.name, key, values, dict(values), pk)


def _opening_children(session: Session, world: World) -> dict[Any, dict[str, list[Any]]]:
    found: dict[Any, dict[str, list[Any]]] = {}
    for opening, purpose in session.execute(
        select(OpeningPurpose.opening_pk, OpeningPurpose.purpose_pk).order_by(
            OpeningPurpose.opening_pk, OpeningPurpose.purpose_pk
        )
    ):
        found.setdefault(opening, {"purposes": [], "changes": []})["purposes"].append(world.by_pk["purpose"][purpose])
    for opening, original, starts_wall, minutes, venue in session.execute(
        select(
            OpeningChange.opening_pk,
            OpeningChange.original,
            OpeningChange.starts_wall,
            OpeningChange.minutes,
            OpeningChange.venue_pk,
        ).order_by(OpeningChange.opening_pk, OpeningChange.original)
    ):
        found.setdefault(opening, {"purposes": [], "changes": []})["changes"].append(
            (original, starts_wall, minutes, None if venue is None else world.by_pk["venue"][venue])
        )
    for children in found.values():
        children["purposes"].sort(key=lambda purpose: purpose.key)
    return found


SHOWN_BY_NAME = ("calendar", "venue", "account")
"""Feeds show the names of these, on whatever calendar."""


def write(session: Session, world: World) -> set[int]:
    """Writes what the file changed in the catalogue; returns the keys of the calendars concerned."""
    touched: set[int] = set()
    named_anew = False
    for shape in SHAPES:
        told = [record for record in world.tables[shape.name].values() if record.pointer is not None]
        new = [record for record in told if record.stored is None]
        changed = [record for record in told if record.stored is not None and record.changed]
        if shape.name == "account" and changed:
            _make_way(session, changed)
        if "pk" in shape.table.c:
            for record, pk in zip(new, new_keys(session, shape.name, len(new)), strict=True):
                record.pk = pk
        if new:
            session.execute(insert(shape.table), [_row(shape, record, new=True) for record in new])
        for record in changed:
            columns = _row(shape, record, new=False)
            if shape.name == "opening":
                columns["version"] = shape.table.c.version + 1
            session.execute(update(shape.table).where(*_same(shape, record)).values(**columns))
        if shape.name == "opening":
            _write_opening_children(session, new, changed)
            touched |= {record.values["calendar"].pk for record in (*new, *changed)}
            touched |= {record.stored["calendar"].pk for record in changed if record.stored is not None}
        if shape.name == "share":
            touched |= {record.values["calendar"].pk for record in (*new, *changed)}
        named_anew = named_anew or (bool(changed) and shape.name in SHOWN_BY_NAME)
    if named_anew:
        touched |= {record.pk for record in world.tables["calendar"].values() if record.pk is not None}
    return touched


def _row(shape: Shape, record: Record, *, new: bool) -> dict[str, Any]:
    columns = {name: record.values[name] for name in shape.plain}
    for member in shape.references:
        target = record.values[member]
        columns[f"{member}_pk"] = None if target is None else target.pk
    if new and record.pk is not None:
        columns["pk"] = record.pk
    if new and "id" in shape.table.c:
        columns["id"] = record.key
    return columns


def _same(shape: Shape, record: Record) -> list[Any]:
    if record.pk is not None:
        return [shape.table.c.pk == record.pk]
    return [
        shape.table.c.programme_pk == record.values["programme"].pk,
        shape.table.c.number == record.values["number"],
    ]


def _make_way(session: Session, changed: Sequence[Record]) -> None:
    """Two accounts may exchange their addresses: neither holds one while the others get theirs."""
    accounts = BY_TABLE["account"].table
    moving = [record.pk for record in changed if record.stored and record.stored["email"] != record.values["email"]]
    if moving:
        session.execute(update(accounts).where(accounts.c.pk.in_(moving)).values(email=None))


def _write_opening_children(session: Session, new: Sequence[Record], changed: Sequence[Record]) -> None:
    purposes, changes = _table(OpeningPurpose), _table(OpeningChange)
    for record in changed:
        for table in (purposes, changes):
            session.execute(table.delete().where(table.c.opening_pk == record.pk))
    admitted = [
        {"opening_pk": record.pk, "purpose_pk": purpose.pk}
        for record in (*new, *changed)
        for purpose in record.values["purposes"]
    ]
    if admitted:
        session.execute(insert(purposes), admitted)
    moved = [
        {
            "opening_pk": record.pk,
            "original": original,
            "starts_wall": starts_wall,
            "minutes": minutes,
            "venue_pk": None if venue is None else venue.pk,
        }
        for record in (*new, *changed)
        for original, starts_wall, minutes, venue in record.values["changes"]
    ]
    if moved:
        session.execute(insert(changes), moved)
