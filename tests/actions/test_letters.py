"""What a mail says, to whom, and when it is better not sent."""

from __future__ import annotations

import email
import email.policy
import re
import shutil

import pytest

from booking import database
from booking.actions import letters, people, reminders
from booking.actions.letters import Desk, Unsent
from booking.mail import Letter, Refused, as_message, one_line
from booking.models import Account, Beneficiary, Entry, Instruction, Reminder, Venue
from tests.actions.ledger import Ledger, instant

TEN = "2027-01-21 10:00"


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
def write(app, ledger):
    """``write("day_before")``: the letter of the one waiting row of that kind, or why there is none."""
    desk = Desk(app.config["BOOKING_SETTINGS"], lambda page, **values: f"http://rdv.example/{page}/{values}")

    def letter(kind, now="2027-01-18 10:40", **having):
        row = ledger.the(kind, **having)
        with app.app_context(), database.reading() as session:
            return letters.write_letter(session, row.pk, instant(now), desk)

    return letter


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_subject_begins_with_the_day_and_the_hour(ledger, write):
    ledger.book("2027-01-19 10:00")

    assert one_line(write("confirmation").subject) == "Mardi 19 janvier, 10 h : rendez-vous à Brume"


@pytest.mark.parametrize(
    ("commune", "said"),
    [
        ("Le Verdon-sur-Mer", "au Verdon-sur-Mer"),
        ("Les Billanges", "aux Billanges"),
        ("La Tremblade", "à La Tremblade"),
    ],
)
def test_a_commune_with_an_article_is_said_as_people_say_it(ledger, cast, write, commune, said):
    ledger.set(Venue, cast.maison.pk, commune=commune)
    ledger.book(TEN)

    assert write("confirmation").subject.endswith(f"rendez-vous {said}")


def test_the_confirmation_says_when_where_with_whom_and_whom_to_call(ledger, cast, write):
    ledger.set(Venue, cast.maison.pk, phone="+33555980000", access="une marche, sonnette à droite")
    ledger.book(TEN, rooms=(cast.desk.pk,))

    text = plain(write("confirmation").text)
    for words in (
        "jeudi 21 janvier 2027, à 10 h",
        "Maison de Brume, 3 place du Marché, 19260 Brume",
        "Salle : Bureau 1",
        "une marche, sonnette à droite",
        "Chloé Caron",
        "05 55 98 00 00",
        "rappel la veille",
    ):
        assert words in text


def test_what_to_bring_is_told_for_the_purpose_for_the_venue_and_for_both(ledger, cast, write):
    def leave(session):
        session.add_all(
            [
                Instruction(purpose_pk=cast.individual.pk, text="un téléphone"),
                Instruction(venue_pk=cast.maison.pk, text="une pièce d’identité"),
                Instruction(purpose_pk=cast.individual.pk, venue_pk=cast.maison.pk, text="un badge"),
                Instruction(purpose_pk=cast.papers.pk, text="un avis d’imposition"),
                Instruction(venue_pk=cast.mairie.pk, text="des bottes"),
            ]
        )

    ledger.write(leave)
    ledger.book(TEN)

    assert re.findall("^- (.*)$", write("confirmation").text, re.M) == [
        "un téléphone",
        "un badge",
        "une pièce d’identité",
    ]


def test_without_a_phone_of_the_venue_one_calls_the_adviser(ledger, cast, write):
    ledger.set(Account, cast.chloe.pk, phone="+33536491234")
    ledger.set(Account, cast.denise.pk, phone="+33536490000")
    ledger.book(TEN)

    assert "05 36 49 12 34" in plain(write("confirmation").text)


def test_without_a_phone_of_the_adviser_one_calls_the_desk_of_the_organisation(ledger, cast, write):
    ledger.set(Account, cast.denise.pk, phone="+33536490000")
    ledger.book(TEN)

    assert "05 36 49 00 00" in plain(write("confirmation").text)


