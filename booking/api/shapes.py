"""The kinds of values that are sent and answered: each declared once, read by it and described by it.

A kind (``Text``, ``Whole``, ``Instant`` …) reads a JSON value or a query parameter and notes what is wrong with it as
faults with JSON pointers (RFC 6901); the same kind describes itself as JSON Schema for the OpenAPI document, so that
the two cannot come apart. Records of members are in ``records``.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from booking.api import instants
from booking.refusals import Fault

WRONG: Any = object()
"""What reading returns when it noted a fault."""

ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_ID = re.compile(ID_PATTERN)
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
LARGEST_WHOLE = 2**31 - 1

Schema = dict[str, Any]


class Kind(ABC):
    """What a value may be."""

    @abstractmethod
    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        """The value as the actions take it; ``WRONG`` with at least one fault more when it will not do."""

    @abstractmethod
    def schema(self) -> Schema:
        """Its JSON Schema (draft 2020-12)."""

    def read_text(self, text: str, at: str, faults: list[Fault]) -> Any:
        """The same from a query parameter."""
        return self.read(text, at, faults)


def wrong(faults: list[Fault], at: str, code: str, detail: str) -> Any:
    """Notes a fault."""
    faults.append(Fault(at, code, detail))
    return WRONG


@dataclass(frozen=True)
class Text(Kind):
    """A text without control characters, of so many characters."""

    longest: int = 300
    shortest: int = 0
    about: str | None = None
    format: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, str):
            return wrong(faults, at, "type", "a text")
        if not self.shortest <= len(value) <= self.longest:
            return wrong(faults, at, "length", f"{self.shortest} to {self.longest} characters")
        if _UNWRITABLE.search(value):
            return wrong(faults, at, "characters", "no control characters")
        return value

    def schema(self) -> Schema:
        schema: Schema = {"type": "string", "maxLength": self.longest}
        if self.shortest:
            schema["minLength"] = self.shortest
        if self.format:
            schema["format"] = self.format
        return schema | described(self.about)


@dataclass(frozen=True)
class Id(Kind):
    """The id of something, or one of a few words in its place."""

    of: str
    words: tuple[str, ...] = ()

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, str):
            return wrong(faults, at, "type", "an id")
        if not _ID.fullmatch(value):
            return wrong(faults, at, "unknown_id", "there is nothing with this id")
        return value

    def schema(self) -> Schema:
        words = f", or {' or '.join(f'`{word}`' for word in self.words)}" if self.words else ""
        return {"type": "string", "pattern": f"^{ID_PATTERN}$", "description": f"The id of {self.of}{words}."}


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...]
    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, str) or value not in self.words:
            return wrong(faults, at, "choice", f"one of {', '.join(self.words)}")
        return value

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)} | described(self.about)


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number within bounds."""

    least: int = 0
    most: int = LARGEST_WHOLE
    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            return wrong(faults, at, "type", "a whole number")
        if not self.least <= value <= self.most:
            return wrong(faults, at, "range", f"from {self.least} to {self.most}")
        return value

    def read_text(self, text: str, at: str, faults: list[Fault]) -> Any:
        if not re.fullmatch(r"-?\d{1,12}", text, re.ASCII):
            return wrong(faults, at, "type", "a whole number")
        return self.read(int(text), at, faults)

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most} | described(self.about)


@dataclass(frozen=True)
class OneOf(Kind):
    """One of a few whole numbers."""

    numbers: tuple[int, ...]
    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool) or value not in self.numbers:
            return wrong(faults, at, "choice", f"one of {', '.join(map(str, self.numbers))}")
        return int(value)

    def read_text(self, text: str, at: str, faults: list[Fault]) -> Any:
        return self.read(int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else -1, at, faults)

    def schema(self) -> Schema:
        return {"type": "integer", "enum": list(self.numbers)} | described(self.about)


@dataclass(frozen=True)
class Number(Kind):
    """A number within bounds."""

    least: float
    most: float
    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool) or not self.least <= value <= self.most:
            return wrong(faults, at, "range", f"a number from {self.least:g} to {self.most:g}")
        return float(value)

    def read_text(self, text: str, at: str, faults: list[Fault]) -> Any:
        if not re.fullmatch(r"-?\d{1,12}(\.\d{1,20})?", text, re.ASCII):
            return wrong(faults, at, "type", "a number")
        return self.read(float(text), at, faults)

    def schema(self) -> Schema:
        return {"type": "number", "minimum": self.least, "maximum": self.most} | described(self.about)


