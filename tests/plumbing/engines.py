"""Each test that asks for `database_url` (or `engine_name`) runs on SQLite and on PostgreSQL.

The schema is built once for the run, by our migrations; each test gets a copy of its own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.plumbing import needs, postgres, run

ENGINES = ("sqlite", "postgres")
TEMPLATE = "template_booking"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=[*ENGINES, "both"], default="both", help="which databases to test on")


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("BOOKING_")]:
        del os.environ[name]  # the tests' settings are their own, not those of who runs them
    if not hasattr(config, "workerinput"):
        run.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        found = postgres.programs()
        if found is not None and _cluster_folder().exists():
            _shared_cluster(found).remove()
        run.end()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine_name" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine")
        engines = ENGINES if chosen == "both" else (chosen,)
        metafunc.parametrize("engine_name", engines, indirect=True)


def _upgrade(url: str) -> None:
    """Run our migrations; imported here, so that the tests of the pure parts load without the database."""
    from booking import database

    database.upgrade(url)


def _cluster_folder() -> Path:
    return run.folder() / "pg"


def _shared_cluster(programs: Path) -> postgres.Cluster:
    copied = _cluster_folder() / "programs" / "bin"
    return postgres.Cluster(_cluster_folder(), copied if copied.exists() else programs)


@pytest.fixture(scope="session")
def postgres_cluster() -> postgres.Cluster:
    """The run's PostgreSQL server, shared by its workers: never stop this one (see `own_postgres`)."""
    found = postgres.programs()
    if found is None:
        needs.lacking("PostgreSQL")
    with run.alone("postgres"):
        if _cluster_folder().exists():
            return _shared_cluster(found)
        cluster = postgres.Cluster.create(_cluster_folder(), found)
        _upgrade(cluster.create_database(TEMPLATE))
        return cluster


@pytest.fixture
def own_postgres() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server for this test alone, to be stopped, crashed and started at will."""
    found = postgres.programs()
    if found is None:
        needs.lacking("PostgreSQL")
    cluster = postgres.Cluster.create(run.folder() / uuid.uuid4().hex[:8], found)
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A SQLite file with our schema and nothing in it, closed, to be copied."""
    template = run.folder() / "template.sqlite3"
    with run.alone("sqlite"):
        if not template.exists():
            building = template.with_suffix(".building")
            _upgrade(f"sqlite:///{building}")
            with closing(sqlite3.connect(building)) as closed:
                closed.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it in the one file that is copied
            building.rename(template)
    return template


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgres`: the test runs once for each."""
    name: str = request.param
    return name


@pytest.fixture
def database_url(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of this test's own, with our schema and nothing in it."""
    if engine_name == "sqlite":
        file = tmp_path / "booking.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
    else:
        cluster: postgres.Cluster = request.getfixturevalue("postgres_cluster")
        name = f"test_{uuid.uuid4().hex}"
        yield cluster.create_database(name, TEMPLATE)
        cluster.drop_database(name)


@pytest.fixture
def empty_database_url(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without even our schema: what `booking init` meets on a new machine."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        cluster: postgres.Cluster = request.getfixturevalue("postgres_cluster")
        name = f"empty_{uuid.uuid4().hex}"
        yield cluster.create_database(name)
        cluster.drop_database(name)
