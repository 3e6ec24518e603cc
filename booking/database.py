"""The database: engine, pragmas, isolation, and the one write transaction.

``write(work)`` is the only way to write. On SQLite it takes its turn in a queue (first come first served inside
the process, ``flock`` between processes) and begins IMMEDIATE; on PostgreSQL it limits the wait for locks and
tries again when the database broke a deadlock. The law's refusal becomes ``Clash``; a database that is full,
away or too busy becomes ``Unavailable``.
"""

import json
import random
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from weakref import WeakKeyDictionary

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from booking.fair_lock import FairLock
from booking.models import Base
from booking.models.claims import CLAIM_LAW
from booking.refusals import Clash, Unavailable

BUSY_TIMEOUT_SECONDS = 20
LOCK_TIMEOUT_MILLISECONDS = 3000
RETRIES = 3
_AGAIN = {"40P01", "40001", "55P03"}  # deadlock, serialization failure, lock not available
_CANNOT_NOW = {"25006", "25P03"}  # a read-only server (a standby), a transaction ended for its idleness
_EXCLUSION = "23P01"

Result = TypeVar("Result")

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": False})


def normalised_url(url: str) -> str:
    """``postgresql://`` means psycopg here; SQLite and other full names stay as they are."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def engine_options(url: str) -> dict[str, Any]:
    """What Flask-SQLAlchemy hands to ``create_engine`` for this address."""
    if make_url(normalised_url(url)).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}}
    return {"pool_pre_ping": True, "pool_size": 8, "max_overflow": 24, "pool_timeout": 10}


def prepare_engine(engine: Engine) -> Engine:
    """Pragmas and transactions of SQLite, lock time-out of PostgreSQL; the fair lock hangs on the engine."""
    if engine.dialect.name == "sqlite":
        file = engine.url.database
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        lock = FairLock(Path(file + ".lock") if file and file != ":memory:" else None)
        _fair_locks[str(engine.url)] = lock
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


_fair_locks: dict[str, FairLock] = {}


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
        "cache_size=-32000",
        "temp_store=MEMORY",
        "recursive_triggers=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _prepare_postgresql(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}")
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def connect(app: Flask, url: str) -> None:
    """Binds the application to its database."""
    app.config["SQLALCHEMY_DATABASE_URI"] = normalised_url(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(app)
    app.teardown_appcontext(_let_go)
    with app.app_context():
        prepare_engine(db.engine)


def _let_go(error: object) -> None:
    """Ends the request's reading before Flask-SQLAlchemy does: a connection lost by now must not undo its answer."""
    try:
        db.session.remove()
    except DBAPIError:
        db.session.registry.clear()  # the pool drops the broken connection by itself


@contextmanager
def reading() -> Iterator[Session]:
    """A session of its own for reading one consistent state, outside of a request."""
    with Session(db.engine, expire_on_commit=False, autoflush=False) as session:
        yield session


