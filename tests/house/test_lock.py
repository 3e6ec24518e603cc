"""The lock files hold what `pyproject.toml` asks for, with hashes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
RUN = [*PROJECT["dependencies"], *EXTRAS["postgres"], *EXTRAS["metrics"], *EXTRAS["build"]]
TEST = [*RUN, *EXTRAS["test"]]
PACKAGE = r"([\w.-]+)(?:\[([\w.,-]+)\])?"


def locked(name: str) -> dict[str, str]:
    """Each package of a lock file with its version."""
    pins = re.findall(rf"^{PACKAGE}==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, _, version in pins}


def locked_extras(name: str) -> dict[str, set[str]]:
    """Each package of a lock file with the extras that it is pinned with."""
    pins = re.findall(rf"^{PACKAGE}==", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): set(filter(None, extras.split(","))) for package, extras in pins}


def asked_extras(packages: Iterable[str]) -> Iterator[tuple[str, set[str]]]:
    """What these packages, as they are installed here, ask for with extras."""
    for package in packages:
        try:
            wishes = requires(package) or []
        except PackageNotFoundError:  # locked for another machine
            continue
        for wish in map(Requirement, wishes):
            if wish.extras and (wish.marker is None or wish.marker.evaluate({"extra": ""})):
                yield canonicalize_name(wish.name), wish.extras


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


def test_what_is_asked_for_with_extras_is_pinned_with_them() -> None:
    """pip otherwise takes the newest release for the extra, and finds no hash for it."""
    pinned = locked_extras("requirements-test.lock")
    asked = list(asked_extras(pinned))
    assert asked != []
    assert [each for each in asked if not each[1] <= pinned[each[0]]] == []


def test_the_tests_run_on_the_versions_that_serve() -> None:
    tested = locked("requirements-test.lock")
    assert {name: tested.get(name) for name in locked("requirements.lock")} == locked("requirements.lock")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock", "requirements-postgres.lock"])
def test_every_pin_has_its_hashes(name: str) -> None:
    pins = re.split(r"\n(?=[\w.-]+(?:\[[\w.,-]+\])?==)", (ROOT / name).read_text())
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []
