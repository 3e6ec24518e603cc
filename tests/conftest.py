"""What every test may ask for; how it is made is in `plumbing/`."""

from __future__ import annotations

pytest_plugins = [
    "tests.plumbing.needs",
    "tests.plumbing.engines",
    "tests.plumbing.browser",
    "tests.plumbing.server",
    "tests.plumbing.mail_server",
    "tests.plumbing.service",
]
