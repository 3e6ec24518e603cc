"""The writer of feeds: an event's fragment, and the calendar that joins fragments.

A fragment is made once, when its entry changes, and kept; a feed is a join of kept texts. Hence two rules:
a fragment depends on its event alone, and the same arguments give the same text, character by character.
There is no METHOD: a feed is a calendar, not a message (RFC 5545 §3.7.2), and so DTSTAMP is the time of the
last revision (§3.8.7.2).
"""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ical_feeds.content_lines import duration, escaped, folded, repeated_line, text_line, uri, utc, wall
from ical_feeds.event import Event, is_second_hour, order_key
from ical_feeds.zones import known_zone, vtimezone

WRITER_VERSION = "1"
"""Raised whenever the same values give other text; part of a feed's ETag and of a kept fragment's key."""


def write_event(event: Event) -> str:
    """The VEVENT of an event, and one more for each override; CRLF at each line's end, folded at 75 octets.

    Raises ValueError for a URL that holds control characters.
    """
    lines = _vevent(event, event.zone)
    for override in sorted(event.overrides, key=_replaced_start):
        lines += _vevent(override, event.zone)
    lines.append("")
    return "\r\n".join(lines)


def write_calendar(
    fragments: Iterable[str],
    *,
    name: str,
    timezone: str,
    zones_used: Iterable[str],
    refresh_minutes: int = 60,
    source: str | None = None,
    color: str | None = None,
    prodid: str | None = None,
    lang: str = "fr",
) -> str:
    """The whole calendar: header, one VTIMEZONE for each zone used, then the fragments as they come.

    The caller has sorted the fragments' events by `order_key`. ``timezone`` is the calendar's own zone;
    ``zones_used`` are those of its events (`zones_of`). ``source`` is the feed's public address, ``color`` a
    CSS3 name, ``lang`` the language named in the PRODID. An empty calendar holds its own zone's block: a
    calendar without any component is malformed (RFC 5545 §3.6).
    Raises ValueError for an unlisted zone, a color that is no name, a source with control characters.
    """
    known_zone(timezone)
    body = list(fragments)
    zones = set(zones_used) if body else {timezone}
    header = calendar_header(
        name=name,
        timezone=timezone,
        refresh_minutes=refresh_minutes,
        source=source,
        color=color,
        prodid=prodid,
        lang=lang,
    )
    return "".join([header, *map(vtimezone, sorted(zones)), *body, "END:VCALENDAR\r\n"])


def calendar_header(
    *,
    name: str,
    timezone: str | None,
    refresh_minutes: int,
    source: str | None,
    color: str | None,
    prodid: str | None,
    lang: str,
) -> str:
    """From BEGIN:VCALENDAR to the calendar's last property (RFC 7986 §5, and the X- names in use)."""
    if not (lang.isascii() and lang.isalpha()):
        raise ValueError(f"a language is named by its letters: {lang!r}")
    if color is not None and not (color.isascii() and color.isalpha()):
        raise ValueError(f"a color is a CSS3 name: {color!r}")
    refresh = duration(refresh_minutes)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        text_line("PRODID", prodid or f"-//booking//ical_feeds {WRITER_VERSION}//{lang.upper()}"),
        "CALSCALE:GREGORIAN",
        text_line("NAME", name),
        text_line("X-WR-CALNAME", name),
    ]
    if timezone is not None:
        lines.append(f"X-WR-TIMEZONE:{timezone}")
    lines += [f"REFRESH-INTERVAL;VALUE=DURATION:{refresh}", f"X-PUBLISHED-TTL:{refresh}"]
    if source is not None:
        lines.append(folded(f"SOURCE;VALUE=URI:{uri(source)}"))
    if color is not None:
        lines.append(f"COLOR:{color}")
    lines.append("")
    return "\r\n".join(lines)


def _vevent(event: Event, series_zone: str | None) -> list[str]:
    stamp = utc(event.last_modified)
    created = stamp if event.created is event.last_modified else utc(event.created)
    lines = ["BEGIN:VEVENT", text_line("UID", event.uid)]
    if event.recurrence_id is not None:
        lines.append(_local("RECURRENCE-ID", event.recurrence_id, series_zone))
    lines += [
        f"SEQUENCE:{event.sequence}",
        f"STATUS:{event.status}",
        f"DTSTAMP:{stamp}",
        f"CREATED:{created}",
        f"LAST-MODIFIED:{stamp}",
    ]
    lines += _interval(event)
    if event.rule is not None:
        lines.append(folded(f"RRULE:{event.rule}"))
    lines += [_local("EXDATE", moment, event.zone) for moment in sorted(set(event.exdates))]
    lines.append(repeated_line("SUMMARY", event.summary))
    lines += _details(event)
    if event.alarm_minutes is not None and not event.cancelled:
        lines += [
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            repeated_line("DESCRIPTION", event.summary),
            f"TRIGGER:{duration(-event.alarm_minutes)}",
            "END:VALARM",
        ]
    lines.append("END:VEVENT")
    return lines


def _details(event: Event) -> list[str]:
    lines = []
    if event.location:
        lines.append(repeated_line("LOCATION", event.location))
    if event.description:
        lines.append(text_line("DESCRIPTION", event.description))
    if event.url:
        lines.append(folded(f"URL:{uri(event.url)}"))
    if event.categories:
        lines.append(folded("CATEGORIES:" + ",".join(map(escaped, event.categories))))
    lines.append("TRANSP:TRANSPARENT" if event.transparent or event.cancelled else "TRANSP:OPAQUE")
    if event.klass:
        lines.append(f"CLASS:{event.klass}")
    if event.color:
        lines.append(f"COLOR:{event.color}")
    if event.related_to:
        lines.append(text_line("RELATED-TO", event.related_to))
    if event.refid:
        lines.append(text_line("REFID", event.refid))
    return lines


def _interval(event: Event) -> list[str]:
    """DTSTART and DTEND. In UTC for a single event that touches an autumn night's second hour: a TZID cannot
    name it, for such a local time means the first one (RFC 5545 §3.3.5)."""
    start, end, zone = event.start, event.end, event.zone
    if (
        isinstance(start, datetime)
        and isinstance(end, datetime)
        and zone is not None
        and event.rule is None
        and (is_second_hour(start, zone) or is_second_hour(end, zone))
    ):
        info = ZoneInfo(zone)
        return [f"DTSTART:{utc(start.replace(tzinfo=info))}", f"DTEND:{utc(end.replace(tzinfo=info))}"]
    return [_local("DTSTART", start, zone), _local("DTEND", end, zone)]


def _local(name: str, moment: date, zone: str | None) -> str:
    if isinstance(moment, datetime):
        return f"{name};TZID={zone}:{wall(moment)}"
    return f"{name};VALUE=DATE:{wall(moment)}"


def _replaced_start(override: Event) -> str:
    return order_key(override)[2]
