"""The door out for mails: an SMTP server when one is set, files in the var folder when none is.

A mail has always a plain text part, written to be read aloud, and no header that somebody else can shape: what
comes from people or from the data is put on one line and cut first. Its Message-ID is given by the ledger row,
so that a second copy of the same message is known for what it is.
"""

import os
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from booking import clock
from booking.config import Settings

TIMEOUT_SECONDS = 20.0
"""For one mail, from the connection to the server's last word."""

_SUBJECT_LENGTH = 150
_BREAKS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Letter:
    """One mail, ready to go. ``message_id`` is the part before the @; ``file_name`` names it when it is a file."""

    to: str
    subject: str
    text: str
    language: str
    message_id: str
    file_name: str
    date: datetime


class Delayed(Exception):
    """It did not go now and may go later. ``everywhere``: the next mail would meet the same trouble."""

    def __init__(self, code: str, *, everywhere: bool) -> None:
        super().__init__(code)
        self.code = code
        self.everywhere = everywhere


class Refused(Exception):
    """It will never go like this: the server refused it for good, or the address is none."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PostOffice(Protocol):
    """Takes letters, one after the other; raises ``Delayed`` or ``Refused``."""

    def send(self, letter: Letter) -> None: ...


@contextmanager
def post_office(settings: Settings) -> Iterator[PostOffice]:
    """The way out that the settings name; one SMTP connection serves all the letters of a batch."""
    if not settings.smtp_url:
        yield _Files(settings.mails, settings.mail_from)
        return
    office = _Server(settings.smtp_url, settings.mail_from)
    try:
        yield office
    finally:
        office.close()


@dataclass(frozen=True)
class KeptMail:
    """A mail that became a file, as it can be read again."""

    to: str
    subject: str
    text: str


def kept_mail(folder: Path, file_name: str) -> KeptMail | None:
    """The mail in that file; ``None`` when there is no such file (any more)."""
    try:
        content = (folder / Path(file_name).name).read_bytes()
    except OSError:
        return None
    message = message_from_bytes(content, policy=SMTP)
    return KeptMail(str(message["To"]), str(message["Subject"]), message.get_content().replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Text fit for a header: no control character, no line end, single spaces, not too long."""
    return _BREAKS.sub(" ", text).strip()[:_SUBJECT_LENGTH]


def as_message(letter: Letter, sender: str, encoding: str = "quoted-printable") -> EmailMessage:
    """The letter as a message of RFC 5322, marked as written by a machine (RFC 3834). Raises ``Refused``."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=one_line(name), addr_spec=address)
    message["To"] = Address(addr_spec=_plain_address(letter.to))
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(letter.date)
    message["Message-ID"] = f"<{letter.message_id}@{address.rpartition('@')[2]}>"
    message["Content-Language"] = letter.language
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_CONTROLS.sub("", letter.text), charset="utf-8", cte=encoding)
    return message


def _plain_address(address: str) -> str:
    """The address in ASCII, its domain by IDNA; what cannot be an address is ``Refused``."""
    local, at, domain = address.strip().rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}"
        plain.encode("ascii")
        parsed = Address(addr_spec=plain)
    except (UnicodeError, HeaderParseError, ValueError, IndexError) as error:
        raise Refused("address") from error
    if not (at and local and domain) or _BREAKS.search(plain) or parsed.domain.startswith("["):
        raise Refused("address")
    return plain


class _Files:
    """Mails as files: each whole or not there at all; the same letter again is the same file."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, letter: Letter) -> None:
        content = as_message(letter, self._sender, "8bit").as_bytes()
        partial = self._folder / f".{letter.file_name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._folder / letter.file_name)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise Delayed("disk", everywhere=True) from error


