"""One content line of iCalendar text: escaping, quoting, folding, and the written forms of time.

Everything here turns a value into text that cannot break out of its line, whatever a person typed.
Sources: RFC 5545 §3.1 (folding), §3.2 and RFC 6868 (parameters), §3.3 (values).
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

LINE_OCTETS = 75
"""The longest line, in octets of UTF-8, its line break not counted (RFC 5545 §3.1)."""

_FORBIDDEN_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_FORBIDDEN_IN_URI = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def without_controls(text: str) -> str:
    """The text with every kind of line end as LF, and without the characters a content line may not hold.

    Dropped: C0 and C1 controls except TAB, DEL, U+2028 and U+2029 (which some readers take for a line
    end), and lone surrogates (which have no UTF-8 form).
    """
    if text.isprintable():
        return text
    return _FORBIDDEN_IN_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escaped(text: str) -> str:
    r"""A TEXT value: ``\ ; ,`` and line ends escaped, ``:`` and ``"`` left alone (RFC 5545 §3.3.11)."""
    text = without_controls(text)
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "," in text:
        text = text.replace(",", "\\,")
    if ";" in text:
        text = text.replace(";", "\\;")
    if "\n" in text:
        text = text.replace("\n", "\\n")
    return text


def parameter(text: str) -> str:
    """A parameter value such as CN: ``^``, ``"`` and line ends by RFC 6868, quoted if it holds ``: ; ,``.

    Quoted for a backslash too: it escapes nothing there, but some readers believe it hides what follows.
    """
    text = without_controls(text).replace("^", "^^").replace("\n", "^n").replace('"', "^'")
    if any(special in text for special in ":;,\\"):
        return f'"{text}"'
    return text


def uri(address: str) -> str:
    """A URI or CAL-ADDRESS value, which has no escaping at all, so what could end the line is refused.

    Raises ValueError on CR, LF or any other control character.
    """
    if _FORBIDDEN_IN_URI.search(address):
        raise ValueError(f"a URI may not hold control characters or line ends: {address!r}")
    return address


def folded(line: str) -> str:
    r"""The content line cut into pieces of at most 75 octets, joined by CRLF and one space.

    A cut falls neither inside a UTF-8 sequence nor between a backslash and what it escapes: readers that
    join octets, and readers that unescape before they join, both get the text back.
    """
    if len(line) <= LINE_OCTETS and line.isascii():
        return line
    octets = line.encode()
    pieces = []
    begin, room = 0, LINE_OCTETS
    while len(octets) - begin > room:
        cut = begin + room
        while octets[cut] & 0xC0 == 0x80:
            cut -= 1
        backslashes = cut - begin - len(octets[begin:cut].rstrip(b"\\"))
        cut -= backslashes % 2
        pieces.append(octets[begin:cut])
        begin, room = cut, LINE_OCTETS - 1
    pieces.append(octets[begin:])
    return b"\r\n ".join(pieces).decode()


def text_line(name: str, text: str) -> str:
    """``NAME:value`` for a TEXT value, escaped and folded, without its line end."""
    return folded(f"{name}:{escaped(text)}")


@lru_cache(maxsize=1024)
def repeated_line(name: str, text: str) -> str:
    """`text_line` for texts that many entries share (a title, a place); made once and kept."""
    return text_line(name, text)


def wall(moment: date) -> str:
    """``20270119T100000`` for a local time, ``20270119`` for a date; seconds are whole, fractions dropped."""
    day = f"{moment.year:04}{moment.month:02}{moment.day:02}"
    if isinstance(moment, datetime):
        return f"{day}T{moment.hour:02}{moment.minute:02}{moment.second:02}"
    return day


def utc(instant: datetime) -> str:
    """``20270119T090000Z`` for an aware instant of any offset. Raises ValueError on a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs its offset: {instant!r}")
    return wall(instant if instant.tzinfo is UTC else instant.astimezone(UTC)) + "Z"


@lru_cache(maxsize=64)
def duration(minutes: int) -> str:
    """``PT1H``, ``PT1H30M``, ``P1D``, ``-PT15M``: a DURATION of whole minutes (RFC 5545 §3.3.6)."""
    sign = "-" if minutes < 0 else ""
    days, rest = divmod(abs(minutes), 1440)
    hours, rest = divmod(rest, 60)
    clock = (f"{hours}H" if hours else "") + (f"{rest}M" if rest else "")
    if clock:
        clock = "T" + clock
    elif not days:
        clock = "T0S"
    return f"{sign}P{f'{days}D' if days else ''}{clock}"