def test_only_reminders_that_will_come_are_announced(ledger, write):
    ledger.book("2027-01-19 10:00")

    text = write("confirmation").text
    assert "deux heures avant" in text
    assert "la veille" not in text


def test_somebody_who_reads_english_gets_english(ledger, write):
    ledger.book(TEN, language="en")

    assert one_line(write("confirmation").subject) == "Thursday 21 January, 10:00: appointment in Brume"


def test_a_colleague_reads_initials_and_a_link_and_nothing_more_of_the_person(ledger, write):
    ledger.book(TEN, name="Marcel Sage", email="marcel@courriel.example")

    text = write("diary_changed").text
    assert "M. S." in text
    assert "http://rdv.example/" in text
    assert "Marcel" not in text
    assert "courriel.example" not in text


def test_every_kind_is_written_in_both_languages_without_a_gap(app):
    kinds = {
        *("confirmation", "day_before", "two_hours_before", "moved", "cancelled", "restored"),
        *("moved_colleague", "cancelled_colleague", "restored_colleague", "diary_changed", "proposed"),
        *("confirmed", "rejected", "lapsed", "undeliverable", "invitation", "password_reset"),
    }
    known = letters._templates().list_templates()

    assert {f"mail/{kind}.{language}.txt" for kind in kinds for language in ("fr", "en")} <= set(known)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", ["booked", "moved", "left", "cancelled", "restored", "proposed", "rejected", "lapsed"])
def test_every_message_to_colleagues_can_be_written(ledger, cast, app, language, kind):
    for account in cast.accounts.values():
        ledger.set(Account, account.pk, language=language)
    entry, _ = ledger.book(TEN, kind="proposed" if kind in ("proposed", "rejected", "lapsed") else "booked")
    act = {
        "moved": {"kind": "moved", "start": "2027-01-22 11:00"},
        "left": {"kind": "moved", "start": "2027-01-22 11:00", "advisers": (cast.basile_calendar.pk,)},
        "cancelled": {"kind": "cancelled", "reason": "salle inondée"},
        "rejected": {"kind": "rejected", "reason": "formation"},
        "lapsed": {"kind": "lapsed"},
    }
    if kind in act:
        ledger.change(entry, actor=cast.elise.pk, now="2027-01-18 11:00", **act[kind])
    if kind == "restored":
        ledger.change(entry, "cancelled", actor=cast.elise.pk, now="2027-01-18 11:00")
        for row in ledger.rows(kind="cancelled"):
            ledger.set(Reminder, row.pk, status="sent")
        ledger.change(entry, "restored", actor=cast.elise.pk, now="2027-01-18 11:01")
    desk = Desk(app.config["BOOKING_SETTINGS"], lambda page, **values: "http://rdv.example/")

    with app.app_context(), database.reading() as session:
        waiting = [row for row in ledger.rows(status="pending") if row.account_pk]
        written = [letters.write_letter(session, row.pk, instant("2027-01-18 11:02"), desk) for row in waiting]
    assert written
    assert all(isinstance(letter, Letter) and len(letter.text) > 100 for letter in written)


def test_a_link_to_choose_a_password_is_made_when_the_mail_is_written_and_opens_the_account(app, ledger, cast, write):
    ledger.write(
        lambda session: reminders.send_account_message(
            session, "password_reset", cast.gaston.pk, instant("2027-01-18 10:40")
        )
    )
    token = re.search(r"'token': '([^']+)'", write("password_reset").text).group(1)

    with app.app_context(), database.reading() as session:
        kind, account = people.account_of_link(session, app.config["SECRET_KEY"], token)
    assert (kind, account.pk) == ("password_reset", cast.gaston.pk)


