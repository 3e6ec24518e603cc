"""What is kept between searches: never a time that the database knew to be taken when the search began."""

from __future__ import annotations

import random
import threading
from datetime import UTC, date, datetime

from flask import Flask
from sqlalchemy.orm import Session

from booking import database
from booking.actions import absences, appointments, openings_editing, proposals, slot_masks, slots
from booking.actions.absences import AbsenceDraft
from booking.actions.appointment_requests import Move
from booking.actions.openings_editing import OpeningDraft
from booking.actions.slots import Search
from booking.models import Share
from booking.refusals import Refusal
from tests.actions.conftest import NOW, Desk, at

SEARCHES = (
    Search(purpose="accompagnement", until=date(2027, 2, 12), limit=slots.MOST),
    Search(minutes=30, room="any", until=date(2027, 2, 12), limit=slots.MOST),
    Search(purpose="atelier", advisers=("chloe",), until=date(2027, 2, 12), limit=slots.MOST),
)


def answers(desk: Desk) -> list[slots.Page]:
    return [
        desk.read("elise", lambda session, actor, one=one: slots.find(session, actor, one, NOW)) for one in SEARCHES
    ]


def test_whatever_is_done_the_next_search_answers_as_if_nothing_were_kept(desk: Desk) -> None:
    draw = random.Random(7)
    booked: list[str] = []
    for _ in range(40):
        _something(desk, draw, booked)
        kept = answers(desk)
        slot_masks.forget()
        assert kept == answers(desk)


def _something(desk: Desk, draw: random.Random, booked: list[str]) -> None:
    day = draw.choice(["2027-01-19", "2027-01-21", "2027-01-26", "2027-02-04"])
    start = f"{day}T{draw.choice(['09', '10', '11'])}:00"
    one = draw.choice(booked) if booked else None
    try:
        match draw.randint(0, 8):
            case 0 | 1 | 2:
                booked.append(desk.book("elise", start=start, room=draw.choice([None, "any"])).id)
            case 3 if one:
                desk.do("elise", appointments.move, one, Move(starts=at(start)))
            case 4 if one:
                desk.do("elise", appointments.cancel, one, None)
            case 5 if one:
                desk.do("elise", appointments.restore, one)
            case 6:
                desk.do(
                    "elise", absences.add, AbsenceDraft(draw.choice(["chloe", "salle-brume"]), start, f"{day}T12:00")
                )
            case 7:
                desk.do("elise", openings_editing.change_date, "chloe-1", day, start=f"{day}T13:00", minutes=120)
            case _:
                desk.do("elise", openings_editing.add, "alix", OpeningDraft("maison-brume", start, 60))
    except Refusal:
        pass  # what was refused must have changed nothing


def test_a_proposal_that_lapsed_is_offered_again(desk: Desk) -> None:
    def propose_only(session: Session) -> None:
        pk = desk.cast.chloe_calendar.pk
        session.add(Share(calendar_pk=pk, organisation_pk=desk.cast.brume.pk, level="propose"))
        session.add(Share(calendar_pk=pk, territory_pk=desk.cast.territory.pk, level="none"))

    database.write(propose_only)
    before = answers(desk)
    assert desk.book("alix", start="2027-01-21T10:00").status == "tentative"
    assert answers(desk) != before
    database.write(lambda session: proposals.lapse_due(session, datetime(2027, 1, 21, tzinfo=UTC)))
    assert answers(desk) == before


def test_a_search_that_began_after_a_booking_never_shows_its_time(app: Flask, desk: Desk) -> None:
    """Several look while one books and cancels: nobody is shown what was taken before they began."""
    wrong: list[int] = []
    taken: list[int] = []
    done = threading.Event()

    def look() -> None:
        with app.app_context():
            while not done.is_set():
                certain = list(taken)
                page = desk.read("elise", lambda session, actor: slots.find(session, actor, SEARCHES[0], NOW))
                offered = {slot.starts for slot in page.items if slot.advisers == ("chloe",)}
                wrong.extend(start for start in certain if start in offered)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    try:
        for turn in range(12):
            start = f"2027-01-{(19, 21, 26, 28)[turn % 4]}T{(9, 10, 11)[turn % 3]:02d}:00"
            desk.book("elise", start=start)
            taken.append(at(start))
    finally:
        done.set()
        for looker in lookers:
            looker.join()
    assert len(taken) == 12
    assert wrong == []
