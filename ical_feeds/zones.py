"""VTIMEZONE blocks of the zones where France tells the time.

Written by hand rather than derived from the zone database: readers differ on what they make of RDATE lists
and of rules that end, so each block says only what they all read alike. One unending yearly rule for each
half of the year, or a single offset where clocks never change. The offsets hold for today's law; a test
compares them with the zone database.
Source: RFC 5545 §3.6.5.
"""

from functools import cache

FIXED_OFFSETS = {
    "America/Cayenne": "-0300",
    "America/Guadeloupe": "-0400",
    "America/Marigot": "-0400",
    "America/Martinique": "-0400",
    "America/St_Barthelemy": "-0400",
    "Indian/Kerguelen": "+0500",
    "Indian/Mayotte": "+0300",
    "Indian/Reunion": "+0400",
    "Pacific/Gambier": "-0900",
    "Pacific/Marquesas": "-0930",
    "Pacific/Noumea": "+1100",
    "Pacific/Tahiti": "-1000",
    "Pacific/Wallis": "+1200",
}
"""Zones without summer time, with their only offset from UTC."""

_CHANGES = {
    "Europe/Paris": (
        ("DAYLIGHT", "19960331T020000", "BYMONTH=3;BYDAY=-1SU", "+0100", "+0200"),
        ("STANDARD", "19961027T030000", "BYMONTH=10;BYDAY=-1SU", "+0200", "+0100"),
    ),
    "America/Miquelon": (
        ("DAYLIGHT", "20070311T020000", "BYMONTH=3;BYDAY=2SU", "-0300", "-0200"),
        ("STANDARD", "20071104T020000", "BYMONTH=11;BYDAY=1SU", "-0200", "-0300"),
    ),
}

ZONES = frozenset(FIXED_OFFSETS) | frozenset(_CHANGES)
"""Every zone name (IANA) that may be written as a TZID."""


def known_zone(name: str) -> str:
    """The name itself when there is a block for it. Raises ValueError otherwise.

    A TZID without its block is read as floating time by some programs and as UTC by others.
    """
    if name not in ZONES:
        raise ValueError(f"no VTIMEZONE is known for {name!r}; known zones: {', '.join(sorted(ZONES))}")
    return name


@cache
def vtimezone(name: str) -> str:
    """The VTIMEZONE component of a zone, CRLF at each line's end. Raises ValueError for an unlisted zone."""
    known_zone(name)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    if name in _CHANGES:
        for part, begins, rule, before, after in _CHANGES[name]:
            lines += _part(part, begins, before, after, f"RRULE:FREQ=YEARLY;{rule}")
    else:
        offset = FIXED_OFFSETS[name]
        lines += _part("STANDARD", "19700101T000000", offset, offset)
    lines.append("END:VTIMEZONE\r\n")
    return "\r\n".join(lines)


def _part(part: str, begins: str, before: str, after: str, *rule: str) -> list[str]:
    return [
        f"BEGIN:{part}",
        f"DTSTART:{begins}",
        *rule,
        f"TZOFFSETFROM:{before}",
        f"TZOFFSETTO:{after}",
        f"END:{part}",
    ]