class _Bounded(smtplib.SMTP):
    """A client whose every wait ends at one instant, however many commands there are."""

    until = 0.0

    def allow(self, seconds: float) -> None:
        self.until = clock.monotonic() + seconds

    def _hurry(self) -> None:
        if self.sock is not None:
            self.sock.settimeout(max(0.001, self.until - clock.monotonic()))

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        self._hurry()
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        self._hurry()
        return super().getreply()


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class _Server:
    """An SMTP server, kept connected from one letter to the next."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = parseaddr(sender)[1]
        self._shown_sender = sender
        self._client: _Bounded | None = None

    def send(self, letter: Letter) -> None:
        content = as_message(letter, self._shown_sender).as_bytes()
        recipient = _plain_address(letter.to)
        client = self._client
        if client is None:
            client = self._connect()
            self._announce(client, recipient)
        else:
            client.allow(TIMEOUT_SECONDS)
            try:
                self._announce(client, recipient)
            except Delayed as delay:
                if not delay.everywhere:
                    raise
                # It hung up between two letters, as servers may: a new connection is no second attempt.
                client = self._connect()
                self._announce(client, recipient)
        self._hand_over(client, content)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.allow(1.0)
            with suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def _connect(self) -> _Bounded:
        self._hang_up()
        host = self._url.hostname or ""
        encrypted = self._url.scheme == "smtps"
        name = socket.gethostname()
        client: _Bounded
        if encrypted:
            client = _BoundedTls(local_hostname=name, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        else:
            client = _Bounded(local_hostname=name, timeout=TIMEOUT_SECONDS)
        client._host = host  # type: ignore[attr-defined]  # the name that TLS verifies; connect() leaves it empty
        client.allow(TIMEOUT_SECONDS)
        try:
            code, _ = client.connect(host, self._url.port or (465 if encrypted else 25))
            if code != 220:
                raise Delayed(f"smtp_{code}", everywhere=True)
            client.ehlo_or_helo_if_needed()
            if not encrypted and not _is_this_machine(host):
                if client.has_extn("starttls"):
                    client.starttls(context=ssl.create_default_context())
                    client.ehlo()
                elif self._url.username:
                    raise Delayed("smtp_cleartext", everywhere=True)
            if self._url.username:
                client.login(unquote(self._url.username), unquote(self._url.password or ""))
        except Delayed:
            client.close()
            raise
        except smtplib.SMTPAuthenticationError as error:
            client.close()
            raise Delayed("smtp_login", everywhere=True) from error
        except smtplib.SMTPResponseException as error:
            client.close()
            raise Delayed(f"smtp_{error.smtp_code}", everywhere=True) from error
        except (OSError, smtplib.SMTPException, ValueError) as error:
            client.close()
            raise Delayed(_trouble(error), everywhere=True) from error
        self._client = client
        return client

    def _announce(self, client: _Bounded, recipient: str) -> None:
        """Sender and recipient; the server may already say no."""
        try:
            self._judge(client, client.mail(self._sender))
            self._judge(client, client.rcpt(recipient))
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise Delayed(_trouble(error), everywhere=True) from error

    def _hand_over(self, client: _Bounded, content: bytes) -> None:
        """The message itself. After its last byte a lost connection leaves open whether it was taken."""
        try:
            self._judge(client, client.data(content))
        except smtplib.SMTPDataError as error:
            self._judge(client, (error.smtp_code, b""))
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise Delayed(_trouble(error), everywhere=True) from error

    def _judge(self, client: _Bounded, reply: tuple[int, bytes]) -> None:
        code = reply[0]
        if 200 <= code < 300:
            return
        if code == 421:
            self._hang_up()
            raise Delayed("smtp_421", everywhere=True)
        try:
            client.rset()
        except (OSError, smtplib.SMTPException):
            self._hang_up()
        if 500 <= code < 600:
            raise Refused(f"smtp_{code}")
        raise Delayed(f"smtp_{code}" if code > 0 else "smtp_nonsense", everywhere=False)

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _trouble(error: Exception) -> str:
    """A code for the ledger; smtplib tells of a wait that ended only by what caused its own exception."""
    ran_out = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return "smtp_timeout" if ran_out else "smtp_connection"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
