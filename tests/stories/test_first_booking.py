"""Monday 18 January 2027, 10:40: a first booking for a colleague, its mails and feed, a move, a race.

At Treignac, Nadia Belkacem (France services) books Bruno Delmas (conseiller numérique, at the maison France
services on Tuesdays and Thursdays 9:00 to 12:00, taken on Tuesday from 9:00 to 10:00) for a caller.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import requests

from tests.plumbing.server import Serve, StartWorker
from tests.stories.desks import (
    BRUNO,
    CALLER,
    ELODIE,
    MIREILLE,
    NADIA,
    SLOT,
    Desk,
    Service,
    run_the_demonstration,
    unfolded,
)
from tests.web.desk import words

SEARCH = "/rendez-vous/nouveau?motif=accompagnement-individuel&avec=bruno.delmas&ou=fs-treignac&km=0"


@pytest.fixture
def service(database_url: str, tmp_path: Path, serve: Serve, start_worker: StartWorker) -> Service:
    return run_the_demonstration(database_url, tmp_path, serve, start_worker)


def test_the_story_over_http(service: Service) -> None:
    nadia, bruno = Desk.of(service.url, NADIA), Desk.of(service.url, BRUNO)
    feed = bruno.subscribe("adviser:bruno.delmas")
    before = requests.get(feed, timeout=60)

    offers = nadia.first_offers(SEARCH)
    assert offers[:5] == [f"2027-01-19T{hour}" for hour in ("10:00", "10:15", "10:30", "10:45", "11:00")]
    assert offers[5].startswith("2027-01-21")

    booked = nadia.press(SLOT, CALLER)
    rdv = booked.url.removeprefix(service.url)
    page = words(booked.text)
    assert "Le rendez-vous est confirmé." in page
    assert "Rappel de la veille à la personne heure déjà passée à la prise du rendez-vous" in page
    assert "Rappel deux heures avant à la personne part le mardi 19 janvier à 8 h" in page

    told = service.mails(2)
    assert {str(mail["To"]) for mail in told} == {CALLER["email"], BRUNO}

    after = requests.get(feed, timeout=60)
    entry = _entry_of(after.text, rdv)
    assert "DTSTART;TZID=Europe/Paris:20270119T100000" in entry
    assert "SEQUENCE:0" in entry
    assert after.headers["ETag"] != before.headers["ETag"]
    assert requests.get(feed, headers={"If-None-Match": after.headers["ETag"]}, timeout=60).status_code == 304

    moved = bruno.press(f"{rdv}/deplacer", {"slot": "2027-01-21T11:00|bruno.delmas|fs-treignac"})
    page = words(moved.text)
    assert "Le rendez-vous est déplacé : jeudi 21 janvier à 11 h." in page
    assert "Rappel de la veille à la personne part le mercredi 20 janvier à 11 h" in page
    assert "Rappel deux heures avant à la personne part le jeudi 21 janvier à 9 h" in page
    assert "mardi 19 janvier à 8 h" not in page

    known = {mail["Message-ID"] for mail in told}
    news = [mail for mail in service.mails(4) if mail["Message-ID"] not in known]
    assert sorted(str(mail["To"]) for mail in news) == sorted([CALLER["email"], NADIA])
    again = _entry_of(requests.get(feed, timeout=60).text, rdv)
    assert "DTSTART;TZID=Europe/Paris:20270121T110000" in again
    assert "SEQUENCE:1" in again
    assert _uid(again) == _uid(entry)

    _two_desks_press_at_once(service)


def _entry_of(feed: str, rdv: str) -> str:
    """The one event of the appointment."""
    found = [each for each in unfolded(feed).split("BEGIN:VEVENT")[1:] if rdv in each]
    assert len(found) == 1
    return found[0]


def _uid(entry: str) -> str:
    return re.findall(r"^UID:(.+)$", entry, re.MULTILINE)[0]


def _two_desks_press_at_once(service: Service) -> None:
    """One has it; the other sees what took it and three others, what was typed still there."""
    desks = [Desk.of(service.url, each) for each in (MIREILLE, ELODIE)]
    typed = [{"name": "Marcel Sage", "note": "Avec sa tablette"}, {"name": "Ginette Maury", "note": "Avec son fils"}]
    gate = Barrier(2)

    def press(index: int) -> requests.Response:
        gate.wait()
        return desks[index].press(SLOT, typed[index])

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(press, range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(index for index in range(2) if answers[index].status_code == 409)
    page = answers[loser].text
    assert "Bruno Delmas n’est plus libre mardi 19 janvier 2027" in words(page)
    assert len(re.findall(r"formaction=", page)) == 3
    assert typed[loser]["name"] in page
    assert typed[loser]["note"] in page
