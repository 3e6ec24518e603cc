"""The `booking` command. Every subcommand loads only what it needs, so that each starts quickly.

Exit codes: 0 done; 1 refused (faults in a file, a broken law, an unknown account); 2 a wrong setting or a wrong
use of the command.
"""

import functools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from booking.config import Settings, SettingsError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from booking.actions.territory_file import Outcome

REFUSED, MISUSED = 1, 2
GRACE_SECONDS = 10
Function = TypeVar("Function", bound=Callable[..., Any])


def notice(french: str, english: str) -> None:
    """Something worth knowing that is no result: on stderr, in both languages."""
    click.echo(f"{french}\n{english}", err=True)


def refuse(french: str, english: str, code: int = REFUSED) -> NoReturn:
    """Says why it cannot be done, and ends."""
    notice(french, english)
    sys.exit(code)


def _worded(function: Function) -> Function:
    """Turns expected refusals into a sentence and an exit code; anything else is a defect and shows its trace."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from booking import refusals

        try:
            return function(*args, **kwargs)
        except SettingsError as error:
            click.echo(str(error), err=True)
            sys.exit(MISUSED)
        except refusals.Unavailable:
            refuse(
                "La base de données est occupée, pleine ou injoignable ; réessayez plus tard.",
                "The database is too busy, full or out of reach; try again later.",
            )
        except refusals.Invalid as error:
            for fault in error.faults:
                click.echo(f"{fault.pointer.lstrip('/')}: {fault.detail}", err=True)
            sys.exit(REFUSED)

    return wrapped  # type: ignore[return-value]


def _settings() -> Settings:
    from booking import clock

    settings = Settings.load()
    try:
        clock.freeze(settings.clock)
    except clock.ClockError as error:
        raise SettingsError(f"BOOKING_CLOCK: {error}.") from error
    if settings.clock:
        notice(
            f"Attention : l'heure du service est figée au {clock.now():%d/%m/%Y %H:%M} UTC (BOOKING_CLOCK).",
            f"Mind: the service's clock stands still at {clock.now().isoformat()} (BOOKING_CLOCK).",
        )
    return settings


def _require_database(settings: Settings) -> None:
    """Ends with the sentence that helps when the tables are missing or of another version."""
    if not _is_ready(settings):
        refuse(
            "La base de données n'existe pas encore ou n'est pas à jour : lancez d'abord `booking init`.",
            "The database does not exist yet or is not up to date: run `booking init` first.",
        )


def _is_ready(settings: Settings) -> bool:
    """Whether the tables are those of this version; ends with a sentence when they are a newer one's."""
    from booking import database

    state = database.schema_state(settings.database_url)
    if state == "newer":
        refuse(
            "La base de données a été faite par une version plus récente de booking : mettez booking à jour.",
            "The database was made by a newer version of booking: upgrade booking.",
        )
    return state == "ready"


@contextmanager
def _data(settings: Settings) -> Iterator[None]:
    """The database alone, without screens or API: what most commands need."""
    from flask import Flask

    from booking import database

    _require_database(settings)
    app = Flask("booking")
    app.config["BOOKING_SETTINGS"] = settings
    database.connect(app, settings.database_url)
    with app.app_context():
        try:
            yield
        finally:
            database.db.engine.dispose()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="booking", message="%(prog)s %(version)s", prog_name="booking")
def main() -> None:
    """Shared planning for conseillers France services and conseillers numériques.

    Settings come from the environment (BOOKING_…) or a .env file: see `booking settings`.
    """


@main.command()
@_worded
def init() -> None:
    """Create the database, or bring it up to date; what it holds stays."""
    from booking import database

    settings = _settings()
    if not _is_ready(settings):
        database.upgrade(settings.database_url)
    notice("La base de données est prête.", "The database is ready.")


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Only check the file and count what would change.")
@_worded
def import_(file: Path, dry_run: bool) -> None:
    """Load a territory file (JSON), all of it or nothing.

    Rows are known by their ids: loading the same file twice changes nothing. Every fault is listed with its JSON
    pointer, and then nothing is written.
    """
    from booking import clock, database
    from booking.actions import territory_file

    settings = _settings()
    with _data(settings), _readable(file) as source:
        if dry_run:
            with database.reading() as session:
                outcome = territory_file.examine(session, source, clock.now())
        else:
            outcome = _loaded(source)
    _report(outcome, dry_run)


def _loaded(source: Path) -> "Outcome":
    from booking import clock, database, refusals
    from booking.actions import territory_file

    try:
        return database.write(lambda session: territory_file.load(session, source, clock.now()))
    except territory_file.Faulty as error:
        return error.outcome
    except refusals.Clash:
        refuse(
            "Le planning a changé pendant l'import, rien n'a été chargé : relancez la commande.",
            "The planning changed during the import, nothing was loaded: run the command again.",
        )


