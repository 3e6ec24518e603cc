"""The front end's third-party files are those that were taken in, each beside its licence."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT

FOLDERS = [ROOT / "booking" / "static" / "vendor", ROOT / "tests" / "vendor"]
LISTS = {"hashes.sha256", "VENDOR.md"}


def listed(vendor: Path) -> dict[str, str]:
    lines = (vendor / "hashes.sha256").read_text().splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def kept(vendor: Path) -> dict[str, str]:
    return {
        str(file.relative_to(vendor)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in vendor.rglob("*")
        if file.is_file() and file.name not in LISTS
    }


@pytest.mark.parametrize("vendor", FOLDERS, ids=["visitors", "tests"])
def test_each_file_has_the_hash_it_came_with(vendor: Path) -> None:
    assert kept(vendor) == listed(vendor)


@pytest.mark.parametrize("vendor", FOLDERS, ids=["visitors", "tests"])
def test_people_read_the_same_hashes_as_machines(vendor: Path) -> None:
    rows = re.findall(r"^\| (\S+) \| `([0-9a-f]{64})` \|$", (vendor / "VENDOR.md").read_text(), re.MULTILINE)
    assert dict(rows) == listed(vendor)


@pytest.mark.parametrize("vendor", FOLDERS, ids=["visitors", "tests"])
def test_each_package_stands_beside_its_licence(vendor: Path) -> None:
    unlicensed = [place.name for place in vendor.iterdir() if place.is_dir() and not (place / "LICENSE").exists()]
    assert unlicensed == []
