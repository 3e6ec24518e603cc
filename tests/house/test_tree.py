"""What may lie where, and what no file may say."""

from __future__ import annotations

import re

from tests.house.tree import ROOT, tracked_files

TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "booking",
    "docs",
    "ical_feeds",
    "pyproject.toml",
    "requirements-postgres.lock",
    "requirements-test.lock",
    "requirements.lock",
    "templates",
    "tests",
    "tools",
    "wsgi.py",
}
PARTS_OF_THE_SERVICE = {
    "__init__.py",
    "__main__.py",
    "actions",
    "api",
    "app.py",
    "bench",
    "caldav",
    "cli.py",
    "clock.py",
    "config.py",
    "data",
    "database.py",
    "fair_lock.py",
    "fetch.py",
    "jobs.py",
    "locale",
    "mail.py",
    "migrations",
    "models",
    "refusals.py",
    "sms.py",
    "static",
    "timeline",
    "web",
}
NAMES_THAT_SAY_NOTHING = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py", "forms.py", "views.py"}
OTHERS_FILES = ("booking/static/vendor/", "tests/vendor/")
OF_ONE_MACHINE = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:work|root|opt)/\w",
            r"(?<![\w.])/home/\w",
            r"/tmp/" + "plan",
            r"\bpypi\." + r"org\b",
            r"pythonhosted\." + "org",
            r"npmjs\." + r"(?:org|com)",
            r"deb\.debian\." + "org",
            r"--(?:extra-)?index" + "-url [a-z]",
            r"--find" + "-links [/a-z]",
        ]
    )
)


def test_the_top_level_holds_the_map_and_nothing_else() -> None:
    assert {path.parts[0] for path in tracked_files()} - TOP_LEVEL == set()


def test_the_service_has_the_parts_of_its_map_and_no_others() -> None:
    parts = {path.parts[1] for path in tracked_files() if path.parts[0] == "booking"}
    assert parts - PARTS_OF_THE_SERVICE == set()


def test_every_file_is_named_after_a_concept() -> None:
    named_after_nothing = [str(path) for path in tracked_files() if path.name in NAMES_THAT_SAY_NOTHING]
    assert named_after_nothing == []


def test_no_file_knows_the_machine_it_was_written_on_or_a_registry() -> None:
    found = []
    for path in tracked_files():
        if not str(path).startswith(OTHERS_FILES):
            text = (ROOT / path).read_bytes().decode(errors="replace")
            found += [f"{path}: {match.group()}" for match in OF_ONE_MACHINE.finditer(text)]
    assert found == []


def test_every_target_of_the_makefile_is_explained() -> None:
    rules = re.findall(r"^([.\w-]+):(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    unexplained = [target for target, rest in rules if "##" not in rest and target != ".PHONY"]
    assert unexplained == []
