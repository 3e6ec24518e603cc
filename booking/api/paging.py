"""Lists in pages: ``{"items": [...], "next": CURSOR | null}``; a cursor names the last item, not its place."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from booking.api.records import Maybe, Member, Record, needed
from booking.api.shapes import LARGEST_WHOLE, Kind, ListOf, Text, Whole
from booking.refusals import Fault, Invalid

MOST = 5000
USUAL = 200
Item = TypeVar("Item")


def parameters(usual: int = USUAL) -> dict[str, Member]:
    """``limit`` and ``cursor``."""
    return {
        "limit": Member(Whole(1, MOST, about="How many items at most."), default=usual),
        "cursor": Member(Text(4000, about="`next` of the page before.")),
    }


def page_shape(name: str, item: Kind) -> Record:
    return Record(
        name,
        {"items": needed(ListOf(item, most=MOST)), "next": needed(Maybe(Text(4000, about="Asks for the next page.")))},
    )


def cursor(*parts: int | str) -> str:
    """What stands for the last item of a page, opaque to whoever gets it."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def after(text: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The parts of a cursor. Raises ``Invalid`` for one that we did not make."""
    if text is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        parts = None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds) or not all(map(_ours, parts)):
        raise Invalid([Fault("/cursor", "cursor", "the `next` of a page before")])
    return tuple(parts)


def _ours(part: int | str) -> bool:
    """Whether a part of a cursor can be one of ours: what no row can hold is not asked of the database."""
    kind = Text() if isinstance(part, str) else Whole(-LARGEST_WHOLE - 1)
    faults: list[Fault] = []
    kind.read(part, "", faults)
    return not faults


def page_of_all(
    items: Iterable[Item],
    query: Mapping[str, Any],
    key: Callable[[Item], tuple[int | str, ...]],
    told: Callable[[Item], Any],
) -> dict[str, Any]:
    """The page that ``limit`` and ``cursor`` ask for, of all the items at once, in the order of their keys."""
    ordered = sorted(items, key=key)
    last = after(query.get("cursor"), *(type(part) for part in key(ordered[0]))) if ordered else None
    following = [item for item in ordered if key(item) > last] if last is not None else ordered
    return page(following, query["limit"], key, told)


def page(
    items: Sequence[Item], limit: int, key: Callable[[Item], tuple[int | str, ...]], told: Callable[[Item], Any]
) -> dict[str, Any]:
    """The page of ``items``, of which there is at most one more than ``limit``."""
    shown = items[:limit]
    more = len(items) > limit
    return {"items": [told(item) for item in shown], "next": cursor(*key(shown[-1])) if more else None}
