"""Territories, organisations, venues, rooms, vehicles, accounts, purposes and what hangs on them: read and shown.

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
from booking.models.people import ROLES
from booking.timeline.holidays import is_known_code
from booking.timeline.quarters import parse_quarter

PROFESSIONS = ("conseiller_numerique", "conseiller_france_services")
LEVELS = ("none", "free_busy", "book_offered", "details", "propose", "book", "manage")
LANGUAGES = ("fr", "en")
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


def _lay(row: Row, world: World, findings: Findings, table: str, key: str, values: Values) -> None:
    """Lays the row over the world, unless its key was already used in this file."""
    earlier = world[table].get(key)
    if earlier is not None and earlier.pointer is not None:
        row.fault("id" if row.has("id") else None, "duplicate_id", other=earlier.pointer)
        return
    world.lay(table, key, values, row.pointer)


def _kept(world: World, table: str, key: str, member: str, value: Any, default: Any) -> Any:
    """The value, or the stored one, or the default."""
    if value is not None:
        return value
    record = world[table].get(key)
    return default if record is None or record.stored is None else record.stored[member]


def extras(values: Mapping[str, Any], **defaults: Any) -> Values:
    """Those of the values that are not what they would be without being told."""
    return {name: values[name] for name, default in defaults.items() if values[name] != default}


def _key(record: Record | None) -> str | None:
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
        _lay(row, world, findings, "territory", key, values)


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
        _lay(row, world, findings, "organisation", key, values)


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
        values["phone"] = _kept(world, "venue", key, "phone", phone, None)
        values["access"] = _kept(world, "venue", key, "access", access, None)
        _lay(row, world, findings, "venue", key, values)


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


# --- rooms, vehicles, accounts: what has a calendar, in one space of ids

_NO_ROOM: Values = {"capacity": None, "equipment": [], "setup_minutes": 0, "cleanup_minutes": 0, "moderated": False}
_NO_VEHICLE: Values = {
    "registration": None,
    "seats": None,
    "energy": None,
    "odometer_km": None,
    "needs_approval": False,
}


def _lay_calendar(row: Row, world: World, findings: Findings, key: str, values: Values) -> None:
    stored = world["calendar"].get(key)
    if stored is not None and stored.pointer is None and stored.values["kind"] != values["kind"]:
        row.fault("id", "kind_changes", value=key)
        return
    values["active"] = _kept(world, "calendar", key, "active", values["active"], True)
    _lay(row, world, findings, "calendar", key, values)


def _at_venue(row: Row, world: World) -> Values:
    venue = row.named("venue", world["venue"], required=True)
    return {"venue": venue, "organisation": venue.values["organisation"] if venue else None}


def read_room(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    values = {
        "kind": "room",
        "name": row.text("name", required=True),
        **_at_venue(row, world),
        "active": row.flag("active", None),
        "account": None,
        "profession": None,
        **_NO_VEHICLE,
        "capacity": row.integer("capacity", 0, MANY),
        "equipment": row.texts("equipment") or [],
        "setup_minutes": row.minutes("setup_minutes", default=0),
        "cleanup_minutes": row.minutes("cleanup_minutes", default=0),
        "moderated": row.flag("moderated"),
    }
    if key is not None:
        _lay_calendar(row, world, findings, key, values)


def show_room(record: Record, world: World) -> Values:
    values = record.values
    return {
        "id": record.key,
        "name": values["name"],
        "venue": values["venue"].key,
        **{name: values[name] for name in _NO_ROOM},
        **extras(values, active=True),
    }


def read_vehicle(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    values = {
        "kind": "vehicle",
        "name": row.text("name", required=True),
        **_at_venue(row, world),
        "active": row.flag("active", None),
        "account": None,
        "profession": None,
        **_NO_ROOM,
        "registration": row.text("registration", longest=40),
        "seats": row.integer("seats", 0, MANY),
        "energy": row.text("energy", longest=60),
        "odometer_km": row.integer("odometer_km", 0, 100_000_000),
        "needs_approval": row.flag("needs_approval"),
    }
    if key is not None:
        _lay_calendar(row, world, findings, key, values)


def show_vehicle(record: Record, world: World) -> Values:
    values = record.values
    return {
        "id": record.key,
        "name": values["name"],
        "venue": values["venue"].key,
        **{name: values[name] for name in _NO_VEHICLE},
        **extras(values, active=True),
    }


def read_account(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    email = email_of(row, "email")
    if email is not None:
        email = email.lower()
    profession = row.choice("profession", PROFESSIONS)
    organisation = row.named("organisation", world["organisation"], required=True)
    home = row.named("home_venue", world["venue"])
    values: Values = {
        "name": row.text("name", required=True),
        "email": email,
        "role": row.choice("role", ROLES, required=True),
        "organisation": organisation,
        "home_venue": home,
        "phone": phone_of(row, "phone"),
    }
    language, active = row.choice("language", LANGUAGES), row.flag("active", None)
    secret, receives = row.text("password_hash", longest=500), row.flag("receives", None)
    if key is None:
        return
    values["language"] = _kept(world, "account", key, "language", language, "fr")
    values["active"] = _kept(world, "account", key, "active", active, True)
    values["password_hash"] = _kept(world, "account", key, "password_hash", secret, None)
    known_before = world["account"].get(key)
    if known_before is not None and known_before.pointer is not None:
        row.fault("id", "duplicate_id", other=known_before.pointer)
        return
    account = world.lay("account", key, values, row.pointer)
    if email is not None:
        _only_address(row, world, account, email)
    _lay_adviser(row, world, findings, account, profession, receives)


def _only_address(row: Row, world: World, account: Record, email: str) -> None:
    """Notes under the address whose it is; whether two hold the same is known once all accounts are read."""
    other = world.addresses.get(email)
    if other is not None and other is not account:
        row.fault("email", "duplicate_email", other=f"{other.pointer}/email")
    world.addresses[email] = account


def clashing_addresses(world: World, findings: Findings) -> None:
    """An address that the file gives to one account while another, which it does not speak of, holds it."""
    for account in world["account"].values():
        if account.pointer is None and account.values["email"] is not None:
            taken_by = world.addresses.get(account.values["email"])
            if taken_by is not None:
                findings.fault(f"{taken_by.pointer}/email", "duplicate_email", other=account.key)


def _lay_adviser(
    row: Row, world: World, findings: Findings, account: Record, profession: str | None, receives: bool | None
) -> None:
    """The adviser's calendar of an account with a profession; without one, a calendar there was is closed."""
    stored = world["calendar"].get(account.key)
    if profession is None:
        if stored is not None and stored.pointer is None and stored.values["account"] is account:
            world.lay("calendar", account.key, {**stored.values, "active": False}, row.pointer)
        return
    values: Values = {
        "kind": "adviser",
        "name": account.values["name"],
        "organisation": account.values["organisation"],
        "venue": account.values["home_venue"],
        "account": account,
        "profession": profession,
        "active": receives,
        **_NO_ROOM,
        **_NO_VEHICLE,
    }
    _lay_calendar(row, world, findings, account.key, values)


