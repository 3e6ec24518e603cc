"""Alembic's entry: runs the migrations of this folder against the address it is given."""

from alembic import context
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from booking.models import Base

url = context.config.attributes["url"]
engine = create_engine(url, poolclass=NullPool)
if engine.dialect.name == "sqlite":

    @event.listens_for(engine, "connect")
    def _set_pragmas(connection, record):  # type: ignore[no-untyped-def]
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection):  # type: ignore[no-untyped-def]
        connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=False)
    with context.begin_transaction():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7276112)")
        context.run_migrations()
engine.dispose()
