"""Settings: one frozen value, read from the environment and a ``.env`` file; refuses to start with a plain sentence."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

from dotenv import dotenv_values

PREFIX = "BOOKING_"


class SettingsError(ValueError):
    """A setting has a wrong value; the text is one sentence for the person who starts the service."""


@dataclass(frozen=True)
class Settings:
    """Every setting with its meaning and its default."""

    var: Annotated[Path, "folder of the database, the key and the mails"] = Path("var")
    database_url: Annotated[str, "address of the database; SQLite in the var folder when absent"] = ""
    secret_key: Annotated[str, "signs sessions and links, at least 32 characters; made and kept when absent"] = ""
    base_url: Annotated[str, "address under which people reach the service"] = "http://127.0.0.1:8000"
    smtp_url: Annotated[str, "smtp:// or smtps:// address of the mail server; mails become files when absent"] = ""
    sms_url: Annotated[str, "address of the SMS gateway; none when absent"] = ""
    mail_from: Annotated[str, "sender of the mails"] = "ne-pas-repondre@booking.example"
    clock: Annotated[str, "freezes the service's time: an ISO instant, or @FILE that holds one"] = ""
    log_level: Annotated[str, "debug, info, warning or error"] = "info"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def mails(self) -> Path:
        """Where mails are written when no mail server is set."""
        return self.var / "mails"

    @classmethod
    def meanings(cls) -> dict[str, str]:
        """What each setting is for, by its name in the environment."""
        hints = get_type_hints(cls, include_extras=True)
        return {f"{PREFIX}{each.name.upper()}": hints[each.name].__metadata__[0] for each in fields(cls)}

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> "Settings":
        """Reads the environment over the ``.env`` of ``folder`` (the current one). Makes the var folder and the key.

        Raises ``SettingsError``. An unknown ``BOOKING_…`` name is only a warning on stderr.
        """
        here = folder or Path.cwd()
        values = {name: value or "" for name, value in dotenv_values(here / ".env").items()}
        values.update(os.environ if environ is None else environ)
        names = {f"{PREFIX}{each.name.upper()}": each.name for each in fields(cls)}
        for name in sorted(values):
            if name.startswith(PREFIX) and name not in names:
                print(f"warning: the setting {name} is unknown and ignored", file=sys.stderr)
        chosen = {names[name]: values[name].strip() for name in names if values.get(name, "").strip()}
        var = (here / chosen.pop("var", "var")).resolve()
        _make_folder(var)
        settings: dict[str, Any] = {
            "var": var,
            "database_url": _database_url(chosen.pop("database_url", f"sqlite:///{var / 'booking.db'}")),
            "secret_key": _secret_key(chosen.pop("secret_key", ""), var),
            "base_url": _base_url(chosen.pop("base_url", cls.base_url)),
            "smtp_url": _address("SMTP_URL", chosen.pop("smtp_url", ""), ("smtp", "smtps")),
            "mail_from": _sender("MAIL_FROM", chosen.pop("mail_from", cls.mail_from)),
            "sms_url": _address("SMS_URL", chosen.pop("sms_url", ""), ("http", "https")),
            "clock": _clock(chosen.pop("clock", ""), here),
            "log_level": _one_of("LOG_LEVEL", chosen.pop("log_level", "info"), ("debug", "info", "warning", "error")),
            **chosen,
        }
        return cls(**settings)


def _make_folder(var: Path) -> None:
    try:
        (var / "mails").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{PREFIX}VAR: the folder {var} cannot be made ({error.strerror}).") from error
    if not os.access(var, os.W_OK):
        raise SettingsError(f"{PREFIX}VAR: the folder {var} cannot be written to.")


_SQLITE, _POSTGRESQL = ("sqlite", "sqlite+pysqlite"), ("postgresql", "postgres", "postgresql+psycopg")


def _database_url(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if not found or scheme not in (*_SQLITE, *_POSTGRESQL):
        raise SettingsError(f"{PREFIX}DATABASE_URL must begin with sqlite:/// or postgresql://, not {scheme!r}.")
    if scheme in _SQLITE and len(rest.partition("?")[0]) < 2:
        raise SettingsError(f"{PREFIX}DATABASE_URL must name the file of the database, as in sqlite:///booking.db.")
    if scheme in _POSTGRESQL:
        from sqlalchemy.engine import make_url  # slow to load, and not needed for a file
        from sqlalchemy.exc import ArgumentError

        try:
            make_url(url)
        except (ArgumentError, ValueError) as error:
            raise SettingsError(
                f"{PREFIX}DATABASE_URL must be as in postgresql://user:password@host:5432/booking."
            ) from error
    return url


def _is_address(url: str) -> bool:
    """Whether it names a host: brackets that match, a port that is one, no blanks."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and not any(letter <= " " for letter in url)
    except ValueError:
        return False


def _secret_key(key: str, var: Path) -> str:
    if key:
        if len(key) < 32:
            raise SettingsError(f"{PREFIX}SECRET_KEY has {len(key)} characters and needs at least 32.")
        return key
    file = var / "secret_key"
    if not file.exists():
        partial = var / f"secret_key.{os.getpid()}"
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        try:
            os.link(partial, file)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return file.read_text(encoding="utf-8").strip()


def _base_url(url: str) -> str:
    if not url.startswith(("http://", "https://")) or not _is_address(url):
        raise SettingsError(f"{PREFIX}BASE_URL must be a whole address such as https://rdv.example.fr, not {url!r}.")
    return url.rstrip("/")


def _address(name: str, url: str, schemes: tuple[str, ...]) -> str:
    if url and not (url.startswith(tuple(f"{each}://" for each in schemes)) and _is_address(url)):
        raise SettingsError(
            f"{PREFIX}{name} must begin with {' or '.join(s + '://' for s in schemes)} and name a host."
        )
    return url


def _sender(name: str, address: str) -> str:
    """A mail address, alone or as in ``Rendez-vous <rdv@mairie.fr>``."""
    local, _, domain = parseaddr(address)[1].rpartition("@")
    if not local or not domain or not address.isprintable() or not (local + domain).isascii() or " " in local + domain:
        raise SettingsError(f"{PREFIX}{name} must be a mail address such as rdv@mairie.fr, not {address!r}.")
    return address


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value.lower() not in allowed:
        raise SettingsError(f"{PREFIX}{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value.lower()


def _clock(setting: str, folder: Path) -> str:
    if setting.startswith("@"):
        return "@" + str((folder / setting[1:]).resolve())
    return setting