@contextmanager
def _readable(file: Path) -> Iterator[Path]:
    """The file to read; standard input (-) is put aside first, since it is read more than once."""
    import shutil
    import tempfile

    if str(file) == "-":
        with tempfile.NamedTemporaryFile(suffix=".json") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
            yield Path(copy.name)
        return
    if not file.is_file() or not os.access(file, os.R_OK):
        refuse(f"Le fichier {file} ne peut pas être lu.", f"The file {file} cannot be read.")
    yield file


def _report(outcome: "Outcome", dry_run: bool) -> None:
    for line in outcome.lines():
        click.echo(line)
    if outcome.faults:
        refuse(
            f"{outcome.fault_count} erreur(s) : rien n'a été chargé.",
            f"{outcome.fault_count} fault(s): nothing was loaded.",
        )
    if dry_run:
        notice("Le fichier est bon ; essai à blanc, rien n'a été chargé.", "The file is good; dry run, nothing loaded.")


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option(
    "--with-secrets",
    is_flag=True,
    help="Also the hashes of passwords, tokens and subscription links, so that they go on working elsewhere.",
)
@_worded
def export(file: Path | None, with_secrets: bool) -> None:
    """Write the territory file of what is stored, to FILE or to standard output."""
    from booking import database
    from booking.actions import territory_file

    settings = _settings()
    with _data(settings), database.reading() as session:
        if file is None or str(file) == "-":
            sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
            territory_file.dump(session, sys.stdout, with_secrets=with_secrets)
            sys.stdout.flush()
            return
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with partial.open("x", encoding="utf-8", newline="\n") as out:
                partial.chmod(0o600)
                territory_file.dump(session, out, with_secrets=with_secrets)
            partial.replace(file)
        except OSError as error:
            refuse(
                f"Le fichier {file} ne peut pas être écrit ({error.strerror}).",
                f"The file {file} cannot be written ({error.strerror}).",
            )
        finally:
            partial.unlink(missing_ok=True)


_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_port = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on."
)
_workers = click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
_threads = click.option(
    "--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Threads of each process."
)


