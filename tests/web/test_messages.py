"""The page on which administrators read what was sent, to whom, and why something was not."""

from __future__ import annotations

import re
import shutil

import pytest

from booking import clock, jobs
from booking.actions import reminders
from booking.models import Reminder
from tests.actions.ledger import Ledger, instant


@pytest.fixture
def database_url(sqlite_template, tmp_path):
    """One engine is enough for words; the other is held to the same in the tests of sending."""
    file = tmp_path / "booking.sqlite3"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def ledger(app, cast):
    return Ledger(app, cast)


@pytest.fixture
def drain(app):
    def work_off():
        with app.app_context():
            jobs.drain(app)

    return work_off


@pytest.fixture
def helene(signed_in_as):
    return signed_in_as("administrator")


def plain(page):
    return page.text.replace("\N{NO-BREAK SPACE}", " ")


def test_an_administrator_sees_to_whom_what_and_what_became_of_it(ledger, drain, helene):
    ledger.book("2027-01-21 10:00")
    drain()

    page = plain(helene.get("/messages"))
    for words in ("Jeudi 21 janvier, 10 h : rendez-vous à Brume", "marcel@courriel.example", "gardé en fichier"):
        assert words in page


@pytest.mark.parametrize("role", ["adviser", "secretary", "coordinator"])
def test_nobody_else_may_read_them(signed_in_as, role):
    assert signed_in_as(role).get("/messages").status_code == 403


def test_the_text_of_a_mail_kept_as_a_file_is_the_one_that_was_written(app, ledger, drain, helene):
    ledger.book("2027-01-21 10:00")
    drain()
    (file,) = app.config["BOOKING_SETTINGS"].mails.glob(f"*{ledger.the('confirmation').message_id}.eml")
    file.write_bytes(file.read_bytes().replace("Votre rendez-vous est noté.".encode(), b"Tel quel."))

    assert "Tel quel." in helene.get(f"/messages/{ledger.the('confirmation').message_id}").text


def test_the_text_of_a_mail_that_is_no_file_is_written_anew(ledger, helene):
    ledger.book("2027-01-21 10:00")

    assert "Votre rendez-vous est noté." in helene.get(f"/messages/{ledger.the('confirmation').message_id}").text


def test_what_waits_is_listed_next_first(ledger, helene):
    ledger.book("2027-01-21 10:00")

    page = helene.get("/messages?etat=a-venir").text
    assert page.index("Rappel de la veille") < page.index("Rappel deux heures avant")


def test_difficulties_are_listed_with_their_reason_in_words(ledger, helene):
    ledger.book("2027-01-21 10:00")
    ledger.set(Reminder, ledger.the("confirmation").pk, status="failed", reason="smtp_550")

    page = helene.get("/messages?etat=difficultes").text
    assert "refuse cette adresse ou ce message (code 550)" in page
    assert "diary_changed" not in page


def test_other_territories_have_no_part_in_it(app, ledger, cast, helene):
    ledger.write(
        lambda session: reminders.send_account_message(session, "invitation", cast.zoe.pk, instant("2027-01-18 10:40"))
    )

    assert "zoe@" not in helene.get("/messages").text
    assert helene.get(f"/messages/{ledger.the('invitation').message_id}").status_code == 404


def test_an_invitation_read_on_the_page_holds_no_link_unless_it_is_the_file(ledger, cast, helene):
    ledger.write(
        lambda session: reminders.send_account_message(
            session, "invitation", cast.gaston.pk, instant("2027-01-18 10:40")
        )
    )

    assert "Choisissez votre mot de passe" in (
        page := helene.get(f"/messages/{ledger.the('invitation').message_id}").text
    )
    assert "/invitation/" not in page


def test_many_messages_come_in_pages_none_lost_none_twice(ledger, drain, helene):
    for day in range(19, 30):
        for hour in (9, 10, 11):
            ledger.book(f"2027-01-{day} {hour:02}:00")
    clock.freeze(instant("2027-01-18 10:40").isoformat())
    seen, address = [], "/messages?etat=a-venir"
    while address:
        page = helene.get(address).text
        seen += re.findall(r'href="/messages/([0-9a-f]{32})"', page)
        following = re.search(r'href="(/messages\?[^"]*apres=[^"]*)"', page)
        address = following.group(1).replace("&amp;", "&") if following else None

    assert len(seen) == len(set(seen)) == len(ledger.rows(status="pending"))


def test_an_unknown_view_is_not_found(helene):
    assert helene.get("/messages?etat=nimporte").status_code == 404


def test_every_reason_of_the_ledger_has_its_words(app, ledger, helene):
    reasons = [
        *("superseded", "cancelled", "late_booked", "past", "awaiting", "consent_withdrawn", "no_address"),
        *("account_closed", "too_late", "quarantine", "address", "disk", "smtp_timeout", "smtp_connection"),
        *("smtp_login", "smtp_cleartext", "smtp_nonsense", "defect"),
    ]
    ledger.book("2027-01-21 10:00")
    row = ledger.the("confirmation")
    for reason in reasons:
        ledger.set(Reminder, row.pk, status="failed", reason=reason)
        assert f">{reason}<" not in helene.get("/messages?etat=difficultes").text


def links_of(app, row):
    (file,) = app.config["BOOKING_SETTINGS"].mails.glob(f"*{row.message_id}.eml")
    base = app.config["BOOKING_SETTINGS"].base_url
    return re.findall(re.escape(base) + r"(/\S+)", file.read_text(encoding="utf-8"))


def test_the_link_in_a_colleagues_mail_opens_the_appointment(app, ledger, drain, signed_in_as):
    ledger.book("2027-01-21 10:00")
    drain()
    (link,) = links_of(app, ledger.the("diary_changed"))

    assert "Marcel Sage" in signed_in_as("chloe").get(link).text


@pytest.mark.parametrize("kind", ["invitation", "password_reset"])
def test_the_link_in_a_mail_about_an_account_opens_the_choice_of_a_password(app, ledger, cast, drain, client, kind):
    ledger.write(
        lambda session: reminders.send_account_message(session, kind, cast.gaston.pk, instant("2027-01-18 10:40"))
    )
    drain()
    (link,) = links_of(app, ledger.the(kind))

    page = client.get(link, follow_redirects=True)
    assert page.status_code == 200
    assert 'name="password"' in page.text
