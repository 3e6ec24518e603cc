"""Entries that the tests of the writer speak of: one plain appointment, and any entry Hypothesis can think of."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
from hypothesis import strategies as st

from ical_feeds import ZONES, Event, feed_rule, write_calendar, write_event, zones_of
from ical_feeds.rules import WEEKDAYS

UID = "0b6a9c1e-7f54-4b36-9b0b-3f1f0a5f8b11"
BOOKED = datetime(2027, 1, 18, 9, 40, tzinfo=UTC)


def local(moment: str) -> datetime:
    """A local time without tzinfo, as `Event` wants it: ``local("2027-01-19 10:00")``."""
    return datetime.fromisoformat(moment)


def appointment(**changes: Any) -> Event:
    """The appointment of Tuesday 19 January 2027 at 10:00, in Treignac, with what a test changes about it."""
    values: dict[str, Any] = {
        "uid": UID,
        "sequence": 0,
        "status": "CONFIRMED",
        "summary": "Accompagnement individuel",
        "start": local("2027-01-19 10:00"),
        "end": local("2027-01-19 11:00"),
        "zone": "Europe/Paris",
        "created": BOOKED,
        "last_modified": BOOKED,
    }
    return Event(**(values | changes))


def weekly_desk(**changes: Any) -> Event:
    """A drop-in desk on Tuesdays and Thursdays, 09:00 to 12:00, from 16 March to 15 April 2027."""
    values: dict[str, Any] = {
        "summary": "Permanence",
        "start": local("2027-03-16 09:00"),
        "end": local("2027-03-16 12:00"),
        "rule": "FREQ=WEEKLY;UNTIL=20270415T070000Z;BYDAY=TU,TH",
    }
    return appointment(**(values | changes))


def calendar_of(*events: Event) -> str:
    """The feed of some events, as a phone in Treignac would fetch it."""
    return write_calendar(
        map(write_event, events),
        name="Agenda de Lou",
        timezone="Europe/Paris",
        zones_used=frozenset().union(*map(zones_of, events)),
    )


def unfolded(text: str) -> list[str]:
    """The content lines of iCalendar text, folds undone."""
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def lines_named(text: str, name: str) -> list[str]:
    """The content lines of one property."""
    return [line for line in unfolded(text) if line.split(":")[0].split(";")[0] == name]


def as_icalendar(event: Event, series_zone: str | None = None) -> list[icalendar.Event]:
    """The same VEVENTs, built by the icalendar library from the same values."""

    def moment(value: date, zone: str | None) -> date:
        return value.replace(tzinfo=ZoneInfo(zone)) if isinstance(value, datetime) and zone else value

    vevent = icalendar.Event()
    vevent.add("uid", event.uid)
    if event.recurrence_id is not None:
        vevent.add("recurrence-id", moment(event.recurrence_id, series_zone or event.zone))
    vevent.add("sequence", event.sequence)
    vevent.add("status", event.status)
    vevent.add("dtstamp", event.last_modified)
    vevent.add("created", event.created)
    vevent.add("last-modified", event.last_modified)
    vevent.add("dtstart", moment(event.start, event.zone))
    vevent.add("dtend", moment(event.end, event.zone))
    if event.rule is not None:
        vevent.add("rrule", icalendar.vRecur.from_ical(event.rule))
    for exdate in event.exdates:
        vevent.add("exdate", moment(exdate, event.zone))
    vevent.add("summary", event.summary)
    for name in ("location", "description", "url", "color"):
        if getattr(event, name):
            vevent.add(name, getattr(event, name))
    if event.categories:
        vevent.add("categories", list(event.categories))
    vevent.add("transp", "TRANSPARENT" if event.transparent or event.status == "CANCELLED" else "OPAQUE")
    if event.klass:
        vevent.add("class", event.klass)
    if event.related_to:
        vevent.add("related-to", event.related_to)
    if event.refid:
        vevent.add("refid", event.refid)
    if event.alarm_minutes is not None and event.status != "CANCELLED":
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", event.summary)
        alarm.add("trigger", timedelta(minutes=-event.alarm_minutes))
        vevent.add_component(alarm)
    overrides = [as_icalendar(override, event.zone)[0] for override in event.overrides]
    return [vevent, *overrides]


_SPECIAL = [
    "\\",
    ";",
    ",",
    ":",
    '"',
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "^",
    "é",
    "—",
    "\u00a0",
    "👩🏽‍🏫",
    "BEGIN:VEVENT",
]
_WORDS = ["Déclaration d'impôts", "Atelier, salle 2", "n", "N", "END:VEVENT", "x" * 74, "日本語" * 12]
_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])
_PIECES = st.lists(st.sampled_from(_SPECIAL + _WORDS) | _CHARACTERS, min_size=1, max_size=10)
TEXTS = _PIECES.map(lambda pieces: "".join(pieces).replace("\\N", "\\ N"))
"""Any text a person may type. The library takes a typed backslash-N for a line end, so the two are kept apart."""

_SEEDS = st.integers(0, 2**64)
_YEAR_2020 = datetime(2020, 1, 1, tzinfo=UTC)
_RULES: list[Callable[[datetime], str]] = [
    lambda start: "FREQ=DAILY;COUNT=5",
    lambda start: f"FREQ=DAILY;UNTIL={start + timedelta(days=40):%Y%m%d};INTERVAL=3",
    lambda start: f"FREQ=WEEKLY;COUNT=30;INTERVAL=2;BYDAY={_weekday(start)};WKST=SU",
    lambda start: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
    lambda start: f"FREQ=MONTHLY;BYMONTHDAY={start.day}",
    lambda start: f"FREQ=MONTHLY;COUNT=12;BYDAY={(start.day - 1) // 7 + 1}{_weekday(start)}",
]


def single_entries(number: int) -> st.SearchStrategy[list[Event]]:
    """Lists of so many entries: typed texts by Hypothesis, every other value by a die it has cast."""
    texts = st.lists(TEXTS, min_size=5, max_size=5)
    return st.builds(lambda seed, typed: _entries(Random(seed), typed, number), _SEEDS, texts)


def series() -> st.SearchStrategy[Event]:
    """A series with dropped dates and up to two changed occurrences, perhaps moved into another zone."""
    return st.builds(lambda seed, typed: _series(Random(seed), typed), _SEEDS, st.lists(TEXTS, min_size=5, max_size=5))


def _entries(die: Random, typed: list[str], number: int) -> list[Event]:
    return [Event(uid=_uid(die), **_values(die, typed)) for _ in range(number)]


def _series(die: Random, typed: list[str]) -> Event:
    uid, values = _uid(die), _values(die, typed)
    start, zone = values["start"], values["zone"]
    dates = [start + timedelta(days=days) for days in die.sample(range(1, 60), die.randrange(6))]
    overrides = []
    for replaced in dates[:2]:
        other = _values(die, typed)
        while (other["zone"] is None) != (zone is None):
            other = _values(die, typed)
        overrides.append(Event(uid=uid, recurrence_id=replaced, **other))
    rule = feed_rule(die.choice(_RULES)(start), start, zone)
    return Event(uid=uid, rule=rule, exdates=tuple(sorted(dates[2:])), overrides=tuple(overrides), **values)


def _uid(die: Random) -> str:
    return str(UUID(int=die.getrandbits(128)))


def _values(die: Random, typed: list[str]) -> dict[str, Any]:
    texts = [None, *typed]
    values: dict[str, Any] = {
        "sequence": die.randrange(20),
        "status": die.choice(["CONFIRMED", "TENTATIVE", "CANCELLED"]),
        "summary": die.choice(["", *typed]),
        "created": _YEAR_2020 + timedelta(seconds=die.randrange(10**9)),
        "last_modified": _YEAR_2020 + timedelta(seconds=die.randrange(10**9)),
        "description": die.choice(texts),
        "location": die.choice(texts),
        "url": die.choice([None, f"https://rdv.example/é/{die.getrandbits(200)}?a=1;b=2,3"]),
        "categories": tuple(die.sample(typed, die.randrange(3))),
        "transparent": die.choice([True, False]),
        "related_to": die.choice([None, _uid(die)]),
        "refid": die.choice([None, "2027-T1", "tournée, est"]),
        "alarm_minutes": die.choice([None, die.randrange(1, 3000)]),
        "color": die.choice([None, "teal"]),
        "klass": die.choice([None, "PUBLIC", "PRIVATE", "CONFIDENTIAL"]),
    }
    start = _YEAR_2020.replace(tzinfo=None) + timedelta(minutes=die.randrange(8_000_000))
    length = timedelta(minutes=die.randrange(1, 3000))
    if die.random() < 0.2:
        first = start.date()
        return values | {"start": first, "end": first + timedelta(days=1 + length.days), "zone": None}
    return values | {"start": start, "end": start + length, "zone": die.choice(sorted(ZONES))}


def _weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()]
