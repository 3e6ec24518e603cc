"""The `booking` command as people and programs use it: what it prints where, and how it ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from booking import clock
from booking.cli import main
from tests.actions.territory_documents import appointment, opened, small
from tests.plumbing.server import Serve, command, environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the command is called: its `var` folder and its files lie there."""
    return tmp_path


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


Booking = Callable[..., Done]


def as_a_process(folder: Path, settings: dict[str, str], *arguments: str, stdin: str = "") -> Done:
    """The command as it is called from a shell."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder, settings),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def bare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Booking]:
    """``bare("settings", stdin="…", BOOKING_…="…")``: the command on a new machine, nothing set.

    It is called within this process, which spares a second each time.
    """

    def booking(*arguments: str, stdin: str = "", **settings: str) -> Done:
        monkeypatch.chdir(folder)
        done = CliRunner().invoke(main, arguments, input=stdin, env=settings, catch_exceptions=False)
        return Done(done.exit_code, done.stdout, done.stderr)

    yield booking
    clock.freeze(None)


@pytest.fixture
def booking(bare: Booking, database_url: str) -> Booking:
    """The command on an empty database."""

    def booking(*arguments: str, stdin: str = "", **settings: str) -> Done:
        return bare(*arguments, stdin=stdin, **{"BOOKING_DATABASE_URL": database_url, **settings})

    return booking


@pytest.fixture
def filled(booking: Booking, folder: Path) -> Booking:
    """The same with the small territory loaded; its file is `small.json`."""
    (folder / "small.json").write_text(json.dumps(small()), encoding="utf-8")
    done = booking("import", "small.json")
    assert done.returncode == 0, done.stdout + done.stderr
    return booking


COMMANDS = (
    *(("init",), ("import",), ("export",), ("serve",), ("worker",), ("run",), ("password",), ("check",)),
    *(("settings",), ("token",), ("token", "create"), ("token", "list"), ("token", "revoke")),
)


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(bare: Booking, name: tuple[str, ...]) -> None:
    done = bare(*name, "--help")
    assert (done.returncode, done.stdout.startswith("Usage: ")) == (0, True)


def test_init_makes_the_database_and_may_be_run_again(folder: Path, empty_database_url: str) -> None:
    settings = {"BOOKING_DATABASE_URL": empty_database_url}
    for _ in range(2):
        assert as_a_process(folder, settings, "init").returncode == 0
    assert as_a_process(folder, settings, "check").returncode == 0


@pytest.mark.parametrize(
    "arguments", [("check",), ("export",), ("token", "list"), ("serve",), ("worker",), ("import", "small.json")]
)
def test_without_a_database_it_tells_what_to_run(bare: Booking, folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "small.json").write_text(json.dumps(small()), encoding="utf-8")
    done = bare(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert "booking init" in done.stderr
    assert list((folder / "var").glob("*.db")) == []


def test_a_database_out_of_reach_is_told_in_a_sentence(bare: Booking) -> None:
    done = bare("check", BOOKING_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


@pytest.mark.parametrize(
    "setting",
    [
        {"BOOKING_SECRET_KEY": "court"},
        {"BOOKING_DATABASE_URL": "mysql://localhost/booking"},
        {"BOOKING_CLOCK": "demain"},
        {"BOOKING_BASE_URL": "rdv.example.fr"},
        {"BOOKING_LOG_LEVEL": "loud"},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_a_wrong_setting_stops_with_one_sentence(bare: Booking, setting: dict[str, str]) -> None:
    done = bare("check", **setting)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert next(iter(setting)) in done.stderr


def test_an_unknown_setting_is_only_a_warning(bare: Booking) -> None:
    done = bare("settings", BOOKING_COLOUR="bleu")
    assert (done.returncode, "BOOKING_COLOUR" in done.stderr) == (0, True)


def test_settings_are_listed_with_their_meaning_and_without_their_secrets(bare: Booking) -> None:
    done = bare(
        "settings",
        BOOKING_SECRET_KEY="ab" * 20,
        BOOKING_SMTP_URL="smtp://mairie:motdepasse@mail.example:587",
    )
    assert "BOOKING_VAR: " in done.stdout
    assert "smtp://mairie:••••@mail.example:587" in done.stdout
    assert "abab" not in done.stdout


def test_a_good_file_loads_and_a_second_time_changes_nothing(filled: Booking) -> None:
    done = filled("import", "small.json")
    assert done.returncode == 0
    assert "appointments: 0 nouveaux/new, 1 inchangés/unchanged" in done.stdout


def test_a_dry_run_loads_nothing(booking: Booking, folder: Path) -> None:
    (folder / "small.json").write_text(json.dumps(small()), encoding="utf-8")
    done = booking("import", "small.json", "--dry-run")
    assert (done.returncode, "appointments: 1 nouveaux/new" in done.stdout) == (0, True)
    assert json.loads(booking("export").stdout) == {"format": "booking-territory/1"}


def test_every_fault_is_listed_and_nothing_is_loaded(booking: Booking, folder: Path) -> None:
    document = small()
    document["rooms"][0]["capacity"] = -1
    document["workshops"][0]["state"] = "full"
    (folder / "faulty.json").write_text(json.dumps(document), encoding="utf-8")
    for options in ((), ("--dry-run",)):
        done = booking("import", "faulty.json", *options)
        pointers = [line.split(":")[0] for line in done.stdout.splitlines()]
        assert (done.returncode, pointers) == (1, ["/rooms/0/capacity", "/workshops/0/state"])
    assert json.loads(booking("export").stdout) == {"format": "booking-territory/1"}


def test_both_of_two_rows_that_overlap_are_named(booking: Booking, folder: Path) -> None:
    document = small()
    document["appointments"].append(appointment("rdv-2", "2027-01-19T10:30"))
    (folder / "faulty.json").write_text(json.dumps(document), encoding="utf-8")
    done = booking("import", "faulty.json")
    assert done.returncode == 1
    assert "/appointments/1: " in done.stdout
    assert "/appointments/0" in done.stdout


def test_warnings_are_counted_and_stop_nothing(booking: Booking, folder: Path) -> None:
    document = small()
    document["appointments"] = [appointment("rdv-1", "2027-01-19T18:00")]
    (folder / "odd.json").write_text(json.dumps(document), encoding="utf-8")
    done = booking("import", "odd.json", BOOKING_CLOCK="2027-01-18T10:40:00+01:00")
    assert (done.returncode, "1 rendez-vous hors des plages d'ouverture" in done.stdout) == (0, True)


def test_a_file_may_come_through_standard_input(booking: Booking) -> None:
    assert booking("import", "-", stdin=json.dumps(small())).returncode == 0


def test_a_file_that_is_not_there_is_told(booking: Booking) -> None:
    done = booking("import", "nulle-part.json")
    assert (done.returncode, "nulle-part.json" in done.stderr) == (1, True)


def test_an_export_is_the_same_on_standard_output_and_in_a_file(filled: Booking, folder: Path) -> None:
    assert filled("export", "out.json").stdout == ""
    assert filled("export").stdout == (folder / "out.json").read_text(encoding="utf-8")


def test_an_export_is_for_its_owners_eyes(filled: Booking, folder: Path) -> None:
    filled("export", "out.json")
    assert (folder / "out.json").stat().st_mode & 0o077 == 0


def test_a_token_stands_alone_on_the_last_line(filled: Booking) -> None:
    done = filled("token", "create", "--account", "denise", "--name", "site de la mairie")
    *_, last = done.stdout.splitlines()
    assert (done.returncode, len(last) > 40, " " in last) == (0, True, False)


def test_a_token_reads_unless_it_was_made_to_write(filled: Booking) -> None:
    filled("token", "create", "--account", "denise", "--name", "a")
    filled("token", "create", "--account", "denise", "--name", "b", "--scope", "write")
    scopes = [line.split("\t")[2] for line in filled("token", "list").stdout.splitlines()]
    assert scopes == ["read", "write"]


def test_a_token_is_never_told_again(filled: Booking) -> None:
    token = filled("token", "create", "--account", "denise", "--name", "a").stdout.splitlines()[-1]
    assert token not in filled("token", "list").stdout
    assert token not in filled("export", "--with-secrets").stdout


def test_a_token_can_be_revoked_by_its_number(filled: Booking) -> None:
    filled("token", "create", "--account", "denise", "--name", "a")
    number = filled("token", "list").stdout.split("\t")[0]
    assert filled("token", "revoke", number).returncode == 0
    assert "revoked" in filled("token", "list").stdout
    assert filled("token", "revoke", "999").returncode == 1


@pytest.mark.parametrize(
    "arguments", [("token", "create", "--account", "personne", "--name", "a"), ("password", "--account", "personne")]
)
def test_an_account_that_is_not_there_is_told(filled: Booking, arguments: tuple[str, ...]) -> None:
    done = filled(*arguments, stdin="colline verte 12\n")
    assert (done.returncode, "personne" in done.stderr) == (1, True)


def test_a_password_is_read_from_standard_input(filled: Booking, folder: Path) -> None:
    done = filled("password", "--account", "denise", stdin="colline verte 12\n")
    assert (done.returncode, done.stdout) == (0, "")
    accounts = json.loads(filled("export", "--with-secrets").stdout)["accounts"]
    (hashed,) = [account["password_hash"] for account in accounts if account["id"] == "denise"]
    assert hashed.startswith("$argon2id$")


@pytest.mark.parametrize("weak", ["", "court", "motdepasse123"])
def test_a_weak_password_is_refused(filled: Booking, weak: str) -> None:
    assert filled("password", "--account", "denise", stdin=f"{weak}\n").returncode == 1


def test_check_lists_what_is_wrong_and_fails(filled: Booking, folder: Path, database_url: str) -> None:
    assert filled("check").returncode == 0
    with opened(database_url, folder) as store:
        store.do("UPDATE workshop SET taken = 3")
    done = filled("check")
    assert (done.returncode, "atelier-1" in done.stdout) == (1, True)


def test_it_reads_the_settings_of_a_file_beside_it(bare: Booking, folder: Path) -> None:
    (folder / ".env").write_text("BOOKING_BASE_URL=https://rdv.example.fr\n", encoding="utf-8")
    assert "https://rdv.example.fr" in bare("settings").stdout


def test_the_data_of_a_running_server_can_be_checked(serve: Serve, filled: Booking, database_url: str) -> None:
    serve(database_url)
    assert filled("check").returncode == 0
