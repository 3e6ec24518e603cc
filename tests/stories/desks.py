"""The service with the demonstration in it, running at its story's hour; and people at their desks, over HTTP."""

from __future__ import annotations

import email
import email.policy
import html
import re
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urljoin

import requests

from booking import clock, database
from booking.actions import demonstration
from tests.plumbing.server import Process, Serve, Server, StartWorker
from tests.plumbing.service import NOW, make_app
from tests.web.desk import slots_of, words

PASSWORD = demonstration.PASSWORD
MAILS_SECONDS = 30.0
NADIA = "nadia.belkacem@cdc-monedieres.example"
BRUNO = "bruno.delmas@mairie-treignac.example"
MIREILLE = "mireille.combes@cdc-monedieres.example"
ELODIE = "elodie.faure@cdc-monedieres.example"
CALLER = {
    "name": "Colette Vauzelle",
    "phone": "06 39 98 22 10",
    "email": "colette.vauzelle@courriel.example",
    "consent_reminders": "y",
}
SLOT = (
    "/rendez-vous/nouveau?motif=accompagnement-individuel&ou=fs-treignac&km=0"
    "&debut=2027-01-19T10:00&agenda=bruno.delmas&lieu=fs-treignac"
)


@dataclass
class Service:
    """The web server and the worker, in processes of their own, on one database."""

    server: Server
    worker: Process

    @property
    def url(self) -> str:
        return self.server.url

    def mails(self, count: int) -> list[EmailMessage]:
        """The mails written so far, in their order, once there are that many."""
        deadline = time.monotonic() + MAILS_SECONDS
        folder = self.worker.folder / "var" / "mails"
        while time.monotonic() < deadline:
            files = sorted(folder.glob("*.eml"))
            if len(files) >= count:
                return [_mail(file) for file in files]
            time.sleep(0.1)
        raise AssertionError(f"{count} mails awaited, these came: {[file.name for file in files]}\n{self.worker.log}")


def _mail(file: Path) -> EmailMessage:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def load_the_demonstration(database_url: str, folder: Path) -> None:
    """The demonstration as its story has it, its dates not moved."""
    app = make_app(database_url, folder / "prepared")
    with app.app_context():
        database.write(lambda session: demonstration.load_if_empty(session, clock.now(), 0))
        database.db.session.remove()
        database.db.engine.dispose()
    clock.freeze(None)


def run_the_demonstration(database_url: str, folder: Path, serve: Serve, start_worker: StartWorker) -> Service:
    """Everything runs, at Monday 18 January 2027, 10:40."""
    load_the_demonstration(database_url, folder)
    server = serve(database_url, workers=2, BOOKING_CLOCK=NOW)
    return Service(server, start_worker(database_url, BOOKING_CLOCK=NOW, BOOKING_BASE_URL=server.url))


@dataclass
class Desk:
    """Somebody signed in, without a browser: follows links, fills in forms, reads pages."""

    url: str
    http: requests.Session = field(default_factory=requests.Session)

    @classmethod
    def of(cls, url: str, address: str) -> Desk:
        desk = cls(url)
        desk.http.trust_env = False
        answer = desk.press("/connexion", {"email": address, "password": PASSWORD}, page="/connexion")
        assert answer.status_code == 200, words(answer.text)
        return desk

    def get(self, path: str) -> requests.Response:
        answer = self.http.get(urljoin(self.url, path), timeout=60)
        assert answer.status_code == 200, words(answer.text)
        return answer

    def press(self, path: str, fields: dict[str, str], page: str | None = None) -> requests.Response:
        """Sends the form that stands on ``page``; its token, and its key if it has one, go with it."""
        standing = self.http.get(urljoin(self.url, page or path), timeout=60).text
        hidden = dict(re.findall(r'type="hidden" name="(csrf_token|key)" value="([^"]+)"', standing))
        token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', standing)
        answer = self.http.post(
            urljoin(self.url, path),
            {"key": hidden.get("key", ""), "csrf_token": token[0], **fields},
            timeout=60,
        )
        return answer

    def subscribe(self, target: str) -> str:
        """The secret link of a new subscription, shown once."""
        page = self.press("/abonnements", {"target": target, "detail": "full", "alarm": "", "name": ""})
        found = re.search(r"https?://[^\s\"<]+/ics/[\w-]+\.ics", html.unescape(page.text))
        assert found is not None, words(page.text)
        return found.group()

    def first_offers(self, path: str) -> list[str]:
        return [start for start, _ in slots_of(self.get(path).text)]


def unfolded(feed: str) -> str:
    """A feed's text with its long lines joined (RFC 5545 §3.1)."""
    return feed.replace("\r\n ", "").replace("\r\n", "\n")
