"""Territories, organisations, venues, purposes and what to bring: read and shown.

For each list there is a function that reads a row into the values of its record and one that shows a record as
a row again; they stand together, so that what one writes the other understands. Members that only an export adds
(marked ``+`` in the package's table) keep their stored value when a file does not speak of them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from booking.actions import phones
from booking.actions.holidays import is_known_zone
from booking.actions.territory_file.findings import Findings
from booking.actions.territory_file.members import Row, shown
from booking.actions.territory_file.world import Record, World, natural_key
from booking.timeline.holidays import is_known_code

PROFESSIONS = ("conseiller_numerique", "conseiller_france_services")
MANY = 1_000_000
_FRENCH = re.compile(r"\+33[1-9]\d{8}", re.ASCII)

Values = dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """One list of the file: its members, the table behind it, how a row is read and how a record is shown.

    ``secret`` lists are written only when asked for.
    """

    name: str
    table: str
    members: frozenset[str]
    read: Callable[[Row, World, Findings], None]
    show: Callable[[Record, World], Values]
    shown: Callable[[Record], bool] = lambda record: True
    secret: bool = False


def lay(row: Row, world: World, findings: Findings, table: str, key: str, values: Values) -> None:
    """Lays the row over the world, unless its key was already used in this file."""
    earlier = world[table].get(key)
    if earlier is not None and earlier.pointer is not None:
        row.fault("id" if row.has("id") else None, "duplicate_id", other=earlier.pointer)
        return
    world.lay(table, key, values, row.pointer)


def kept(world: World, table: str, key: str, member: str, value: Any, default: Any) -> Any:
    """The value, or the stored one, or the default."""
    if value is not None:
        return value
    record = world[table].get(key)
    return default if record is None or record.stored is None else record.stored[member]


def extras(values: Mapping[str, Any], **defaults: Any) -> Values:
    """Those of the values that are not what they would be without being told."""
    return {name: values[name] for name, default in defaults.items() if values[name] != default}


def key_of(record: Record | None) -> str | None:
    return None if record is None else record.key


@lru_cache(maxsize=65536)
def _e164(typed: str) -> str | None:
    return typed if _FRENCH.fullmatch(typed) else phones.normalised(typed)


def phone_of(row: Row, name: str) -> str | None:
    """A telephone number in E.164 where that is possible; an unusual one is kept as it is, with a warning."""
    typed = row.text(name, longest=60)
    if typed is None:
        return None
    number = _e164(typed)
    if number is None:
        row.warn(name, "phone")
        return typed
    return number


def email_of(row: Row, name: str) -> str | None:
    """An address with one @ and no blank."""
    typed = row.text(name, longest=254)
    if typed is None:
        return None
    address = typed.strip()
    local, at, domain = address.rpartition("@")
    if not at or not local or "@" in local or not domain.strip(".") or any(c.isspace() for c in address):
        row.fault(name, "email", value=shown(typed))
        return None
    return address


# --- territories, organisations, venues


def read_territory(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    timezone = row.text("timezone", required=True)
    if timezone is not None and timezone not in available_timezones():
        row.fault("timezone", "timezone", value=shown(timezone))
        timezone = None
    holidays = row.text("public_holidays")
    if holidays is not None and not is_known_code(holidays):
        row.fault("public_holidays", "holidays", value=shown(holidays))
        holidays = None
    school_zone = row.text("school_zone")
    if school_zone is not None and not is_known_zone(school_zone):
        row.warn("school_zone", "school_zone")
    values = {
        "name": row.text("name", required=True),
        "timezone": timezone or "Europe/Paris",
        "school_zone": school_zone,
        "public_holidays": holidays,
    }
    if key is not None:
        lay(row, world, findings, "territory", key, values)


def show_territory(record: Record, world: World) -> Values:
    return {"id": record.key, **record.values}


def read_organisation(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    values = {
        "name": row.text("name", required=True),
        "kind": row.text("kind"),
        "territory": row.named("territory", world["territory"], required=True),
    }
    if key is not None:
        lay(row, world, findings, "organisation", key, values)


def show_organisation(record: Record, world: World) -> Values:
    values = record.values
    return {"id": record.key, "name": values["name"], "kind": values["kind"], "territory": values["territory"].key}


def read_venue(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    phone, access = phone_of(row, "phone"), row.text("access", longest=2000)
    values = {
        "name": row.text("name", required=True),
        "organisation": row.named("organisation", world["organisation"], required=True),
        "address": row.text("address"),
        "postcode": row.text("postcode", longest=20),
        "commune": row.text("commune"),
        "insee": row.text("insee", longest=20),
        "latitude": row.number("latitude", -90, 90),
        "longitude": row.number("longitude", -180, 180),
    }
    if key is not None:
        values["phone"] = kept(world, "venue", key, "phone", phone, None)
        values["access"] = kept(world, "venue", key, "access", access, None)
        lay(row, world, findings, "venue", key, values)


def show_venue(record: Record, world: World) -> Values:
    values = record.values
    plain = ("address", "postcode", "commune", "insee", "latitude", "longitude")
    return {
        "id": record.key,
        "name": values["name"],
        "organisation": values["organisation"].key,
        **{name: values[name] for name in plain},
        **extras(values, phone=None, access=None),
    }


# --- purposes and what to bring


def read_purpose(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    values = {
        "name": row.text("name", required=True),
        "minutes": row.minutes("minutes", low=1, default=1, required=True),
        "before": row.minutes("before", default=0),
        "after": row.minutes("after", default=0),
        "professions": row.texts("professions", PROFESSIONS) or [],
        "room_capacity": row.integer("room_capacity", 0, MANY, default=0),
        "needs_vehicle": row.flag("needs_vehicle"),
        "notice_minutes": row.minutes("notice_minutes", default=0),
        "horizon_days": row.integer("horizon_days", 0, 3660),
        "urgent": row.flag("urgent"),
    }
    if key is not None:
        lay(row, world, findings, "purpose", key, values)


def show_purpose(record: Record, world: World) -> Values:
    return {"id": record.key, **record.values}


def read_instruction(row: Row, world: World, findings: Findings) -> None:
    values = {
        "text": row.text("text", longest=2000, required=True),
        "purpose": row.named("purpose", world["purpose"]),
        "venue": row.named("venue", world["venue"]),
    }
    if row.sound:
        lay(row, world, findings, "instruction", natural_key("instruction", values), values)


def show_instruction(record: Record, world: World) -> Values:
    values = record.values
    return {"purpose": key_of(values["purpose"]), "venue": key_of(values["venue"]), "text": values["text"]}