@dataclass(frozen=True)
class Flag(Kind):
    """True or false."""

    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        return value if isinstance(value, bool) else wrong(faults, at, "type", "true or false")

    def read_text(self, text: str, at: str, faults: list[Fault]) -> Any:
        known = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
        return wrong(faults, at, "type", "true or false") if known is None else known

    def schema(self) -> Schema:
        return {"type": "boolean"} | described(self.about)


@dataclass(frozen=True)
class Instant(Kind):
    """An RFC 3339 instant with offset, at a whole minute; read as a UTC minute."""

    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, str):
            return wrong(faults, at, "type", "an RFC 3339 instant, as text")
        try:
            return instants.parsed(value)
        except instants.NoInstant as error:
            return wrong(faults, at, "instant", str(error))

    def read_text(self, text: str, at: str, faults: list[Fault]) -> Any:
        return self.read(instants.with_its_plus(text), at, faults)

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time"} | described(self.about)


@dataclass(frozen=True)
class Day(Kind):
    """A local date."""

    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, str):
            return wrong(faults, at, "type", "a date, as text")
        try:
            return instants.parsed_date(value)
        except instants.NoInstant as error:
            return wrong(faults, at, "date", str(error))

    def schema(self) -> Schema:
        return {"type": "string", "format": "date"} | described(self.about)


@dataclass(frozen=True)
class InstantOrDay(Kind):
    """An instant (read as a UTC minute) or a local date (read as a date)."""

    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        kind = Day() if isinstance(value, str) and len(value) <= len("2027-01-19") else Instant()
        return kind.read(value, at, faults)

    def read_text(self, text: str, at: str, faults: list[Fault]) -> Any:
        return self.read(instants.with_its_plus(text), at, faults)

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]} | described(
            self.about
        )


@dataclass(frozen=True)
class Wall(Kind):
    """A local time ``YYYY-MM-DDTHH:MM`` in the zone of the place; read as that text."""

    about: str | None = None
    _form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, str) or not self._form.fullmatch(value):
            return wrong(faults, at, "wall", "a local time, such as 2027-01-19T10:00")
        try:
            instants.parsed(value + "Z")
        except instants.NoInstant as error:
            return wrong(faults, at, "wall", str(error))
        return value

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d$"} | described(self.about)


@dataclass(frozen=True)
class Either(Kind):
    """The first of these kinds that the value is; the fault is that of the first."""

    kinds: tuple[Kind, ...]
    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        first: list[Fault] = []
        for kind in self.kinds:
            own: list[Fault] = []
            found = kind.read(value, at, own)
            if not own:
                return found
            first = first or own
        faults.extend(first)
        return WRONG

    def schema(self) -> Schema:
        return {"anyOf": [kind.schema() for kind in self.kinds]} | described(self.about)


@dataclass(frozen=True)
class ListOf(Kind):
    """So many values of one kind; read as a tuple."""

    kind: Kind
    least: int = 0
    most: int = 1000
    unique: bool = False
    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        if not isinstance(value, list):
            return wrong(faults, at, "type", "a list")
        if not self.least <= len(value) <= self.most:
            return wrong(faults, at, "length", f"{self.least} to {self.most} items")
        before = len(faults)
        items = tuple(self.kind.read(item, f"{at}/{index}", faults) for index, item in enumerate(value))
        if len(faults) > before:
            return WRONG
        if self.unique and len(set(items)) < len(items):
            return wrong(faults, at, "unique", "each once")
        return items

    def read_texts(self, texts: Sequence[str], at: str, faults: list[Fault]) -> Any:
        """The values of a repeated query parameter."""
        if len(texts) > self.most:
            return wrong(faults, at, "length", f"at most {self.most} times")
        before = len(faults)
        items = tuple(dict.fromkeys(self.kind.read_text(text, at, faults) for text in texts))
        return WRONG if len(faults) > before else items

    def schema(self) -> Schema:
        schema: Schema = {"type": "array", "items": self.kind.schema(), "maxItems": self.most}
        if self.least:
            schema["minItems"] = self.least
        if self.unique:
            schema["uniqueItems"] = True
        return schema | described(self.about)


def described(text: str | None) -> Schema:
    return {"description": text} if text else {}