@main.command()
@_host
@_port
@_workers
@_threads
@_worded
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the screens, the API and the feeds (production WSGI server)."""
    settings = _settings()
    _require_database(settings)
    _serve(settings, host, port, workers, threads)


def _serve(settings: Settings, host: str, port: int, workers: int, threads: int) -> None:
    """Serves until it is told to stop."""
    import gc
    import socket

    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    import booking.app  # noqa: F401 - loaded before the processes part, which then share it

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            refuse(
                f"Impossible d'écouter sur {host}:{port} ({error.strerror}).",
                f"Cannot listen on {host}:{port} ({error.strerror}).",
            )
    gc.collect()
    gc.freeze()
    click.echo(f"booking: http://{host}:{port}", err=True)
    Server(
        "booking",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        runtime_blocking_threads=4,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=GRACE_SECONDS,
    ).serve(target_loader=functools.partial(_application, settings), wrap_loader=False)


def _application(settings: Settings) -> Any:
    """The application, made inside the process that serves it.

    Ctrl-C reaches every process of a terminal; only the parent heeds it and ends the others, each of them once.
    """
    from booking.app import create_app

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    return create_app(settings)


@main.command()
@_worded
def worker() -> None:
    """Send what is due, expire what lapsed, keep the data in order; any number may run."""
    settings = _settings()
    _require_database(settings)
    from booking import jobs
    from booking.app import create_app

    jobs.run_worker(create_app(settings))


@main.command()
@_host
@_port
@_workers
@_threads
@click.option("--unshifted", is_flag=True, help="Keep the demonstration's own dates (January to June 2027).")
@_worded
def run(host: str, port: int, workers: int, threads: int, unshifted: bool) -> None:
    """Try booking out: database, demonstration if there is nothing yet, server and worker in one."""
    settings = _demonstration_settings(host, port)
    from booking import clock, database
    from booking.actions import demonstration

    database.upgrade(settings.database_url)
    with _data(settings):
        now = clock.now()
        weeks = 0 if unshifted else demonstration.weeks_until(now)
        database.write(lambda session: demonstration.load_if_empty(session, now, weeks))
        with database.reading() as session:
            accounts = demonstration.accounts(session)
    _say_accounts(f"http://{host}:{port}", accounts, demonstration.PASSWORD)
    beat = subprocess.Popen([sys.executable, "-m", "booking", "worker"], stdin=subprocess.DEVNULL)
    try:
        _serve(settings, host, port, workers, threads)
    finally:
        _end(beat)


def _demonstration_settings(host: str, port: int) -> Settings:
    """Links in mails lead to where this serves, unless a setting says otherwise; the worker inherits that."""
    settings = _settings()
    address = f"http://{host}:{port}"
    if settings.base_url == Settings.base_url and address != Settings.base_url:
        os.environ["BOOKING_BASE_URL"] = address
        settings = Settings.load()
    return settings


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _say_accounts(address: str, accounts: list[tuple[str, str, str, str]], password: str) -> None:
    words = {
        "administrator": "administration",
        "coordinator": "coordination",
        "secretary": "secrétariat",
        "adviser": "conseil",
    }
    if accounts:
        click.echo("Comptes de démonstration (rôle, adresse, nom, structure) / Demonstration accounts:")
        width = max(len(email) for _, email, _, _ in accounts)
        for role, email, name, organisation in accounts:
            click.echo(f"  {words[role]:<14} {email:<{width}}  {name} ({organisation})")
        click.echo(f"Mot de passe, le même pour tous / password, the same for all: {password}")
    click.echo(f"Adresse / address: {address}   (Ctrl-C pour arrêter / to stop)")
    sys.stdout.flush()


@main.group()
def token() -> None:
    """API tokens: create, list, revoke."""


@token.command("create")
@click.option("--account", required=True, metavar="ID", help="The account that the token acts as.")
@click.option("--name", required=True, metavar="TEXT", help="What the token is for.")
@click.option("--scope", type=click.Choice(["read", "write"]), default="read", show_default=True)
@_worded
def token_create(account: str, name: str, scope: str) -> None:
    """Make a token; it is printed once, alone on the last line."""
    from booking import clock, database, refusals
    from booking.actions import tokens

    with _data(_settings()):
        try:
            made = database.write(lambda session: tokens.create(session, account, name, scope, clock.now()))
        except refusals.NotFound:
            _no_account(account)
    notice(
        "Notez ce jeton : il ne sera plus montré.",
        "Write this token down: it will not be shown again.",
    )
    click.echo(made)


def _no_account(account: str) -> NoReturn:
    refuse(f"Aucun compte n'a l'identifiant {account}.", f"No account has the id {account}.")


@token.command("list")
@click.option("--account", metavar="ID", help="Only those of this account.")
@_worded
def token_list(account: str | None) -> None:
    """The tokens: number, account, scope, made on, state, name."""
    from booking import database
    from booking.actions import tokens

    with _data(_settings()), database.reading() as session:
        for each in tokens.listed(session, account):
            state = f"revoked {each.revoked_at:%Y-%m-%d}" if each.revoked_at else "valid"
            click.echo(
                "\t".join((str(each.pk), each.account, each.scope, f"{each.created:%Y-%m-%d}", state, each.name))
            )


@token.command("revoke")
@click.argument("number", type=int)
@_worded
def token_revoke(number: int) -> None:
    """End a token, by its number in the list."""
    from booking import clock, database, refusals
    from booking.actions import tokens

    with _data(_settings()):
        try:
            database.write(lambda session: tokens.revoke(session, number, clock.now()))
        except refusals.NotFound:
            refuse(f"Aucun jeton n'a le numéro {number}.", f"No token has the number {number}.")
    notice(f"Le jeton {number} est révoqué.", f"Token {number} is revoked.")


@main.command()
@click.option("--account", required=True, metavar="ID", help="Whose password.")
@_worded
def password(account: str) -> None:
    """Set an account's password, asked for or read from standard input (at least 12 characters)."""
    from sqlalchemy import select

    from booking import clock, database, refusals
    from booking.actions import people
    from booking.models import Account

    settings = _settings()
    if sys.stdin.isatty():
        chosen = click.prompt("Mot de passe / password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        chosen = sys.stdin.readline().rstrip("\r\n")

    def work(session: "Session") -> None:
        found = session.scalar(select(Account).where(Account.id == account))
        if found is None:
            raise refusals.NotFound
        people.choose_password(session, found, chosen, clock.now())
        session.flush()

    with _data(settings):
        try:
            database.write(work)
        except refusals.NotFound:
            _no_account(account)
    notice(f"Le mot de passe de {account} est changé.", f"The password of {account} is set.")


@main.command()
@_worded
def check() -> None:
    """Verify the data against the law: overlaps, claims without entries, seats …; read-only."""
    from booking import database
    from booking.actions.check import violations

    found = 0
    with _data(_settings()), database.reading() as session:
        for violation in violations(session):
            click.echo(violation)
            found += 1
    if found:
        refuse(f"{found} anomalie(s) dans les données.", f"{found} thing(s) wrong in the data.")
    notice("Les données respectent toutes les règles.", "The data keeps every rule.")


@main.command()
@_worded
def settings() -> None:
    """List every setting with its meaning, its default and its present value (secrets masked)."""
    import dataclasses

    from booking.config import PREFIX

    present = Settings.load()
    meanings = Settings.meanings()
    for each in dataclasses.fields(Settings):
        name = f"{PREFIX}{each.name.upper()}"
        click.echo(f"{name}: {meanings[name]}")
        click.echo(f"    default: {each.default if each.default != '' else '-'}")
        click.echo(f"    now:     {_masked(each.name, str(getattr(present, each.name))) or '-'}")


def _masked(name: str, value: str) -> str:
    """The value without its secrets: the key, and the password inside an address."""
    if "key" in name:
        return "•" * 8 if value else ""
    return re.sub(r"(://[^/@]*?):[^/@]*@", r"\1:••••@", value)


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """The benchmarks, each with its baseline: slots, book, race, feed, reminders, import."""
    from importlib import import_module

    import_module("booking.bench").main(list(arguments))
