"""The wheel holds all that the service needs, and runs from there, far from a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT, tracked_files

OURS = ("booking/", "ical_feeds/", "templates/")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (file,) = folder.glob("booking-*.whl")
    return zipfile.ZipFile(file)


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked as an installer would; the libraries stay those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    wheel.extractall(folder)
    return folder


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python, in `folder`, that finds the unpacked wheel before the checkout."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOOKING_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(installed)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_file_of_ours_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    within = {
        f"booking/{path}" if path.parts[0] == "templates" else str(path)
        for path in tracked_files()
        if str(path).startswith(OURS)
    }
    assert within - set(wheel.namelist()) == set()


def test_the_wheel_holds_nothing_but_the_service(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0].split("-")[0] for name in wheel.namelist()} == {"booking", "ical_feeds"}


def test_the_wheel_brings_the_command(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "booking = booking.cli:main" in wheel.read(entry_points).decode()


def test_the_installed_command_tells_its_version(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-m", "booking", "--version")
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["0.1.0"]), done.stderr


def test_the_installed_command_makes_its_database(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-m", "booking", "init")
    assert (done.returncode, (tmp_path / "var" / "booking.db").exists()) == (0, True), done.stderr


def test_the_installed_service_shows_its_first_page(installed: Path, tmp_path: Path) -> None:
    program = (
        "import sys, booking\n"
        "from booking.app import create_app\n"
        "from booking.config import Settings\n"
        "answer = create_app(Settings.load()).test_client().get('/', follow_redirects=True)\n"
        "print(booking.__file__, answer.status_code)\n"
    )
    run(installed, tmp_path, "-m", "booking", "init")
    done = run(installed, tmp_path, "-c", program)
    assert done.stdout.split() == [str(installed / "booking" / "__init__.py"), "200"], done.stderr