def show_account(record: Record, world: World) -> Values:
    """``receives`` is false when the account's calendar is closed while its history stays."""
    values = record.values
    calendar = world["calendar"].get(record.key)
    if calendar is not None and calendar.values["account"] is not record:
        calendar = None
    shown_row = {
        "id": record.key,
        "name": values["name"],
        "email": values["email"],
        "role": values["role"],
        "organisation": values["organisation"].key,
        "profession": None if calendar is None else calendar.values["profession"],
        "home_venue": _key(values["home_venue"]),
        "phone": values["phone"],
        **extras(values, language="fr", active=True),
    }
    if calendar is not None and not calendar.values["active"]:
        shown_row["receives"] = False
    if world.with_secrets and values["password_hash"] is not None:
        shown_row["password_hash"] = values["password_hash"]
    return shown_row


# --- purposes, instructions, shares


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
        _lay(row, world, findings, "purpose", key, values)


def show_purpose(record: Record, world: World) -> Values:
    return {"id": record.key, **record.values}


def read_instruction(row: Row, world: World, findings: Findings) -> None:
    values = {
        "text": row.text("text", longest=2000, required=True),
        "purpose": row.named("purpose", world["purpose"]),
        "venue": row.named("venue", world["venue"]),
    }
    if row.sound:
        _lay(row, world, findings, "instruction", natural_key("instruction", values), values)


def show_instruction(record: Record, world: World) -> Values:
    values = record.values
    return {"purpose": _key(values["purpose"]), "venue": _key(values["venue"]), "text": values["text"]}


_AUDIENCES = ("account", "organisation", "territory")


def read_share(row: Row, world: World, findings: Findings) -> None:
    values: Values = {
        "calendar": row.named("calendar", world["calendar"], required=True),
        "level": row.choice("level", LEVELS, required=True),
        **{audience: row.named(audience, world[audience]) for audience in _AUDIENCES},
    }
    if row.sound and sum(values[audience] is not None for audience in _AUDIENCES) != 1:
        row.fault(None, "choice", choices=", ".join(_AUDIENCES))
    if row.sound:
        _lay(row, world, findings, "share", natural_key("share", values), values)


def show_share(record: Record, world: World) -> Values:
    values = record.values
    return {
        "calendar": values["calendar"].key,
        **{audience: values[audience].key for audience in _AUDIENCES if values[audience] is not None},
        "level": values["level"],
    }


# --- programmes


def read_programme(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    quarter = row.text("quarter", required=True)
    if quarter is not None:
        try:
            parse_quarter(quarter)
        except ValueError:
            row.fault("quarter", "quarter", value=shown(quarter))
    values = {
        "territory": row.named("territory", world["territory"], required=True),
        "quarter": quarter,
        "title": row.text("title", required=True),
        "state": row.choice("state", ("draft", "published"), default="draft"),
    }
    version = row.integer("version", 1, MANY)
    if key is not None:
        values["version"] = _kept(world, "programme", key, "version", version, 1)
        _lay(row, world, findings, "programme", key, values)


def show_programme(record: Record, world: World) -> Values:
    values = record.values
    return {
        "id": record.key,
        "territory": values["territory"].key,
        "quarter": values["quarter"],
        "title": values["title"],
        "state": values["state"],
        **extras(values, version=1),
    }
