"""What people tell a desk stays where it belongs: thirty planted strings, looked for wherever they have no business.

Logs of the server and of the worker, the audit, what others are answered (refusals too), and feeds.
"""

from __future__ import annotations

import json
import re
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select, text

from booking import clock, database
from booking.actions import feeds, tokens
from booking.actions.rights import load_actor
from booking.models import Account
from tests.faults.conftest import KEY, Stage, cookie_of, slot, staged, wanted
from tests.faults.wire import Raw, raw, request
from tests.plumbing.server import Serve, Server, StartWorker
from tests.plumbing.service import NOW

IN_ADDRESSES = ("Zqpath", "Zqquery")
"""What a page may say again to who asked for it: its own address, to lead back there."""


@dataclass
class Plants:
    """The strings, each unlike anything else; phones and mail addresses as they are written and as they are stored."""

    all: list[str] = field(default_factory=list)

    def word(self, kind: str) -> str:
        self.all.append(f"Zq{kind}{len(self.all):02}xW")
        return self.all[-1]

    def phone(self) -> str:
        number = f"6987{len(self.all):02}432"
        self.all.append(number)
        return f"0{number}"

    def email(self) -> str:
        self.all.append(f"zq{len(self.all):02}mail")
        return f"{self.all[-1]}@courriel.example"

    def person(self) -> dict[str, Any]:
        return {"name": self.word("name"), "phone": self.phone(), "email": self.email(), "consent_reminders": True}

    def found_in(self, text: str) -> list[str]:
        plain, close = text.lower(), re.sub(r"\s", "", text.lower())
        return [each for each in self.all if each.lower() in plain or each.lower() in close]


@dataclass
class Town:
    """The service at work, with everybody's tokens and cookies."""

    stage: Stage
    server: Server
    tokens: dict[str, str]
    answers: list[tuple[str, Raw]] = field(default_factory=list)

    def api(self, who: str, method: str, path: str, body: Any = None) -> Raw:
        content = json.dumps(body).encode() if body is not None else b""
        return self._asked(
            who,
            request(
                method,
                f"/api/v1{path}",
                f"Authorization: Bearer {self.tokens[who]}",
                "Content-Type: application/json",
                body=content,
            ),
        )

    def page(self, who: str, method: str, path: str, **fields: str) -> Raw:
        cookie = cookie_of(self.stage, who, csrf_token="of the session")
        if method == "POST":
            sealed = URLSafeTimedSerializer(KEY, salt="wtf-csrf-token").dumps("of the session")
            fields["csrf_token"] = str(sealed)
        headers = [f"Cookie: {cookie}", "Content-Type: application/x-www-form-urlencoded"]
        return self._asked(who, request(method, path, *headers, body=urllib.parse.urlencode(fields).encode()))

    def public(self, method: str, path: str, **fields: str) -> Raw:
        header = "Content-Type: application/x-www-form-urlencoded"
        return self._asked("", request(method, path, header, body=urllib.parse.urlencode(fields).encode()))

    def _asked(self, who: str, octets: bytes) -> Raw:
        answer = raw(self.server, octets)
        assert answer is not None
        self.answers.append((who, answer))
        return answer

    def feed(self, who: str, calendar: str, detail: str) -> tuple[str, str]:
        """The secret of a new feed, and what it shows."""
        with database.reading() as session:
            actor = load_actor(session, session.scalar(select(Account.pk).where(Account.id == who)) or 0)
        assert actor is not None
        kind = {"salle-brume": "room", "clio-brume": "vehicle"}.get(calendar, "adviser")
        draft = feeds.FeedDraft(kind, calendar, detail)
        secret = database.write(lambda session: feeds.create(session, actor, draft, clock.now())).secret
        shown = [self.public("GET", f"/ics/{secret}.{ending}") for ending in ("ics", "ifb")]
        assert [each.status for each in shown] == [200, 200]
        unfolded = "".join(each.body.decode() for each in shown).replace("\r\n ", "")
        return secret, unfolded.replace(secret, "its own address")


@pytest.fixture
def town(database_url: str, serve: Serve, tmp_path: Path) -> Iterator[Town]:
    with staged(database_url, tmp_path / "stage", BOOKING_SECRET_KEY=KEY) as stage:
        keys = {
            who: database.write(lambda session, who=who: tokens.create(session, who, "a program", "write", clock.now()))
            for who in ("helene", "chloe", "denise", "farid", "gaston", "zoe")
        }
        yield Town(stage, serve(database_url, BOOKING_CLOCK=NOW, BOOKING_SECRET_KEY=KEY), keys)


def test_thirty_planted_strings_are_nowhere_but_where_they_belong(town: Town, start_worker: StartWorker) -> None:
    plants = Plants()
    plants.all += town.tokens.values()
    first = booked(town, plants)
    mishaps(town, plants, first)
    assert len(plants.all) >= 30

    shown = []
    for who, calendar, detail in (
        ("farid", "chloe", "free_busy"),
        ("gaston", "salle-brume", "free_busy"),
        ("denise", "chloe", "free_busy"),
        ("denise", "chloe", "limited"),
        ("denise", "clio-brume", "limited"),
    ):
        secret, content = town.feed(who, calendar, detail)
        plants.all.append(secret)
        assert content.count("BEGIN:VEVENT") > 0
        shown.append((f"{detail} feed of {calendar} for {who}", content))
    worked = sent_by_the_worker(town, start_worker)

    looked_at = [
        ("the server's log", town.server.log),
        ("the worker's log", worked),
        ("the audit", the_audit()),
        *shown,
        *seen_by_strangers(town, first),
    ]
    assert [(place, plants.found_in(content)) for place, content in looked_at if plants.found_in(content)] == []
    for _, answer in town.answers:
        if answer.status in (404, 409, 500, 503):
            found = plants.found_in(answer.body.decode())
            assert [each for each in found if not each.startswith(IN_ADDRESSES)] == []
    assert {answer.status for _, answer in town.answers} >= {200, 201, 403, 404, 409, 422, 500}
    assert '"request broke"' in town.server.log
    # And where they belong, they are.
    assert plants.all[len(town.tokens)] in town.api("chloe", "GET", f"/appointments/{first}").body.decode()


