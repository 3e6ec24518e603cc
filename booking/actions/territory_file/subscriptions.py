"""What an export holds only on demand: subscription links and API tokens, by the hashes of their secrets.

A hash is not the secret, but with it the links and tokens that people hold go on working in another database.
"""

from datetime import UTC, datetime

from booking.actions.territory_file.catalogue import Values, lay
from booking.actions.territory_file.findings import Findings
from booking.actions.territory_file.members import Row
from booking.actions.territory_file.world import Record, World, natural_key
from booking.models.feeds import DETAILS, SCOPES

_TARGETS = ("calendar", "venue", "organisation", "territory", "programme")


def stamp(moment: datetime | None) -> str | None:
    """How stamps are written: ``2027-01-18T09:40:00Z``."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(row: Row, name: str) -> datetime | None:
    seconds = row.instant(name)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def required_moment(row: Row, name: str) -> datetime | None:
    if not row.has(name):
        row.fault(name, "required")
    return _moment(row, name)


def read_feed(row: Row, world: World, findings: Findings) -> None:
    key = row.id()
    values: Values = {
        "account": row.named("account", world["account"], required=True),
        "scope": row.choice("scope", SCOPES, required=True),
        **{target: row.named(target, world[target]) for target in _TARGETS},
        "detail": row.choice("detail", DETAILS, required=True),
        "alarm_minutes": row.minutes("alarm_minutes"),
        "name": row.text("name", required=True),
        "secret_hash": row.text("secret_hash", required=True),
        "created": required_moment(row, "created"),
        "revoked_at": _moment(row, "revoked_at"),
    }
    if row.sound and sum(values[target] is not None for target in _TARGETS) != 1:
        row.fault(None, "choice", choices=", ".join(_TARGETS))
    if key is not None:
        lay(row, world, findings, "feed", key, values)


def show_feed(record: Record, world: World) -> Values:
    values = record.values
    return {
        "id": record.key,
        "account": values["account"].key,
        "scope": values["scope"],
        **{target: values[target].key for target in _TARGETS if values[target] is not None},
        "detail": values["detail"],
        "alarm_minutes": values["alarm_minutes"],
        "name": values["name"],
        "secret_hash": values["secret_hash"],
        "created": stamp(values["created"]),
        "revoked_at": stamp(values["revoked_at"]),
    }


def read_token(row: Row, world: World, findings: Findings) -> None:
    values = {
        "account": row.named("account", world["account"], required=True),
        "name": row.text("name", required=True),
        "scope": row.choice("scope", ("read", "write"), required=True),
        "token_hash": row.text("token_hash", required=True),
        "created": required_moment(row, "created"),
        "revoked_at": _moment(row, "revoked_at"),
    }
    if row.sound:
        lay(row, world, findings, "api_token", natural_key("api_token", values), values)


def show_token(record: Record, world: World) -> Values:
    values = record.values
    return {
        "account": values["account"].key,
        "name": values["name"],
        "scope": values["scope"],
        "token_hash": values["token_hash"],
        "created": stamp(values["created"]),
        "revoked_at": stamp(values["revoked_at"]),
    }
