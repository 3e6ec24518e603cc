"""A real Chromium, Debian's, in which the browser tests look at what a person would see.

`python -m tests.plumbing.browser` prints where it is, or fails with what is lacking.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.plumbing import needs

AXE = Path(__file__).parent.parent / "vendor" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",  # root may not have one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # our pages need no one else
]


def program() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def driver_runs() -> bool:
    """Whether Playwright's driver starts: it wants a library that a bare Debian lacks."""
    driver, script = compute_driver_executable()
    return subprocess.run([driver, script, "--version"], capture_output=True).returncode == 0


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = program()
    if found is None:
        needs.lacking("Chromium")
    if not driver_runs():
        needs.lacking("What Playwright's driver needs (libatomic1)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A French visitor's fresh window; a script that fails, or that our CSP refuses, fails the test."""
    context = chromium.new_context(locale="fr-FR", timezone_id="Europe/Paris", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", listen)
    yield page
    context.close()
    assert complaints == []


def axe_violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds against WCAG 2.2 AA on the page as it stands: rule, help, and the elements."""
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(
        """async () => {
            const result = await axe.run(document, {
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            });
            return result.violations.map((violation) => ({
                rule: violation.id,
                help: violation.help,
                elements: violation.nodes.map((node) => node.html),
            }));
        }"""
    )
    return found


if __name__ == "__main__":
    found = program()
    if found is None:
        sys.exit("No Chromium here.")
    if not driver_runs():
        sys.exit("Playwright's driver does not start.")
    print(found)
