"""The migrations make exactly the tables of the models, with the law, on both engines."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from booking.database import normalised_url, upgrade
from booking.models import Base

SQLITE_LAW = "SELECT type, name, sql FROM sqlite_master WHERE type = 'trigger' OR name LIKE 'ix_%' ORDER BY name"
POSTGRESQL_LAW = """
SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2
"""


def law_of(engine: Engine) -> list[tuple[str, ...]]:
    query = SQLITE_LAW if engine.dialect.name == "sqlite" else POSTGRESQL_LAW
    with engine.connect() as connection:
        return [tuple(" ".join(str(each).split()) for each in row) for row in connection.execute(text(query))]


def test_the_migrations_make_the_columns_of_the_models(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = create_engine(normalised_url(empty_database_url))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    # What only one engine has (the exclusion constraint, SQLite's index for the trigger) is compared below, as text.
    only_one_has = ("claim_law", "ix_claim_exclusive")
    assert [each for each in differences if not any(name in str(each) for name in only_one_has)] == []


def test_the_migrations_hold_the_law_that_the_models_state(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = create_engine(normalised_url(empty_database_url))
    migrated = law_of(engine)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        else:
            Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    assert law_of(engine) == migrated
    engine.dispose()


def test_every_trigger_of_the_law_is_there(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = create_engine(normalised_url(empty_database_url))
    names = {name for kind, name, _ in law_of(engine) if kind in ("trigger", "constraint")}
    expected = (
        {
            "claim_law_insert",
            "claim_law_update",
            "enrolment_seats_insert",
            "enrolment_seats_update",
            "enrolment_seats_delete",
            "audit_no_update",
            "audit_no_delete",
        }
        if engine.dialect.name == "sqlite"
        else {"claim_law", "enrolment_seats", "audit_append_only"}
    )
    engine.dispose()
    assert expected <= names


def test_upgrading_twice_changes_nothing(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = create_engine(normalised_url(empty_database_url))
    before = law_of(engine)
    upgrade(empty_database_url)
    assert law_of(engine) == before
    engine.dispose()
