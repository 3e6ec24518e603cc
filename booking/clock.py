"""The only reader of the system clock.

``now`` is the service's time and can be frozen (``BOOKING_CLOCK``) for rehearsals and tests. ``real_now`` and
``monotonic`` never are: leases, throttles, sessions, back-off and the worker's beat run on them.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

_frozen: datetime | Path | None = None


class ClockError(ValueError):
    """The setting of the clock is no instant and names no file that holds one."""


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ClockError(f"{text.strip()!r} is no ISO 8601 instant") from error
    if instant.tzinfo is None:
        raise ClockError(f"{text.strip()!r} lacks its offset, as in 2027-01-18T10:40:00+01:00")
    return instant.astimezone(UTC)


def freeze(setting: str | None) -> None:
    """Freezes ``now`` at an ISO instant, or at the one a file holds (``@FILE``, read again at each use)."""
    global _frozen
    if not setting:
        _frozen = None
    elif setting.startswith("@"):
        _frozen = Path(setting[1:])
        now()
    else:
        _frozen = _instant(setting)


def is_frozen() -> bool:
    return _frozen is not None


def now() -> datetime:
    """The service's time: aware, UTC, whole seconds."""
    if isinstance(_frozen, Path):
        try:
            return _instant(_frozen.read_text(encoding="utf-8"))
        except OSError as error:
            raise ClockError(f"the clock file {_frozen} cannot be read") from error
    return _frozen if _frozen is not None else real_now()


def now_minute() -> int:
    """The service's time in whole UTC minutes since 1970, rounded down."""
    return int(now().timestamp()) // 60


def real_now() -> datetime:
    """The machine's time: aware, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def monotonic() -> float:
    """Seconds that only rise, for measuring a wait."""
    return time.monotonic()
