"""Openings: the rules by which advisers offer time, rooms and vehicles open, with changed dates; read and shown."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from booking.actions.territory_file.catalogue import Values
from booking.actions.territory_file.findings import Findings
from booking.actions.territory_file.members import Row
from booking.actions.territory_file.world import Record, World
from booking.timeline.recurrence import RuleError, Series, make_series

ADMISSIONS = ("by_appointment", "drop_in", "both")
HOLIDAYS = ("closed", "open")
CHANGE = frozenset({"date", "start", "minutes", "venue"})


def series_from(
    row: Row, start: str | None, minutes: int | None, zone: ZoneInfo
) -> tuple[str | None, list[str], Series | None]:
    """``rrule`` and ``exdates`` of a row as they are written, and the series they make with its start."""
    rrule = row.text("rrule", longest=500)
    exdates = row.texts("exdates") or []
    if start is None or not minutes:
        return rrule, exdates, None
    try:
        return rrule, exdates, make_series(datetime.fromisoformat(start), minutes, rrule, exdates, zone)
    except RuleError as error:
        member = "exdates" if error.part == "exdates" else "rrule"
        row.fault(member, member, problem=str(error))
    return rrule, exdates, None


def read_opening(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    calendar = opened_named(row, world)
    venue = row.named("venue", world["venue"], required=True)
    start = row.local("start", required=True)
    minutes = row.minutes("minutes", low=1, required=True)
    rrule, exdates, _ = series_from(row, start, minutes, world.zone_at(venue))
    purposes = row.all_named("purposes", world["purpose"])
    values: Values = {
        "calendar": calendar,
        "venue": venue,
        "starts_wall": start,
        "minutes": minutes,
        "rrule": rrule,
        "exdates": exdates,
        "admission": row.choice("admission", ADMISSIONS, required=True),
        "limited": purposes is not None,
        "holidays": row.choice("holidays", HOLIDAYS, default="closed"),
        "purposes": sorted(purposes or (), key=lambda purpose: purpose.key),
    }
    changes = _changes(row, world)
    if key is None:
        return
    known = world["opening"].get(key)
    if known is not None and known.pointer is not None:
        row.fault("id", "duplicate_id", other=known.pointer)
        return
    kept = known.stored["changes"] if known is not None and known.stored is not None else []
    values["changes"] = kept if changes is None else changes
    world.lay("opening", key, values, row.pointer)


def opened_named(row: Row, world: World) -> Record | None:
    """The calendar that opens: an ``adviser``, or, as ``calendar``, a room or a vehicle."""
    if not row.has("calendar"):
        return adviser_named(row, world)
    if row.has("adviser"):
        row.fault("adviser", "unknown_member")
        return None
    return row.named("calendar", world["calendar"], required=True)


def adviser_named(row: Row, world: World, member: str = "adviser") -> Record | None:
    """The calendar of the adviser whom a required member names."""
    calendar = row.named(member, world["calendar"], required=True)
    if calendar is not None and calendar["kind"] != "adviser":
        row.fault(member, "wrong_kind", value=calendar.key, wanted="adviser")
        return None
    return calendar


def _changes(row: Row, world: World) -> list[tuple[Any, ...]] | None:
    several = row.rows("changes", CHANGE)
    if several is None:
        return None
    found: dict[str, tuple[Any, ...]] = {}
    for each in several:
        original = each.local("date", required=True)
        start, minutes = each.local("start"), each.minutes("minutes", low=1)
        venue = each.named("venue", world["venue"])
        if original is not None:
            found[original] = (original, start, minutes, venue)
    return [found[original] for original in sorted(found)]


def show_opening(record: Record, world: World) -> Values:
    values = record.values
    row = {
        "id": record.key,
        "adviser" if values["calendar"]["kind"] == "adviser" else "calendar": values["calendar"].key,
        "venue": values["venue"].key,
        "start": values["starts_wall"],
        "minutes": values["minutes"],
        "rrule": values["rrule"],
        "exdates": values["exdates"],
        "admission": values["admission"],
        "purposes": [purpose.key for purpose in values["purposes"]] if values["limited"] else None,
        "holidays": values["holidays"],
    }
    if values["changes"]:
        row["changes"] = [_show_change(*change) for change in values["changes"]]
    return row


def _show_change(original: str, start: str | None, minutes: int | None, venue: Record | None) -> Values:
    shown: Values = {"date": original, "start": start}
    if minutes is not None:
        shown["minutes"] = minutes
    if venue is not None:
        shown["venue"] = venue.key
    return shown