def booked(town: Town, plants: Plants) -> str:
    """What a morning at the desk leaves behind; the id of the first appointment."""
    made = []
    for index in range(3):
        body = wanted(slot(index), beneficiary=plants.person(), note=plants.word("note"))
        if index == 2:
            body["also"] = [
                {"calendar": "bureau-brume", "start": slot(9), "end": slot(10), "title": plants.word("title")}
            ]
        answer = town.api("helene", "POST", "/appointments", body)
        assert answer.status == 201, answer
        made.append(json.loads(answer.body)["id"])
    first, second, third = made
    changed = town.api("chloe", "PATCH", f"/appointments/{second}", {"note": plants.word("note")})
    assert changed.status == 200
    reason = plants.word("reason")
    assert town.api("denise", "POST", f"/appointments/{third}/cancel", {"reason": reason}).status == 200
    fields = {
        "name": plants.word("name"),
        "phone": plants.phone(),
        "email": plants.email(),
        "note": plants.word("note"),
    }
    assert town.page("denise", "POST", f"/rendez-vous/{second}/modifier", **fields).status == 303
    absence = {"calendar": "chloe", "start": "2027-03-01", "end": "2027-03-02", "title": plants.word("title")}
    assert town.api("chloe", "POST", "/absences", absence).status == 201
    return str(first)


def mishaps(town: Town, plants: Plants, first: str) -> None:
    """What goes wrong while people type."""
    person = plants.person()
    taken = wanted(slot(0), beneficiary=person, note=plants.word("note"))
    assert town.api("gaston", "POST", "/appointments", {**taken, "room": None, "vehicle": None}).status == 409
    assert town.api("helene", "POST", "/appointments", {**taken, "note": plants.word("long") * 60}).status == 422
    assert town.api("helene", "POST", "/appointments", {**taken, plants.word("member"): 1}).status == 422
    assert town.api("farid", "GET", f"/appointments/{first}").status == 403
    assert town.api("zoe", "GET", f"/appointments/{first}").status == 404
    assert town.page("denise", "GET", f"/rendez-vous?q={plants.word('query')}").status == 200
    assert town.page("denise", "GET", f"/{plants.word('path')}?{plants.word('query')}").status == 404
    assert town.public("GET", f"/ics/{plants.word('secret')}.ics").status == 404
    assert town.public("GET", f"/mot-de-passe/{plants.word('token')}").status in (200, 404, 410)
    for _ in range(2):
        town.public("POST", "/connexion", email=plants.email(), password=plants.word("password"))
    breaking_down(town)
    assert town.api("helene", "POST", "/appointments", wanted(slot(20), beneficiary=plants.person())).status == 500


def breaking_down(town: Town) -> None:
    """From now on the database refuses every person, in words that quote the row."""
    with database.db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(
                text("CREATE TRIGGER no_more BEFORE INSERT ON beneficiary BEGIN SELECT RAISE(ABORT, 'no more'); END")
            )
            return
        connection.execute(
            text(
                "CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'no more of %, %', NEW.name, NEW.phone; END $$"
            )
        )
        connection.execute(
            text("CREATE TRIGGER no_more BEFORE INSERT ON beneficiary FOR EACH ROW EXECUTE FUNCTION no_more()")
        )


def sent_by_the_worker(town: Town, start_worker: StartWorker) -> str:
    """What the worker says while it sends what is due."""
    worker = start_worker(town.stage.database_url, BOOKING_CLOCK=NOW, BOOKING_SECRET_KEY=KEY)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with database.reading() as session:
            if session.scalar(text("SELECT count(*) FROM reminder WHERE status = 'sent'")):
                break
        time.sleep(0.05)
    else:
        pytest.fail(f"nothing was sent: {worker.log}")
    worker.stop()
    return worker.log


def seen_by_strangers(town: Town, first: str) -> list[tuple[str, str]]:
    """Pages and lists of people who may see that something stands there, and not what."""
    day = slot(0)[:10]
    asked = [
        *(("farid", town.page("farid", "GET", path)) for path in (f"/planning/{day}", f"/rendez-vous/{first}", "/")),
        *(("farid", town.page("farid", "GET", path)) for path in ("/rendez-vous?q=zq", f"/planning/{day}?vue=semaine")),
        ("farid", town.api("farid", "GET", "/appointments?from=2027-01-01&to=2027-04-01")),
        ("farid", town.api("farid", "GET", "/entries?calendar=chloe&from=2027-01-31&to=2027-03-10")),
        ("farid", town.api("farid", "GET", "/entries?calendar=bureau-brume&from=2027-01-31&to=2027-03-10")),
        ("farid", town.api("farid", "GET", "/calendars/chloe/busy?from=2027-01-31&to=2027-03-10")),
        ("farid", town.api("farid", "GET", "/accounts")),
    ]
    return [(f"an answer to {who}", answer.body.decode()) for who, answer in asked]


def the_audit() -> str:
    with database.db.engine.connect() as connection:
        return "\n".join(str(row) for row in connection.execute(text("SELECT * FROM audit")))
