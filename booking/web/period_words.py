"""A stretch of time in words, from one hour of a day to whole weeks."""

from zoneinfo import ZoneInfo

from booking.timeline import spoken
from booking.timeline.interval import Minute, to_wall


def is_whole_days(starts: Minute, ends: Minute, zone: str) -> bool:
    """Whether it begins and ends at midnight of the place."""
    return all(to_wall(each, ZoneInfo(zone)).time().isoformat() == "00:00:00" for each in (starts, ends))


def period(starts: Minute, ends: Minute, zone: str, language: str) -> str:
    """``mardi 19 janvier 2027, de 9 h à 12 h``; ``du lundi 15 au vendredi 19 février 2027`` for whole days.

    Times in UTC minutes, said on the wall clock of ``zone``.
    """
    first, last = spoken.local_day(starts, zone), spoken.local_day(ends - 1, zone)
    whole = is_whole_days(starts, ends, zone)
    if first == last:
        day = spoken.day(first, zone, language)
        if whole:
            return f"{day}, toute la journée" if language == "fr" else f"{day}, all day"
        return f"{day}, {spoken.span(starts, ends, zone, language)}"
    one, other = spoken.day(first, zone, language, year=first.year != last.year), spoken.day(last, zone, language)
    if whole:
        return f"du {one} au {other}" if language == "fr" else f"{one} to {other}"
    hours = [spoken.hour_in_a_sentence(each, zone, language) for each in (starts, ends)]
    if language == "fr":
        return f"du {one}, {hours[0]}, au {other}, {hours[1]}"
    return f"{one}, {hours[0]}, to {other}, {hours[1]}"
