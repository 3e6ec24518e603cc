"""What a machine may lack: under CI it fails the test, elsewhere the test is skipped and counted aloud."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not here, and CI skips nothing.", pytrace=False)
    pytest.skip(f"{what} is not here")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = len(terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.write_line(f"NOT RUN: {skipped} test(s), for the reasons below.", red=True, bold=True)
