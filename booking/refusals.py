"""Expected refusals: typed exceptions that carry data. They are worded at the edge, never here."""

from dataclasses import dataclass, field


class Refusal(Exception):
    """Anything the service says no to on purpose."""


class NotFound(Refusal):
    """It does not exist, or the reader may not know that it does."""


class Forbidden(Refusal):
    """The reader may see that it exists, and lacks the right asked for."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what was sent: where (JSON pointer), a stable code, words in English."""

    pointer: str
    code: str
    detail: str


@dataclass
class Invalid(Refusal):
    """What was sent cannot be understood or is not allowed; every fault is listed."""

    faults: list[Fault]

    def __post_init__(self) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in self.faults))


@dataclass(frozen=True)
class Clashing:
    """A claim that stands in the way. ``starts``/``ends`` in UTC minutes; the title only if the reader may see it.

    ``free_from`` is the minute from which the same length would be free on that calendar, ``others`` are calendars
    of the same kind at the same venue that are free at the wanted time; both as far as they were looked for.
    """

    calendar: str
    starts: int
    ends: int
    title: str | None = None
    free_from: int | None = None
    others: tuple[str, ...] = ()


@dataclass
class Clash(Refusal):
    """An exclusive claim is already there."""

    clashes: list[Clashing] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__("clash")


@dataclass(frozen=True)
class Hindrance:
    """Why a time is no slot: a code, the calendar concerned and the span (UTC minutes) where there is one.

    ``original`` names the date of a reservation that it concerns (the start its rule gives); none: all of them.
    """

    code: str
    calendar: str | None
    starts: int | None = None
    ends: int | None = None
    original: int | None = None


@dataclass
class NotOffered(Refusal):
    """What was asked for is no slot; whoever manages the calendars may insist."""

    hindrances: list[Hindrance]

    def __post_init__(self) -> None:
        super().__init__("not offered")


class Stale(Refusal):
    """The object was changed since it was read (``If-Match``, a form's version)."""


@dataclass
class WrongState(Refusal):
    """The verb does not fit the object's state (confirming what was cancelled)."""

    code: str

    def __post_init__(self) -> None:
        super().__init__(self.code)


@dataclass
class KeyReused(Refusal):
    """An idempotency key came back with another body."""


class KeyRunning(Refusal):
    """The request that bears this idempotency key has not ended yet."""


@dataclass
class Unavailable(Refusal):
    """The database is too busy, full, or away; ``retry_after`` in seconds."""

    retry_after: int = 2

    def __post_init__(self) -> None:
        super().__init__("unavailable")
