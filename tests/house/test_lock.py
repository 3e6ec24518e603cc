"""The lock files hold what `pyproject.toml` asks for, with hashes."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
RUN = [*PROJECT["dependencies"], *EXTRAS["postgres"], *EXTRAS["metrics"], *EXTRAS["build"]]
TEST = [*RUN, *EXTRAS["test"]]


def locked(name: str) -> dict[str, str]:
    """Each package of a lock file with its version."""
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


@pytest.mark.parametrize(
    ("name", "wishes"), [("requirements.lock", RUN), ("requirements-test.lock", TEST)], ids=["run", "test"]
)
def test_the_lock_grants_every_wish(name: str, wishes: list[str]) -> None:
    versions = locked(name)
    refused = [
        wish
        for wish in map(Requirement, wishes)
        if not wish.specifier.contains(versions.get(canonicalize_name(wish.name), "0"), prereleases=True)
    ]
    assert refused == []


def test_the_tests_run_on_the_versions_that_serve() -> None:
    tested = locked("requirements-test.lock")
    assert {name: tested.get(name) for name in locked("requirements.lock")} == locked("requirements.lock")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock", "requirements-postgres.lock"])
def test_every_pin_has_its_hashes(name: str) -> None:
    pins = re.split(r"\n(?=[\w.-]+==)", (ROOT / name).read_text())
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []
