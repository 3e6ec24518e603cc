"""Rules of recurrence in words: "tous les mardis et jeudis", "le 2e mardi de chaque mois", "jusqu’au 30 juin 2027".

Takes what RFC 5545 §3.3.10 allows as far as the service keeps it, in French and in English.
"""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from booking.timeline import spoken
from booking.timeline.rule import Rule, parse_rule

MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)
EVERY_DAY = tuple(range(7))
_A_MONDAY = date(2027, 1, 4).toordinal()
_FRENCH_PARTS = {2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six"}


def rhythm(rrule: str | None, start: datetime, zone: ZoneInfo, language: str) -> str:
    """When it comes back, without its end: ``tous les mardis et jeudis``; without a rule the one day it is on.

    ``start`` is the local start without zone. Raises ``RuleError``.
    """
    if not rrule:
        day = spoken.day(start.date(), zone.key, language)
        return f"le {day}" if language == "fr" else f"on {day}"
    rule = parse_rule(rrule, start, zone)
    if rule.frequency in ("DAILY", "WEEKLY"):
        return _days_fr(rule) if language == "fr" else _days_en(rule)
    return _months_fr(rule) if language == "fr" else _months_en(rule)


def ending(rrule: str | None, start: datetime, zone: ZoneInfo, language: str) -> str:
    """``jusqu’au 30 juin 2027``, ``12 fois``, or nothing when it never ends or happens once."""
    if not rrule:
        return ""
    rule = parse_rule(rrule, start, zone)
    if rule.until is not None:
        day = spoken.day(rule.until, zone.key, language, weekday=False)
        return f"jusqu’au {day}" if language == "fr" else f"until {day}"
    if rule.count is not None:
        if language == "fr":
            return f"{rule.count} fois"
        return "once" if rule.count == 1 else f"{rule.count} times"
    return ""


def weekday_name(weekday: int, language: str) -> str:
    """``lundi`` for 0."""
    return spoken.day(date.fromordinal(_A_MONDAY + weekday), "UTC", language, year=False).split()[0]


def rank_name(rank: int, language: str) -> str:
    """Which of a month's Tuesdays: ``le 2e``, ``le dernier``, ``l’avant-dernier``."""
    if language == "fr":
        ranks = {-1: "le dernier", -2: "l’avant-dernier"}
        return ranks.get(rank) or ("le 1er" if rank == 1 else f"le {abs(rank)}e")
    ranks = {-1: "the last", -2: "the last but one"}
    return ranks.get(rank) or f"the {_ordinal_en(abs(rank))}"


def _month_name(month: int, language: str) -> str:
    return spoken.month(date(2027, month, 1), "UTC", language).split()[0]


def _listed(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _run(weekdays: tuple[int, ...]) -> bool:
    """Whether these are three days or more on end, said as from one to the other."""
    return len(weekdays) > 2 and weekdays[-1] - weekdays[0] == len(weekdays) - 1


# ---- every so many days or weeks


def _days_fr(rule: Rule) -> str:
    weekdays = rule.weekdays or EVERY_DAY
    names = [weekday_name(each, "fr") for each in weekdays]
    if rule.frequency == "DAILY" and rule.interval > 1:
        words = "un jour sur deux" if rule.interval == 2 else f"tous les {rule.interval} jours"
        return words if weekdays == EVERY_DAY else f"{words}, {_only_fr(weekdays)}"
    if rule.interval == 1:
        if weekdays == EVERY_DAY:
            return "tous les jours"
        if _run(weekdays):
            return f"tous les jours du {names[0]} au {names[-1]}"
        return f"tous les {_listed([f'{name}s' for name in names], 'et')}"
    if len(names) == 1 and rule.interval in _FRENCH_PARTS:
        return f"un {names[0]} sur {_FRENCH_PARTS[rule.interval]}"
    which = f"du {names[0]} au {names[-1]}" if _run(weekdays) else _listed([f"le {name}" for name in names], "et")
    part = _FRENCH_PARTS.get(rule.interval)
    return f"{which}, une semaine sur {part}" if part else f"{which}, toutes les {rule.interval} semaines"


def _only_fr(weekdays: tuple[int, ...]) -> str:
    names = [weekday_name(each, "fr") for each in weekdays]
    if _run(weekdays):
        return f"du {names[0]} au {names[-1]} seulement"
    return f"{_listed([f'le {name}' for name in names], 'et')} seulement"


def _days_en(rule: Rule) -> str:
    weekdays = rule.weekdays or EVERY_DAY
    names = [weekday_name(each, "en") for each in weekdays]
    which = f"{names[0]} to {names[-1]}" if _run(weekdays) else _listed(names, "and")
    if rule.frequency == "DAILY" and rule.interval > 1:
        words = "every other day" if rule.interval == 2 else f"every {rule.interval} days"
        return words if weekdays == EVERY_DAY else f"{words}, {which} only"
    if rule.interval == 1:
        if weekdays == EVERY_DAY:
            return "every day"
        return f"every day from {which}" if _run(weekdays) else f"every {which}"
    weeks = "every other week" if rule.interval == 2 else f"every {rule.interval} weeks"
    return f"every other {names[0]}" if rule.interval == 2 and len(names) == 1 else f"{weeks}, {which}"


# ---- every so many months or years


def _months_fr(rule: Rule) -> str:
    which = _which_fr(rule)
    months = _listed([_month_name(each, "fr") for each in rule.months], "et") if rule.months else ""
    if rule.frequency == "YEARLY":
        part = _FRENCH_PARTS.get(rule.interval)
        years = (
            "chaque année" if rule.interval == 1 else f"un an sur {part}" if part else f"tous les {rule.interval} ans"
        )
        if len(rule.months) == 1 and len(rule.month_days) == 1 and not rule.nth_weekdays:
            return f"{which} {months}, {years}"
        return f"{which}, en {months}, {years}" if months else f"{which}, {years}"
    if rule.interval == 1:
        if months:
            return f"{which}, en {months}"
        return f"{which}, tous les mois" if which.startswith("tous") else f"{which} de chaque mois"
    part = _FRENCH_PARTS.get(rule.interval)
    every = f"un mois sur {part}" if part else f"tous les {rule.interval} mois"
    return f"{which}, {every}" + (f", en {months}" if months else "")


def _which_fr(rule: Rule) -> str:
    """Which days of the month: ``le 1er et le 15``, ``le 2e mardi``, ``le dernier jour``."""
    weekdays = [weekday_name(each, "fr") for _, each in rule.nth_weekdays]
    days = _listed([_month_day_fr(each) for each in rule.month_days], "et") if rule.month_days else ""
    if rule.positions and rule.nth_weekdays:
        ranks = _listed([rank_name(each, "fr") for each in rule.positions], "et")
        if tuple(each for _, each in rule.nth_weekdays) == MONDAY_TO_FRIDAY:
            return f"{ranks} jour du lundi au vendredi"
        return f"{ranks} parmi les {_listed([f'{name}s' for name in weekdays], 'et')}"
    if days:
        return f"{days} si c’est un {_listed(weekdays, 'ou')}" if weekdays else days
    if all(n == 0 for n, _ in rule.nth_weekdays):
        return f"tous les {_listed([f'{name}s' for name in weekdays], 'et')}"
    return _listed(
        [
            f"tous les {weekday_name(day, 'fr')}s" if n == 0 else f"{rank_name(n, 'fr')} {weekday_name(day, 'fr')}"
            for n, day in rule.nth_weekdays
        ],
        "et",
    )


def _month_day_fr(number: int) -> str:
    if number > 0:
        return "le 1er" if number == 1 else f"le {number}"
    if number in (-1, -2):
        return f"{rank_name(number, 'fr')} jour"
    return f"le {-number}e jour avant la fin"


def _months_en(rule: Rule) -> str:
    which = _which_en(rule)
    months = _listed([_month_name(each, "en") for each in rule.months], "and") if rule.months else ""
    unit = "year" if rule.frequency == "YEARLY" else "month"
    every = {1: f"every {unit}", 2: f"every other {unit}"}.get(rule.interval, f"every {rule.interval} {unit}s")
    if months:
        return f"{which} of {months}" + (f", {every}" if rule.frequency == "YEARLY" or rule.interval > 1 else "")
    if rule.frequency == "YEARLY" or rule.interval > 1 or which.startswith("every"):
        return f"{which}, {every}"
    return f"{which} of every month"


def _which_en(rule: Rule) -> str:
    weekdays = [weekday_name(each, "en") for _, each in rule.nth_weekdays]
    days = _listed([_month_day_en(each) for each in rule.month_days], "and") if rule.month_days else ""
    if rule.positions and rule.nth_weekdays:
        ranks = _listed([rank_name(each, "en") for each in rule.positions], "and")
        if tuple(each for _, each in rule.nth_weekdays) == MONDAY_TO_FRIDAY:
            return f"{ranks} weekday"
        return f"{ranks} among {_listed(weekdays, 'and')}"
    if days:
        return f"{days} if it is a {_listed(weekdays, 'or')}" if weekdays else days
    if all(n == 0 for n, _ in rule.nth_weekdays):
        return f"every {_listed(weekdays, 'and')}"
    return _listed(
        [
            f"every {weekday_name(day, 'en')}" if n == 0 else f"{rank_name(n, 'en')} {weekday_name(day, 'en')}"
            for n, day in rule.nth_weekdays
        ],
        "and",
    )


def _month_day_en(number: int) -> str:
    if number > 0:
        return f"the {_ordinal_en(number)}"
    return f"{rank_name(number, 'en')} day" if number >= -2 else f"the {_ordinal_en(-number)} day from the end"


def _ordinal_en(number: int) -> str:
    if 11 <= number % 100 <= 13:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
