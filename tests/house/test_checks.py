"""Style, types and import contracts hold: what `make check` says, as tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

CHECKS = {
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-logo"],
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_check_passes(name: str) -> None:
    program, *arguments = CHECKS[name]
    done = subprocess.run([Path(sys.executable).parent / program, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_make_check_runs_the_same_checks() -> None:
    script = (ROOT / "tools" / "check.sh").read_text()
    assert [command for command in CHECKS.values() if f".venv/bin/{' '.join(command)} ||" not in script] == []
