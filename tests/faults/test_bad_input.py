"""Bad input at every door: a wrong setting stops the start in one sentence; what no client should send is refused,
told why, and breaks nothing."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from booking.cli import main
from booking.config import PREFIX, Settings
from tests.faults.conftest import Stage, cookie_of, wanted
from tests.faults.wire import raw, request
from tests.plumbing.server import Serve, command, environment
from tests.plumbing.service import NOW, SignedInAs

WRONG_SETTINGS = {
    "VAR": ["/proc/nowhere", "a-file"],
    "DATABASE_URL": [
        "rubbish",
        "mysql://host/booking",
        "sqlite://",
        "sqlite:///",
        "sqlite+aiosqlite:///booking.db",
        "postgresql+asyncpg://host/booking",
        "postgresql://host:port/booking",
        "postgresql://[::1/booking",
    ],
    "SECRET_KEY": ["short", "x" * 31],
    "BASE_URL": ["rdv.example.fr", "ftp://rdv.example.fr", "https://", "http://[::1", "https://rdv:port", "http://a b"],
    "SMTP_URL": ["http://mail.example", "smtp://", "mail.example", "smtp://mail:port"],
    "SMS_URL": ["ftp://sms.example", "https://", "sms.example"],
    "MAIL_FROM": ["nobody", "@mairie.fr", "a b@mairie.fr", "rdv@mairie.fr\nBcc: all@mairie.fr"],
    "CLOCK": ["yesterday", "2027-01-18T10:40:00", "@nowhere", "@a-file", "2027-13-40T10:40:00+01:00"],
    "LOG_LEVEL": ["loud", "10"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a-file").write_text("not what it should be")
    return tmp_path


def ran(folder: Path, arguments: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder, settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_setting_that_can_be_wrong_is_tried() -> None:
    assert {f"{PREFIX}{name}" for name in WRONG_SETTINGS} == set(Settings.meanings())


def test_a_wrong_setting_is_one_sentence_that_names_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for name, values in WRONG_SETTINGS.items():
        for value in values:
            done = CliRunner().invoke(main, ["init"], env={"BOOKING_VAR": "var", f"{PREFIX}{name}": value})
            says_so(name, value, done.exit_code, done.stdout, done.stderr)


def test_a_wrong_setting_stops_the_service(folder: Path) -> None:
    first = [(name, values[0]) for name, values in WRONG_SETTINGS.items()]
    with ThreadPoolExecutor(2) as two:
        results = two.map(lambda each: ran(folder, ["serve", "--port", "0"], {f"{PREFIX}{each[0]}": each[1]}), first)
    for (name, value), done in zip(first, results, strict=True):
        says_so(name, value, done.returncode, done.stdout, done.stderr)


def says_so(name: str, value: str, code: int, stdout: str, stderr: str) -> None:
    about = f"{name}={value!r}: {stderr}"
    assert code == 2, about
    assert stdout == "", about
    assert len(stderr.splitlines()) == 1, about
    assert stderr.startswith(f"{PREFIX}{name}"), about
    assert stderr.endswith(".\n"), about


def test_a_database_that_cannot_be_had_is_said_and_shows_no_trace(folder: Path) -> None:
    addresses = ["postgresql://127.0.0.1:1/booking", "sqlite:////proc/nowhere/booking.db", f"sqlite:///{folder}"]
    (folder / "text.db").write_text("this is no database, whatever its name says. " * 200)
    addresses.append(f"sqlite:///{folder}/text.db")
    commands = [["init"], ["check"], ["serve", "--port", "0"], ["worker"]]
    tries = [(commands[0], each) for each in addresses] + [(each, addresses[0]) for each in commands[1:]]
    with ThreadPoolExecutor(2) as two:
        results = two.map(lambda each: ran(folder, each[0], {"BOOKING_DATABASE_URL": each[1]}), tries)
    for (arguments, address), done in zip(tries, results, strict=True):
        about = f"{arguments[0]} on {address}: {done.stderr}"
        assert done.returncode == 1, about
        assert "Traceback" not in done.stderr, about
        assert len(done.stderr.splitlines()) == 2, about


def test_a_database_of_a_newer_version_is_left_alone(folder: Path, sqlite_template: Path) -> None:
    file = folder / "newer.db"
    file.write_bytes(sqlite_template.read_bytes())
    with contextlib.closing(sqlite3.connect(file)) as shell, shell:
        shell.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (["init"], ["serve", "--port", "0"], ["check"]):
        done = ran(folder, arguments, {"BOOKING_DATABASE_URL": f"sqlite:///{file}"})
        assert done.returncode == 1, done.stderr
        assert "newer" in done.stderr
        assert "Traceback" not in done.stderr


def without(header: str, *others: str) -> list[str]:
    """The header, and those of the others that it does not stand for."""
    name = header.partition(":")[0]
    return [header, *(each for each in others if not each.startswith(name))]


def test_what_comes_over_the_wire_is_read_or_refused_and_the_server_goes_on(
    stage: Stage, serve: Serve, tmp_path: Path
) -> None:
    server = serve(stage.database_url, BOOKING_CLOCK=NOW)
    bearer = f"Authorization: Bearer {stage.token}"
    good = json.dumps(wanted("2027-02-01T10:00:00+01:00")).encode()
    as_json = "Content-Type: application/json"

    # Request lines of 64 KiB are read, longer ones are refused.
    target = "/api/v1/calendars?limit=1&cursor="
    long = raw(server, request("GET", target + "x" * (65_536 - len("GET  HTTP/1.1") - len(target)), bearer))
    assert long is not None
    assert long.status == 422
    longer = raw(server, request("GET", target + "x" * 2_000_000, bearer))
    assert longer is None or 400 <= longer.status < 500

    # What a body may not be.
    for body, status in (
        (b"\xff\xfe{}", 400),
        (b'{"note": "\xe9"}', 400),
        (b'{"note": "\\ud800"}' + b" " * 10, 422),
        (b"{" * 100_000, 400),
        (b" " * (1024 * 1024 + 1), 413),
        (good[:-1], 400),
        (good.replace(b'"chloe"', b'{"id": "chloe"}'), 422),
    ):
        answer = raw(server, request("POST", "/api/v1/appointments", bearer, as_json, body=body))
        assert answer is not None
        assert answer.status == status, (body[:40], answer)
        assert answer.headers["Content-Type"] == "application/problem+json"
    # Bodies that break off, and one that says nothing of its length.
    for target, kind, body in (
        ("/api/v1/appointments", as_json, good),
        ("/langue", "Content-Type: application/x-www-form-urlencoded", b"language=en&suite=/planning"),
    ):
        broken_off = raw(
            server, request("POST", target, bearer, kind, f"Content-Length: {len(body) + 10}") + body, hangs_up=True
        )
        assert broken_off is None or broken_off.status == 400, target
    chunked = b"%x\r\n%b\r\n" % (700_000, b" " * 700_000) * 2 + b"0\r\n\r\n"
    endless = raw(
        server, request("POST", "/api/v1/appointments", bearer, as_json, "Transfer-Encoding: chunked") + chunked
    )
    assert endless is not None
    assert endless.status == 413

    # Octets that are no text, and words that would be headers, in the address and in headers.
    for target in (
        "/api/v1/calendars/%ff%fe",
        "/api/v1/calendars?kind=%ff",
        "/api/v1/appointments/%0d%0aX-Evil:%20yes",
    ):
        answer = raw(server, request("GET", target, bearer))
        assert answer is not None
        assert answer.status in (404, 422), target
        assert "X-Evil" not in answer.headers
    for target in (
        "/connexion?suite=%0d%0aX-Evil:%20yes",
        "/planning?structure=%0d%0aX-Evil:%20yes",
        "/%0d%0aX-Evil:1",
    ):
        answer = raw(server, request("GET", target))
        assert answer is not None
        assert answer.status < 500, target
        assert "X-Evil" not in answer.headers
    for header, status in (
        ("Idempotency-Key: é", 422),
        ("Idempotency-Key: \udcff", 422),
        ("Idempotency-Key: " + "k" * 256, 422),
        ("Idempotency-Key: two words", 422),
        ("Content-Type: text/plain", 415),
    ):
        answer = raw(server, request("POST", "/api/v1/appointments", bearer, *without(header, as_json), body=good))
        assert answer is None or answer.status in (400, status), (header, answer)

    # Methods.
    for method, status in (("PUT", 405), ("TRACE", 405), ("DELETE", 405), ("OPTIONS", 200), ("BREW", 405)):
        answer = raw(server, request(method, "/api/v1/appointments", bearer))
        assert answer is not None
        assert answer.status == status, method
    for junk in (b"\x00" * 200, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"HELO mail\r\n"):
        answer = raw(server, junk, hangs_up=True)
        assert answer is None or answer.status == 400

    alive = raw(server, request("POST", "/api/v1/appointments", bearer, as_json, body=good))
    assert alive is not None
    assert alive.status == 201, alive
    assert "Traceback" not in server.log
    assert "request broke" not in server.log


FORMS = {
    "/connexion": {"email": "\x00", "password": "x" * 5000, "suite": "//evil.example", "carried": "x.y.z"},
    "/mot-de-passe-oublie": {"email": "a@b\r\nBcc: c@d"},
    "/langue": {"language": "xx", "suite": "https://evil.example/"},
    "/profil": {"name": "\x00" * 3, "phone": "'; DROP TABLE claim; --", "language": "zz"},
    "/profil/mot-de-passe": {"current": "\ud800", "password": "\x00"},
    "/comptes/nouveau": {"name": "\x00", "email": "x" * 400 + "@b.fr", "role": "king", "organisation": "nowhere"},
    "/comptes/plusieurs": {"list": "\x00;\x00;\n" * 300, "create": "1"},
    "/comptes/alix": {"name": "Alix\x00", "role": "adviser", "organisation": "fs-brume", "profession": "king"},
    "/structures/nouvelle": {"name": "\x00", "kind": "\ud800"},
    "/lieux/nouveau": {"name": "x", "organisation": "fs-brume", "latitude": "NaN", "longitude": "Infinity"},
    "/salles/nouvelle": {"name": "x", "venue": "maison-brume", "capacity": "9" * 30, "setup_minutes": "-1"},
    "/salles/bureau-brume": {"name": "x", "venue": "maison-brume", "capacity": "1e9", "cleanup_minutes": "٣"},
    "/vehicules/nouveau": {"name": "x", "venue": "maison-brume", "seats": "99999999999999999999"},
    "/motifs/nouveau": {"name": "x", "minutes": "99999999999", "horizon_days": "-5", "professions": "king"},
    "/rendez-vous/nouveau?motif=demarches&agenda=chloe&debut=2027-13-45T99:99&lieu=maison-brume": {"name": "x"},
    "/rendez-vous/nouveau?motif=demarches&agenda=chloe&debut=99999-01-01T10:00": {"name": "x"},
    "/rendez-vous/nouveau?motif=demarches&agenda=chloe&debut=0001-01-01T00:00&lieu=maison-brume": {"name": "x"},
    "/rendez-vous/nouveau/deja": {"name": "%_!\x00", "phone": "+" * 300},
    "/rendez-vous/maintenant": {"purpose": "demarches", "adviser": "chloe", "minutes": "99999", "name": "\x00"},
    "/rendez-vous/rien/deplacer": {"slot": "|||", "day": "x", "hour": "y"},
    "/agendas/chloe/absent": {"jour": "0000-00-00", "rdv-choix-rien": "x|y|z", "absence": "1"},
    "/agendas/chloe/confier": {"vers": "\x00", "rdv": "rien"},
    "/abonnements": {"target": "adviser", "detail": "everything", "alarm": "99999999999999", "name": "x" * 500},
    "/abonnements/%00/revoquer": {},
    "/disponibilites/plages/nouvelle?agenda=chloe": {"venue": "x", "day": "0001-01-01", "from_hour": "99:99"},
    "/disponibilites/plages/retablir": {"agenda": "chloe", "plage": '{"changes": 1, "purposes": 2, "minutes": "x"}'},
    "/disponibilites/absences/nouvelle?agenda=chloe": {"extent": "x", "day": "9999-12-31", "to_day": "9999-12-31"},
    "/disponibilites/absences/retablir": {"agenda": "chloe", "absence": '{"changes": [[1, 2, 3]], "exdates": [4]}'},
    "/partage/chloe": {"audience": "\x00", "id": "\x00", "level": "god"},
    "/partage/chloe/ajouter": {"who": "\x00", "level": "god"},
}
PAGES = (
    "/rendez-vous?q=%00",
    "/rendez-vous?q=%25%5F%21%27%22%5C",
    "/rendez-vous/nouveau?motif=%00&avec=%00&ou=%00&quand=jour&le=0001-01-01&km=1e400&duree=-9&grid=x",
    "/rendez-vous/nouveau?motif=demarches&quand=jour&le=9999-12-31",
    "/rendez-vous/nouveau?motif=demarches&ou=commune&commune=%00&km=NaN",
    "/rendez-vous/nouveau?motif=demarches&suite_de=%00",
    "/rendez-vous/%00",
    "/rendez-vous/%F0%9F%92%A9",
    "/ma-journee?jour=9999-12-31&agenda=%00&lieu=%00",
    "/ma-journee?jour=0001-01-01",
    "/planning/0001-01-01",
    "/planning/9999-12-31?vue=semaine",
    "/planning/2027-02-30",
    "/planning/2027-01-19?page=999999999999999999999&structure=%00",
    "/planning/2027-01-19?page=-3",
    "/agendas/%00/absent",
    "/agendas/chloe/absent?jour=0001-01-01",
    "/agendas/chloe/absent?jour=9999-12-31",
    "/agendas/chloe/confier?vers=%00&des=9999-12-31",
    "/comptes/%00",
    "/lieux/%00",
    "/messages?etat=%00",
    "/messages?apres=%00",
    "/messages/%00",
    "/abonnements?agenda=%00",
    "/disponibilites?agenda=%00",
    "/disponibilites/plages/%00",
    "/partage?agenda=chloe&chercher=%00",
    "/ics/%00.ics",
    "/ics/" + "x" * 3000 + ".ics",
    "/mot-de-passe/%00",
    "/api/problems/%00",
)


def test_no_form_and_no_address_breaks_a_page(app: Flask, signed_in_as: SignedInAs) -> None:
    app.testing = False
    client = signed_in_as("helene")
    broken = []
    for address, fields in FORMS.items():
        sent = {name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()}
        answer = client.post(address, data=sent)
        if answer.status_code >= 500:
            broken.append(f"POST {address}: {answer.status_code}")
        if "evil.example" in answer.headers.get("Location", ""):
            broken.append(f"POST {address}: leads away, to {answer.headers['Location']}")
        client = signed_in_as("helene")
    broken += [f"GET {address}" for address in PAGES if client.get(address).status_code >= 500]
    assert broken == []


def test_every_page_refuses_methods_it_does_not_know(app: Flask, signed_in_as: SignedInAs) -> None:
    client = signed_in_as("helene")
    for rule in app.url_map.iter_rules():
        if rule.arguments or rule.rule.startswith("/api/"):
            continue
        for method in ("PUT", "PATCH", "DELETE"):
            assert client.open(rule.rule, method=method).status_code in (404, 405), rule.rule


def test_a_form_larger_than_five_mebibytes_is_413_in_words(app: Flask, signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("helene").post("/comptes/plusieurs", data={"list": "x" * (5 * 1024 * 1024 + 1)})
    assert answer.status_code == 413
    assert "<h1" in answer.text


def test_a_session_cookie_that_somebody_made_up_is_nobody(stage: Stage) -> None:
    good = cookie_of(stage, "alix").partition("=")[2]
    client = stage.app.test_client(use_cookies=False)
    for value in ("", "x", "x.y.z", good[:-1], good + "x", good.swapcase(), "." * 500, "é" * 50, "\x01"):
        answer = client.get("/ma-journee", headers={"Cookie": f"booking={value}".encode().decode("latin-1")})
        assert answer.status_code == 302, value
        assert answer.headers["Location"].startswith("/connexion")
    assert client.get("/ma-journee", headers={"Cookie": f"booking={good}"}).status_code == 200
