"""The address of a search: what is asked in it, in French words that can be read and sent to a colleague.

``/rendez-vous/nouveau?motif=accompagnement-individuel&ou=fs-treignac&km=15&quand=jour&le=2027-01-19``. What the
address leaves open is answered with the likeliest: what was chosen last, or the reader's home.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.datastructures import MultiDict

from booking.actions import communes
from booking.actions.distance import Place
from booking.actions.rights import Actor
from booking.actions.search_choices import CalendarChoice, Choices, PurposeChoice, VenueChoice
from booking.timeline.interval import from_aware, to_aware, to_minute

FIRST, ONE, TOGETHER = "premier", "une", "ensemble"
ANYWHERE, COMMUNE = "partout", "commune"
NOW, DAY, WEEK = "maintenant", "jour", "semaine"
MORNING, AFTERNOON = "matin", "apres-midi"
AS_ASKED, ANY, WITHOUT = "", "une", "sans"
DISTANCES = (0, 5, 10, 15, 20, 30, 50)
USUAL_KM = 15
LONGEST_MINUTES = 8 * 60
Arguments = MultiDict[str, str]


@dataclass(frozen=True)
class Asked:
    """What a search asks. ``room`` and ``vehicle``: an id, ``une`` (any), ``sans`` (none), or as the purpose asks."""

    purpose: PurposeChoice | None
    whom: str = FIRST
    advisers: tuple[str, ...] = ()
    where: str = ANYWHERE
    km: int = 0
    commune: str = ""
    when: str = NOW
    day: date | None = None
    half: str = ""
    room: str = AS_ASKED
    vehicle: str = AS_ASKED
    minutes: int | None = None
    since: date | None = None
    before: date | None = None
    after: str | None = None
    """The id of the appointment that this one follows."""

    @property
    def length(self) -> int:
        """Minutes of the appointment."""
        return self.minutes or (self.purpose.minutes if self.purpose else 60)

    @property
    def asks_room(self) -> bool:
        return bool(self.purpose and self.purpose.room_capacity) or self.room not in (AS_ASKED, WITHOUT)

    @property
    def asks_vehicle(self) -> bool:
        return bool(self.purpose and self.purpose.needs_vehicle) or self.vehicle not in (AS_ASKED, WITHOUT)

    @property
    def wanted_room(self) -> str | None:
        """As an action wants it: ``any``, an id, or nothing."""
        return _wanted(self.room, bool(self.purpose and self.purpose.room_capacity))

    @property
    def wanted_vehicle(self) -> str | None:
        return _wanted(self.vehicle, bool(self.purpose and self.purpose.needs_vehicle))


def _wanted(chosen: str, purpose_asks: bool) -> str | None:
    if chosen == ANY or (chosen == AS_ASKED and purpose_asks):
        return "any"
    return None if chosen in (AS_ASKED, WITHOUT) else chosen


@dataclass(frozen=True)
class Chosen:
    """One slot that was clicked: when (UTC minute), with whom, where."""

    starts: int
    advisers: tuple[str, ...]
    venue: VenueChoice


def read(arguments: Arguments, choices: Choices, actor: Actor, kept: Mapping[str, Any]) -> Asked:
    """What the address asks, completed by what was ``kept`` from the last booking and by the reader's home."""
    pointed = [each for each in map(choices.by_id.get, arguments.getlist("agenda")) if each is not None]
    people = [each for each in pointed if each.kind == "adviser"]
    purpose = _purpose(arguments, choices, kept, people)
    asked = Asked(purpose, minutes=_number(arguments.get("duree"), LONGEST_MINUTES), after=arguments.get("suite_de"))
    asked = _people(asked, arguments, choices, people)
    asked = _place(asked, arguments, choices, actor, kept)
    asked = _time(asked, arguments)
    return replace(
        asked,
        room=_need(arguments, "salle", "room", choices, pointed),
        vehicle=_need(arguments, "vehicule", "vehicle", choices, pointed),
    )


def _purpose(
    arguments: Arguments, choices: Choices, kept: Mapping[str, Any], people: list[CalendarChoice]
) -> PurposeChoice | None:
    named = choices.purpose(arguments.get("motif"))
    if named is not None:
        return named
    likely = [choices.purpose(kept.get("motif")), *choices.purposes]
    fitting = [each for each in likely if each is not None and all(each.admits(one.profession) for one in people)]
    return next(iter(fitting), None)


def _people(asked: Asked, arguments: Arguments, choices: Choices, pointed: list[CalendarChoice]) -> Asked:
    able = {each.id for each in choices.advisers_for(asked.purpose)}
    whom = arguments.get("avec", "")
    if whom == TOGETHER:
        several = tuple(dict.fromkeys(each for each in arguments.getlist("avec-qui") if each in able))
        return replace(asked, whom=TOGETHER, advisers=several)
    if whom in able:
        return replace(asked, whom=ONE, advisers=(whom,))
    if _from_elsewhere(arguments) and pointed:
        several = tuple(each.id for each in pointed if each.id in able)
        return replace(asked, whom=TOGETHER if len(several) > 1 else ONE if several else FIRST, advisers=several)
    return asked