@contextmanager
def snapshot() -> Iterator[Session]:
    """Like ``reading``, and all its statements see the database at one instant, on PostgreSQL too."""
    with reading() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def one_state(session: Session) -> None:
    """Lets a session that has not read yet read one state of the database until its end, whoever writes meanwhile.

    SQLite always does; PostgreSQL otherwise shows each statement the newest.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def write(work: Callable[[Session], Result]) -> Result:
    """Runs ``work`` in one write transaction and returns what it returns, committed.

    ``work`` may run more than once (deadlock, lost wait), so it must have no effect but on the session.
    Raises what ``work`` raises, ``Clash`` when the law refuses, ``Unavailable`` when the database cannot.
    """
    engine = db.engine
    if engine.dialect.name == "sqlite":
        # The request's own read snapshot must not stand while it waits: it would be stale afterwards.
        db.session.rollback()
        with _fair_locks[str(engine.url)].held(BUSY_TIMEOUT_SECONDS):
            return _attempt(engine, work)
    for attempt in range(RETRIES + 1):
        try:
            return _attempt(engine, work)
        except _TryAgain as error:
            if attempt == RETRIES:
                raise Unavailable from error
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")


class _TryAgain(Exception):
    """The database undid the transaction for no fault of its own."""


def _attempt(engine: Engine, work: Callable[[Session], Result]) -> Result:
    try:
        with (
            engine.connect().execution_options(writing=True) as connection,
            Session(connection, expire_on_commit=False, autoflush=False) as session,
        ):
            result = work(session)
            session.commit()
            return result
    except (DBAPIError, PoolTimeout) as error:
        raise translated(error) from error


def translated(error: Exception) -> Exception:
    """The service's own exception for one of the database's; the same error when it is a defect of ours."""
    if isinstance(error, PoolTimeout):
        return Unavailable()
    original = getattr(error, "orig", None)
    state = getattr(original, "sqlstate", None)
    if state == _EXCLUSION or (isinstance(original, sqlite3.IntegrityError) and CLAIM_LAW in str(original)):
        return Clash()
    if state in _AGAIN:
        return _TryAgain()
    if state in _CANNOT_NOW:
        return Unavailable()
    if isinstance(error, OperationalError | InterfaceError) or getattr(error, "connection_invalidated", False):
        return Unavailable()
    if isinstance(original, sqlite3.DatabaseError) and not isinstance(
        original, sqlite3.IntegrityError | sqlite3.ProgrammingError
    ):
        return Unavailable()
    return error


def lock_calendars(session: Session, keys: Iterable[int]) -> None:
    """Takes the row locks of these calendars in the order of their keys, and raises their versions.

    On SQLite the transaction itself is the lock.
    """
    ordered = sorted(set(keys))
    if not ordered:
        return
    if session.get_bind().dialect.name == "postgresql":
        rows(session, _LOCK, {"keys": ordered})
    execute(session, _RAISE_VERSIONS, {"keys": ordered})


_LOCK = "SELECT pk FROM calendar WHERE pk IN_ARRAY(:keys) ORDER BY pk FOR NO KEY UPDATE"
_RAISE_VERSIONS = "UPDATE calendar SET version = version + 1 WHERE pk IN_ARRAY(:keys)"


def rows(session: Session, sql: str, arguments: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    """Plain tuples straight from the driver: the fast path for searches, feeds and bookings.

    ``:name`` marks an argument; ``x IN_ARRAY(:names)`` takes a list, as ``= ANY`` on PostgreSQL and through
    ``json_each`` on SQLite.
    """
    with _cursor(session, sql, arguments) as cursor:
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return found


def execute(session: Session, sql: str, arguments: Mapping[str, Any]) -> int:
    """Runs a statement straight through the driver and returns how many rows it touched."""
    with _cursor(session, sql, arguments) as cursor:
        touched: int = cursor.rowcount
        return touched


def add(session: Session, table: str, values: Mapping[str, Any]) -> int:
    """Inserts one row straight through the driver and returns its key ``pk``.

    Stamps become seconds and lists JSON, as the columns' own types do.
    """
    with _cursor(session, _insert(table, tuple(values)) + " RETURNING pk", _stored(values)) as cursor:
        key: int = cursor.fetchone()[0]
        return key


def add_all(session: Session, table: str, several: Sequence[Mapping[str, Any]], ending: str = "") -> None:
    """Inserts rows of one form straight through the driver; ``ending`` may be an ``ON CONFLICT`` clause."""
    if several:
        statement = _insert(table, tuple(several[0])) + ending
        with _cursor(session, statement, [_stored(values) for values in several]):
            pass


def glance(sql: str, arguments: Mapping[str, Any], engine: Engine | None = None) -> Sequence[tuple[Any, ...]]:
    """``rows`` of one statement alone, without session or transaction: for answers that need nothing else.

    With an ``engine`` it needs no application context. Raises ``Unavailable`` when the database is away.
    """
    engine = engine or db.engine
    dialect = engine.dialect
    statement = _statement(dialect.name, sql)
    values = _bound(dialect.name, arguments)
    try:
        if dialect.name == "sqlite":
            return _glanced(engine, statement, values)
        aside = _aside(engine)
        try:
            return _glanced(aside, statement, values)
        except dialect.loaded_dbapi.OperationalError:
            aside.dispose()  # perhaps the server was started anew: then so are the connections to it
            return _glanced(aside, statement, values)
    except (DBAPIError, PoolTimeout) as error:
        raise translated(error) from error
    except dialect.loaded_dbapi.Error as error:
        raise translated(
            DBAPIError.instance(statement, None, error, dialect.loaded_dbapi.Error, dialect=dialect)
        ) from error


def _glanced(engine: Engine, statement: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    connection = engine.raw_connection()
    try:
        cursor: Any = connection.cursor()
        found: Sequence[tuple[Any, ...]] = cursor.execute(statement, values).fetchall()
        return found
    finally:
        connection.close()


def _aside(engine: Engine) -> Engine:
    """Connections of their own for glances at PostgreSQL, which begin no transaction and are not asked whether they
    still stand: each of those questions would be a journey to the server. (SQLite's are such as they are.)"""
    with _aside_guard:
        if engine not in _asides:
            made = create_engine(
                engine.url,
                isolation_level="AUTOCOMMIT",
                pool_size=4,
                max_overflow=28,
                pool_timeout=10,
                pool_reset_on_return=None,
            )
            event.listen(made, "connect", _prepare_to_glance)
            event.listen(engine, "engine_disposed", lambda _: made.dispose())
            _asides[engine] = made
        return _asides[engine]


def _prepare_to_glance(connection: Any, record: object) -> None:
    """A look-up by a key needs no other plan for another key, and planning it costs more than running it."""
    connection.prepare_threshold = 0
    connection.execute("SET plan_cache_mode = force_generic_plan")


_asides: "WeakKeyDictionary[Engine, Engine]" = WeakKeyDictionary()
_aside_guard = threading.Lock()


@contextmanager
def _cursor(session: Session, sql: str, arguments: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    connection = session.connection()
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    statement = _statement(dialect.name, sql)
    try:
        if isinstance(arguments, Mapping):
            cursor.execute(statement, _bound(dialect.name, arguments))
        else:
            cursor.executemany(statement, arguments)
        yield cursor
    except dialect.loaded_dbapi.Error as error:
        raise translated(
            DBAPIError.instance(statement, None, error, dialect.loaded_dbapi.Error, dialect=dialect)
        ) from error
    finally:
        cursor.close()


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(':' + each for each in columns)})"  # noqa: S608 - our own names


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _PLAIN[type(value)](value) if type(value) in _PLAIN else value for name, value in values.items()}