def test_a_personal_link_is_hidden_from_whoever_else_reads_the_mail(app, ledger, cast):
    ledger.write(
        lambda session: reminders.send_account_message(
            session, "invitation", cast.gaston.pk, instant("2027-01-18 10:40")
        )
    )
    desk = Desk(app.config["BOOKING_SETTINGS"], lambda page, **values: f"http://rdv.example/{values}")

    with app.app_context(), database.reading() as session:
        shown = letters.shown_letter(session, ledger.the("invitation").pk, instant("2027-01-18 10:40"), desk)
    assert "rdv.example" not in shown.text


def test_consent_taken_back_stops_the_mail(ledger, write):
    entry, _ = ledger.book(TEN)
    ledger.set(Beneficiary, ledger.made[entry]["beneficiary_pk"], consent_reminders=False)

    assert write("day_before") == Unsent("skipped", "consent_withdrawn")


def test_an_address_that_is_gone_stops_the_mail(ledger, write):
    entry, _ = ledger.book(TEN)
    ledger.set(Beneficiary, ledger.made[entry]["beneficiary_pk"], email=None)

    assert write("day_before") == Unsent("skipped", "no_address")


def test_an_account_that_was_closed_stops_the_mail(ledger, cast, write):
    ledger.book(TEN)
    ledger.set(Account, cast.chloe.pk, active=False)

    assert write("diary_changed") == Unsent("skipped", "account_closed")


def test_an_appointment_changed_by_a_way_that_planned_nothing_stops_the_mail(ledger, write):
    entry, _ = ledger.book(TEN)
    ledger.set(Entry, entry, sequence=1)

    assert write("day_before") == Unsent("skipped", "superseded")


def test_an_appointment_that_no_longer_stands_stops_the_mail(ledger, write):
    entry, _ = ledger.book(TEN)
    ledger.set(Entry, entry, sequence=1, status="cancelled")

    assert write("day_before") == Unsent("skipped", "cancelled")


def test_a_reminder_is_sent_up_to_the_last_useful_second_and_not_after(ledger, write):
    ledger.book(TEN)

    assert isinstance(write("day_before", now="2027-01-21 09:00:00"), Letter)
    assert write("day_before", now="2027-01-21 09:00:01") == Unsent("expired", "too_late")


def letter(**changes):
    return Letter(
        **{
            "to": "marcel@courriel.example",
            "subject": "Mardi",
            "text": "Bonjour\n",
            "language": "fr",
            "message_id": "a" * 32,
            "file_name": "a.eml",
            "date": instant("2027-01-18 10:40"),
            **changes,
        }
    )


def test_a_name_from_the_data_cannot_add_a_header(app):
    message = as_message(letter(subject="Mardi\r\nBcc: tous@courriel.example\u2028X: y"), "rdv@booking.example")
    read = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)

    assert read["Bcc"] is None
    assert read["X"] is None
    assert read["Subject"] == "Mardi Bcc: tous@courriel.example X: y"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "marcel",
        "marcel@",
        "@courriel.example",
        "a@b\r\nBcc: c@d.example",
        "a@b.example, c@d.example",
        "é@b.example",
        "<a@b.example>",
        "a b@c.example",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(Refused):
        as_message(letter(to=address), "rdv@booking.example")


def test_a_domain_with_accents_is_written_in_ascii():
    assert as_message(letter(to="a@préfecture.example"), "rdv@booking.example")["To"] == "a@xn--prfecture-c4a.example"


def test_a_mail_is_marked_as_automatic_and_bears_the_ledgers_message_id():
    message = as_message(letter(), "Rendez-vous <rdv@booking.example>")

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{'a' * 32}@booking.example>"


def test_a_text_comes_through_whole_accents_and_all():
    text = "À bientôt, Élise.\n.\nUne ligne " + "très " * 400 + "longue\n"
    message = as_message(letter(text=text), "rdv@booking.example")
    read = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)

    assert read.get_content().replace("\r\n", "\n") == text
    assert max(map(len, message.as_bytes().splitlines())) < 998
