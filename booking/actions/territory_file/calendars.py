"""Rooms, vehicles and accounts - whatever has a calendar, in one space of ids - and who may do what with them."""

from booking.actions.territory_file.catalogue import (
    MANY,
    PROFESSIONS,
    Values,
    email_of,
    extras,
    kept,
    key_of,
    lay,
    phone_of,
)
from booking.actions.territory_file.findings import Findings
from booking.actions.territory_file.members import Row
from booking.actions.territory_file.world import Record, World, natural_key
from booking.models.people import ROLES

LANGUAGES = ("fr", "en")
LEVELS = ("none", "free_busy", "book_offered", "details", "propose", "book", "manage")

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
    values["active"] = kept(world, "calendar", key, "active", values["active"], True)
    lay(row, world, findings, "calendar", key, values)


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
    values["language"] = kept(world, "account", key, "language", language, "fr")
    values["active"] = kept(world, "account", key, "active", active, True)
    values["password_hash"] = kept(world, "account", key, "password_hash", secret, None)
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
        "home_venue": key_of(values["home_venue"]),
        "phone": values["phone"],
        **extras(values, language="fr", active=True),
    }
    if calendar is not None and not calendar.values["active"]:
        shown_row["receives"] = False
    if world.with_secrets and values["password_hash"] is not None:
        shown_row["password_hash"] = values["password_hash"]
    return shown_row


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
        lay(row, world, findings, "share", natural_key("share", values), values)


def show_share(record: Record, world: World) -> Values:
    values = record.values
    return {
        "calendar": values["calendar"].key,
        **{audience: values[audience].key for audience in _AUDIENCES if values[audience] is not None},
        "level": values["level"],
    }