_PLAIN: dict[type, Callable[[Any], Any]] = {
    datetime: lambda instant: int(instant.timestamp()),
    list: json.dumps,
    dict: json.dumps,
}


@lru_cache(maxsize=1024)
def _statement(dialect: str, sql: str) -> str:
    if dialect == "sqlite":
        return re.sub(r"IN_ARRAY\(:(\w+)\)", r"IN (SELECT value FROM json_each(:\1))", sql)
    made = re.sub(r"IN_ARRAY\(:(\w+)\)", r"= ANY(%(\1)s)", sql.replace("%", "%%"))
    return re.sub(r"(?<![:\w]):(\w+)", r"%(\1)s", made)


def _bound(dialect: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    if dialect == "sqlite":
        return {
            name: json.dumps(list(value)) if isinstance(value, list | tuple) else value
            for name, value in arguments.items()
        }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()}


def pour(session: Session, table: str, columns: Sequence[str], several: Iterable[Sequence[Any]]) -> None:
    """Inserts many rows of plain values as fast as the driver can: COPY on PostgreSQL, one prepared statement else.

    Stamps are given as seconds, JSON as its text.
    """
    connection = session.connection()
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    names = ", ".join(columns)
    try:
        if dialect.name == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in several:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", several)  # type: ignore[arg-type]  # noqa: S608 - our own names
    except dialect.loaded_dbapi.Error as error:
        raise translated(
            DBAPIError.instance(table, None, error, dialect.loaded_dbapi.Error, dialect=dialect)
        ) from error
    finally:
        cursor.close()


def new_keys(session: Session, table: str, count: int) -> Sequence[int]:
    """So many keys ``pk`` for rows about to be poured into a table, in rising order."""
    if not count:
        return ()
    if session.get_bind().dialect.name == "postgresql":
        sequence = "SELECT nextval(pg_get_serial_sequence(:table, 'pk')) FROM generate_series(1, :count)"
        return [key for (key,) in rows(session, sequence, {"table": table, "count": count})]
    highest = rows(session, f"SELECT coalesce(max(pk), 0) FROM {table}", {})[0][0]  # noqa: S608 - our own names
    return range(highest + 1, highest + 1 + count)


def schema_state(url: str) -> Literal["missing", "older", "ready", "newer"]:
    """Whether the tables stand and are those of this version; makes nothing. Raises ``Unavailable``."""
    address = make_url(normalised_url(url))
    file = address.database if address.get_backend_name() == "sqlite" else None
    if file and file != ":memory:" and not Path(file).exists():
        return "missing"
    latest = max(each.name[:4] for each in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
    engine = create_engine(address, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return "missing"
            stands = str(connection.scalar(text("SELECT max(version_num) FROM alembic_version")) or "")
    except DBAPIError as error:
        raise translated(error) from error
    finally:
        engine.dispose()
    if not stands:
        return "missing"
    return "ready" if stands == latest else "older" if stands < latest else "newer"


def upgrade(url: str) -> None:
    """Creates the tables, or brings older ones to the present form (Alembic, the migrations in the package).

    Raises ``Unavailable`` when there is no database to be reached, or no place for its file.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = normalised_url(url)
    file = make_url(normalised_url(url))
    try:
        if file.get_backend_name() == "sqlite" and file.database and file.database != ":memory:":
            Path(file.database).parent.mkdir(parents=True, exist_ok=True)
        command.upgrade(config, "head")
    except OSError as error:
        raise Unavailable from error
    except DBAPIError as error:
        raise translated(error) from error
