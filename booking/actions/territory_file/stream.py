"""Reading a large JSON document one row at a time.

The document is an object whose members are lists of rows. It is read from the front, a piece at a time, and each
row is handed over as soon as it is whole: memory holds one row and one piece, however long the lists are. The
rows themselves are decoded by the standard library's scanner, which is written in C.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

PIECE = 1 << 18
LONGEST_ROW = 1 << 23
"""Characters that one row may take; a file in which one is longer is not what it should be."""

LONGEST_NUMBER = 5000

_ENDS = frozenset(" \t\n\r,:]}")
_BLANK = re.compile(r"[ \t\n\r]*")


class NotJson(ValueError):
    """The file is no JSON of the expected outline. ``line`` counts from 1; ``problem`` is a code."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(f"line {line}: {problem}")
        self.problem = problem
        self.line = line


@dataclass
class Member:
    """One member of the document. ``rows`` stands for a list's; anything else is in ``value``."""

    name: str
    value: Any = None
    rows: Iterator[Any] | None = None


class Document:
    """The document in ``path``; used as a context, it gives its members in the order of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._text = ""
        self._at = 0
        self._line = 1
        self._whole = False
        self._scan = json.JSONDecoder(parse_constant=_no_number).scan_once  # type: ignore[attr-defined]

    def __enter__(self) -> Self:
        self._file = self._path.open(encoding="utf-8-sig", newline="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def members(self) -> Iterator[Member]:
        """Every member; rows that were not taken are passed over. Raises ``NotJson``."""
        self._expect("{", "no_object")
        if self._next() == "}":
            self._at += 1
        else:
            yield from self._members()
        if self._next() != "":
            raise self._fault("text_behind")

    def _members(self) -> Iterator[Member]:
        while True:
            if self._next() != '"':
                raise self._fault("syntax")
            name = self._value()
            self._expect(":", "syntax")
            if self._next() == "[":
                rows = self._rows()
                yield Member(name, rows=rows)
                for _ in rows:
                    pass
            else:
                yield Member(name, value=self._value())
            follows = self._next()
            self._at += 1
            if follows == "}":
                return
            if follows != ",":
                self._at -= 1
                raise self._fault("syntax")

    def _rows(self) -> Iterator[Any]:
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            follows = self._next()
            if follows == ",":
                self._at += 1
                self._next()
            elif follows == "]":
                self._at += 1
                return
            else:
                raise self._fault("syntax")

    def _next(self) -> str:
        """The next character that is no blank, without taking it; empty at the end of the file."""
        while True:
            match = _BLANK.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _expect(self, character: str, problem: str) -> None:
        if self._next() != character:
            raise self._fault(problem)
        self._at += 1

    def _value(self) -> Any:
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except (StopIteration, ValueError) as error:
                # Perhaps only the end of the piece: the whole of a row decides.
                within = getattr(error, "pos", self._at) - self._at
                if len(self._text) - self._at > LONGEST_ROW or not self._more():
                    raise self._fault("syntax", within) from error
            except RecursionError as error:
                raise self._fault("too_deep") from error
            else:
                # A number may go on in the next piece: 1, 1. and 1.5e and 1.5e3.
                is_whole = self._text[end : end + 1] in _ENDS or len(self._text) - end > LONGEST_NUMBER
                if is_whole or not self._more():
                    self._at = end
                    return value

    def _more(self) -> bool:
        """Reads a further piece behind what is not yet taken; false at the end of the file."""
        if self._whole or self._file is None:
            return False
        left = self._text[self._at :]
        self._line += self._text.count("\n", 0, self._at)
        self._at = 0
        try:
            piece = self._file.read(max(PIECE, len(left)))
        except UnicodeDecodeError as error:
            self._text = left
            raise self._fault("encoding") from error
        self._whole = not piece
        self._text = left + piece
        return bool(piece)

    def _fault(self, problem: str, within: int = 0) -> NotJson:
        return NotJson(problem, self._line + self._text.count("\n", 0, self._at + within))


def _no_number(name: str) -> Any:
    """NaN, Infinity and -Infinity are Python's, not JSON's."""
    raise ValueError(name)
