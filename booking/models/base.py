"""What every table shares: the naming of constraints and the type of a stamped instant.

Two units of time stand in the tables, and no third:

* planning (entries, claims) is in whole **minutes since 1970-01-01T00:00Z**, plain integers, as in ``timeline``;
* stamps (created, sent, revoked, ...) are aware UTC datetimes, kept as seconds since 1970 (``Instant``).

Keys are integers inside (``pk``) and strings outside (``id``).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DDL, BigInteger, MetaData, TypeDecorator, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The one declarative base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole seconds since 1970 on both engines."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return int(value.timestamp())

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


def made_with(model: type[Base], dialect: str, statements: Iterable[str]) -> None:
    """Has these statements run whenever the table is made on that engine: triggers, which columns cannot say."""
    for statement in statements:
        made = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
        event.listen(model.__table__, "after_create", made.execute_if(dialect=dialect))
