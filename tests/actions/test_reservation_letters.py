"""Whom a reservation is told to, and in which words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from booking import database
from booking.actions import letters, proposals, reservations
from booking.actions.letters import Desk as WritingDesk
from booking.actions.letters import Unsent
from booking.actions.reservations import ReservationChange
from booking.mail import Letter
from booking.models import Account, Calendar, Reminder
from tests.actions.conftest import NOW, Desk
from tests.actions.test_reservations import TUESDAYS, reserve


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


NOBODY: list[tuple[str, str]] = []


def ledger(desk: Desk) -> list[tuple[str, str]]:
    """Kinds and addressees of what waits to be sent."""
    with database.reading() as session:
        found = session.execute(
            select(Reminder.kind, Account.id)
            .join(Account, Account.pk == Reminder.account_pk)
            .where(Reminder.status == "pending")
            .order_by(Reminder.pk)
        )
        return [(kind, who) for kind, who in found]


def written(app: Any, kind: str, now: datetime = NOW) -> Letter | Unsent:
    desk = WritingDesk(app.config["BOOKING_SETTINGS"], lambda page, **values: f"http://rdv.example/{page}")
    with database.reading() as session:
        pk = session.scalar(select(Reminder.pk).where(Reminder.kind == kind).order_by(Reminder.pk.desc()).limit(1))
        assert pk is not None
        return letters.write_letter(session, pk, now, desk)


def test_nobody_is_told_of_what_they_reserved_themselves(desk: Desk) -> None:
    reserve(desk)
    assert ledger(desk) == NOBODY


def test_whom_it_is_for_is_told_by_day_and_hour_first(desk: Desk, app: Any) -> None:
    reserve(desk, "denise", booked_for="basile")
    assert ledger(desk) == [("reservation_booked", "basile")]
    letter = written(app, "reservation_booked")
    assert isinstance(letter, Letter)
    assert plain(letter.subject).startswith("Mardi 26 janvier, 9 h : réservation pour vous")
    assert "Denise Dumas" in letter.text
    assert "Bureau 1" in letter.text


def test_a_series_says_how_many_dates_it_has_and_until_when(desk: Desk, app: Any) -> None:
    reserve(desk, "denise", booked_for="basile", rrule=TUESDAYS)
    letter = written(app, "reservation_booked")
    assert isinstance(letter, Letter)
    assert "4 dates, du mardi 26 janvier 2027" in plain(letter.text)
    assert "mardi 16 février 2027" in plain(letter.text)


def test_who_manages_is_asked_and_who_asked_is_answered(desk: Desk) -> None:
    done = reserve(desk, "gaston", "salle-orme")
    assert ledger(desk) == [("reservation_proposed", "helene")]
    desk.do("helene", reservations.confirm, done.id)
    assert ledger(desk) == [("reservation_confirmed", "gaston")]


def test_a_no_comes_with_its_reason(desk: Desk, app: Any) -> None:
    done = reserve(desk, "gaston", "salle-orme")
    desk.do("helene", reservations.reject, done.id, "Travaux")
    assert ledger(desk) == [("reservation_rejected", "gaston")]
    letter = written(app, "reservation_rejected")
    assert isinstance(letter, Letter)
    assert "Raison : Travaux" in letter.text


def test_a_lapse_is_told_to_who_asked(desk: Desk) -> None:
    reserve(desk, "gaston", "salle-orme")
    with_time = datetime(2027, 1, 21, 9, 0, tzinfo=NOW.tzinfo)
    assert database.write(lambda session: proposals.lapse_due(session, with_time)) == 1
    assert ledger(desk) == [("reservation_lapsed", "gaston")]


def test_holders_are_told_when_somebody_else_moves_or_cancels(desk: Desk) -> None:
    done = reserve(desk, "denise", booked_for="basile")
    desk.do("basile", reservations.change, done.id, ReservationChange(start="2027-01-26T14:00"))
    assert ledger(desk) == [("reservation_moved", "denise")]
    desk.do("elise", reservations.cancel, done.id, None)
    assert ledger(desk) == [("reservation_cancelled", "basile"), ("reservation_cancelled", "denise")]


def test_news_of_two_dates_of_a_series_are_both_sent(desk: Desk, app: Any) -> None:
    done = reserve(desk, rrule=TUESDAYS)
    for day in ("2027-02-02", "2027-02-09"):
        desk.do("elise", reservations.cancel, done.id, "Travaux", scope="one", date=day)
    assert ledger(desk) == [("reservation_cancelled", "alix")] * 2
    desk_of = WritingDesk(app.config["BOOKING_SETTINGS"], lambda page, **values: "http://rdv.example/")
    with database.reading() as session:
        both = [letters.write_letter(session, pk, NOW, desk_of) for pk in session.scalars(select(Reminder.pk))]
    assert sorted(plain(each.subject).split(",")[0] for each in both if isinstance(each, Letter)) == [
        "Mardi 2 février",
        "Mardi 9 février",
    ]
    assert all(isinstance(each, Letter) and "Raison : Travaux" in each.text for each in both)


def test_an_option_is_recalled_a_day_before_it_lapses(desk: Desk) -> None:
    with_options(14)
    reserve(desk, start="2027-03-30T09:00", end="2027-03-30T11:00", option=True)
    with database.reading() as session:
        row = session.execute(select(Reminder.kind, Reminder.due_wall, Reminder.status)).one()
    assert tuple(row) == ("option_lapses", "2027-03-15T09:00", "pending")


def test_an_option_taken_up_is_recalled_to_nobody(desk: Desk) -> None:
    with_options(14)
    done = reserve(desk, start="2027-03-30T09:00", end="2027-03-30T11:00", option=True)
    desk.do("alix", reservations.confirm, done.id)
    assert ledger(desk) == NOBODY


def with_options(days: int, calendar: str = "bureau-brume") -> None:
    database.write(
        lambda session: session.execute(update(Calendar).where(Calendar.id == calendar).values(option_days=days))
    )


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_message_can_be_written_in_both_languages(desk: Desk, app: Any, language: str) -> None:
    database.write(lambda session: session.execute(update(Account).values(language=language)))
    with_options(3)
    one = reserve(desk, "denise", booked_for="basile", option=True)
    two = reserve(desk, "gaston", "salle-orme")
    desk.do("helene", reservations.reject, two.id, "Travaux")
    three = reserve(desk, "gaston", "salle-orme")
    desk.do("helene", reservations.confirm, three.id)
    desk.do("elise", reservations.change, one.id, ReservationChange(start="2027-01-26T15:00"))
    desk.do("elise", reservations.cancel, one.id, None)
    desk.do("elise", reservations.restore, one.id)
    reserve(desk, "gaston", "salle-orme", start="2027-02-03T09:00", end="2027-02-03T10:00")
    database.write(lambda session: proposals.lapse_due(session, datetime(2027, 1, 21, tzinfo=NOW.tzinfo)))
    desk_of = WritingDesk(app.config["BOOKING_SETTINGS"], lambda page, **values: "http://rdv.example/")
    with database.reading() as session:
        kinds = set(session.scalars(select(Reminder.kind)))
        letters_of = [letters.shown_letter(session, pk, NOW, desk_of) for pk in session.scalars(select(Reminder.pk))]
    assert kinds == {
        *("reservation_booked", "reservation_proposed", "reservation_confirmed", "reservation_rejected"),
        *("reservation_lapsed", "reservation_moved", "reservation_cancelled", "reservation_restored", "option_lapses"),
    }
    assert all(len(each.text) > 100 and "None" not in each.text for each in letters_of)
