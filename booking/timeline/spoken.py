"""How hours, days and lengths of time are said, in French and in English.

Takes UTC minutes with the zone of the place, or local dates. Hours and their units are held together by
no-break spaces, so that a line never ends between them.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
_HARD = "\N{NO-BREAK SPACE}"

_DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_NEAR = {
    "fr": {-2: "avant-hier", -1: "hier", 0: "aujourd’hui", 1: "demain", 2: "après-demain"},
    "en": {-2: "two days ago", -1: "yesterday", 0: "today", 1: "tomorrow", 2: "in two days"},
}


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(moment: int | datetime, zone: str) -> datetime:
    """The wall clock of ``zone`` at a UTC minute or an aware instant."""
    if isinstance(moment, datetime):
        return moment.astimezone(_zone(zone))
    return (_EPOCH + timedelta(minutes=moment)).astimezone(_zone(zone))


def local_day(moment: int | datetime | date, zone: str) -> date:
    """The local date; a plain date stays itself."""
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return moment
    return local(moment, zone).date()


def hour(moment: int | datetime, zone: str, language: str = "fr") -> str:
    """``9 h 30``, ``10 h 00`` (``9:30``, ``10:00``): for columns, where hours stand one below the other."""
    wall = local(moment, zone)
    if language == "en":
        return f"{wall.hour}:{wall.minute:02}"
    return f"{wall.hour}{_HARD}h{_HARD}{wall.minute:02}"


def hour_in_a_sentence(moment: int | datetime, zone: str, language: str = "fr") -> str:
    """``10 h`` for a full hour, ``9 h 30`` otherwise: for sentences."""
    wall = local(moment, zone)
    if language == "fr" and wall.minute == 0:
        return f"{wall.hour}{_HARD}h"
    return hour(moment, zone, language)


def day(
    moment: int | datetime | date, zone: str, language: str = "fr", *, year: bool = True, weekday: bool = True
) -> str:
    """``mardi 19 janvier 2027`` (``Tuesday 19 January 2027``); the first of a month is ``1er`` in French."""
    that = local_day(moment, zone)
    number = f"{that.day}{'er' if that.day == 1 and language == 'fr' else ''}"
    words = [number + _HARD + _MONTHS[language][that.month - 1]]
    if weekday:
        words.insert(0, _DAYS[language][that.weekday()])
    if year:
        words.append(str(that.year))
    return " ".join(words)


def short_day(moment: int | datetime | date, zone: str, language: str = "fr") -> str:
    """``mar. 19/01`` (``Tue 19/01``): for the head of a narrow column."""
    that = local_day(moment, zone)
    name = _DAYS[language][that.weekday()][:3] + ("." if language == "fr" else "")
    return f"{name}{_HARD}{that.day:02}/{that.month:02}"


def month(moment: int | datetime | date, zone: str, language: str = "fr") -> str:
    """``janvier 2027``."""
    that = local_day(moment, zone)
    return f"{_MONTHS[language][that.month - 1]} {that.year}"


def distance(moment: int | datetime | date, today: date, zone: str, language: str = "fr") -> str:
    """How far that day is from ``today``: ``demain``, ``dans 5 jours``, ``il y a 3 semaines``."""
    days = (local_day(moment, zone) - today).days
    if days in _NEAR[language]:
        return _NEAR[language][days]
    many = abs(days)
    weeks, months = many // 7, many // 30
    if language == "fr":
        words = f"{many} jours" if many < 14 else f"{weeks} semaines" if many < 61 else f"{months} mois"
        return f"dans {words}" if days > 0 else f"il y a {words}"
    words = f"{many} days" if many < 14 else f"{weeks} weeks" if many < 61 else f"{months} months"
    return f"in {words}" if days > 0 else f"{words} ago"


def length(minutes: int, language: str = "fr") -> str:
    """``45 min``, ``1 h``, ``1 h 30``."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{_HARD}min"
    if language == "en":
        return f"{hours}{_HARD}h" + (f"{_HARD}{rest}{_HARD}min" if rest else "")
    return f"{hours}{_HARD}h" + (f"{_HARD}{rest:02}" if rest else "")


def span(starts: int, ends: int, zone: str, language: str = "fr") -> str:
    """``de 10 h à 11 h 30`` (``10:00 to 11:30``), on whatever day."""
    first, last = hour_in_a_sentence(starts, zone, language), hour_in_a_sentence(ends, zone, language)
    return f"de {first} à {last}" if language == "fr" else f"{first} to {last}"
