"""Programmes of a quarter and their published versions: read and shown."""

from booking.actions.territory_file.catalogue import MANY, Values, extras, kept, lay
from booking.actions.territory_file.findings import Findings
from booking.actions.territory_file.members import Row, shown
from booking.actions.territory_file.subscriptions import required_moment, stamp
from booking.actions.territory_file.world import Record, World, natural_key
from booking.timeline.quarters import parse_quarter


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
        values["version"] = kept(world, "programme", key, "version", version, 1)
        lay(row, world, findings, "programme", key, values)


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


def read_version(row: Row, world: World, findings: Findings) -> None:
    """A published state of a programme, as the public was told it."""
    content = row.data.get("content")
    if not isinstance(content, dict):
        row.fault("content", "object")
    values = {
        "programme": row.named("programme", world["programme"], required=True),
        "number": row.integer("number", 1, MANY, required=True),
        "published_at": required_moment(row, "published_at"),
        "published_by": row.named("published_by", world["account"]),
        "content": content,
    }
    if row.sound:
        lay(row, world, findings, "programme_version", natural_key("programme_version", values), values)


def show_version(record: Record, world: World) -> Values:
    values = record.values
    by = values["published_by"]
    return {
        "programme": values["programme"].key,
        "number": values["number"],
        "published_at": stamp(values["published_at"]),
        "published_by": None if by is None else by.key,
        "content": values["content"],
    }