def _from_elsewhere(arguments: Arguments) -> bool:
    """Whether the address names a free time of a planner, and asks nothing of its own."""
    return "debut" in arguments and "ou" not in arguments


def _place(
    asked: Asked,
    arguments: Arguments,
    choices: Choices,
    actor: Actor,
    kept: Mapping[str, Any],
) -> Asked:
    where = arguments.get("ou")
    km = _number(arguments.get("km"), 200)
    if _from_elsewhere(arguments):
        return replace(asked, where=ANYWHERE)
    if where is None:
        where, km = kept.get("ou"), kept.get("km", km)
    if where is None:
        home = choices.venue_of(actor.home_venue_pk)
        where, km = (home.id, USUAL_KM) if home else (ANYWHERE, 0)
    if where == COMMUNE:
        return replace(
            asked, where=COMMUNE, km=USUAL_KM if km is None else km, commune=arguments.get("commune", "").strip()[:80]
        )
    if choices.venue(where) is None:
        return replace(asked, where=ANYWHERE)
    return replace(asked, where=where, km=km or 0)


def _time(asked: Asked, arguments: Arguments) -> Asked:
    day = date_of(arguments.get("le"))
    when = arguments.get("quand", NOW)
    half = arguments.get("moment", "")
    return replace(
        asked,
        when=when if when in (DAY, WEEK) and day else NOW,
        day=day,
        half=half if half in (MORNING, AFTERNOON) else "",
        since=date_of(arguments.get("des")),
        before=date_of(arguments.get("avant")),
    )


def _need(arguments: Arguments, name: str, kind: str, choices: Choices, pointed: list[CalendarChoice]) -> str:
    given = arguments.get(name)
    if given is None:
        return next((each.id for each in pointed if each.kind == kind), AS_ASKED)
    if given in (ANY, WITHOUT):
        return given
    found = choices.by_id.get(given)
    return given if found is not None and found.kind == kind else AS_ASKED


def _number(text: str | None, most: int) -> int | None:
    """A whole number from nought to ``most``; anything else is as if it were not there."""
    if not text or not text.isdecimal() or len(text) > 5:
        return None
    return int(text) if int(text) <= most else None


def date_of(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1970 < day.year < 2200 else None


def address(asked: Asked, chosen: Chosen | None = None, **change: Any) -> str:
    """The address of a search (or of a slot in it): only what differs from nothing asked is in it."""
    asked = replace(asked, **change) if change else asked
    values: dict[str, Any] = {"motif": asked.purpose.id if asked.purpose else None}
    if asked.whom == ONE:
        values["avec"] = asked.advisers[0]
    elif asked.whom == TOGETHER:
        values["avec"] = TOGETHER
        values["avec-qui"] = list(asked.advisers)
    values["ou"] = asked.where
    if asked.where != ANYWHERE:
        values["km"] = asked.km
    if asked.where == COMMUNE:
        values["commune"] = asked.commune
    if asked.when != NOW:
        values["quand"] = asked.when
        values["le"] = asked.day.isoformat() if asked.day else None
    values.update(
        {
            "moment": asked.half,
            "salle": asked.room,
            "vehicule": asked.vehicle,
            "duree": asked.minutes,
            "des": asked.since.isoformat() if asked.since else None,
            "avant": asked.before.isoformat() if asked.before else None,
            "suite_de": asked.after,
        }
    )
    if chosen is not None:
        values["debut"] = wall_text(chosen.starts, chosen.venue.zone)
        values["agenda"] = list(chosen.advisers)
        values["lieu"] = chosen.venue.id
    return url_for("search.new", **{name: value for name, value in values.items() if value not in (None, "", [])})


def wall_text(minute: int, zone: str) -> str:
    """The local time as ``2027-01-19T10:00``; with its offset in the hour that the clocks show twice."""
    aware = to_aware(minute, ZoneInfo(zone))
    plain = aware.replace(tzinfo=None)
    text = plain.isoformat(timespec="minutes")
    return text if to_minute(plain, ZoneInfo(zone)) == minute else aware.isoformat(timespec="minutes")


def minute_of(text: str | None, zone: str) -> int | None:
    """The UTC minute of a local time, with or without its offset; ``None`` when it is none."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    if not 1970 < moment.year < 2200:
        return None
    return from_aware(moment) if moment.tzinfo else to_minute(moment.replace(second=0, microsecond=0), ZoneInfo(zone))


def centre(asked: Asked, choices: Choices) -> Place | None:
    """The point around which is searched; ``None`` for anywhere, a venue alone, or a commune that nobody knows."""
    if asked.where == ANYWHERE or not asked.km:
        return None
    if asked.where == COMMUNE:
        found = commune_of(asked, choices)
        return found.point if found else None
    venue = choices.venue(asked.where)
    return venue.point if venue else None


def commune_of(asked: Asked, choices: Choices) -> communes.Commune | None:
    points = [each.point for each in choices.venues if each.point is not None]
    return communes.named(asked.commune, points) if asked.commune else None
