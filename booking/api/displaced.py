"""What a change of availability leaves in the wrong place: listed, for somebody to move."""

from collections.abc import Iterable
from typing import Any

from booking.actions.displaced import Displaced
from booking.api.instants import spoken
from booking.api.records import Maybe, Member, Record, needed
from booking.api.shapes import Choice, Id, Instant, ListOf, Text
from booking.models.entries import KINDS

DISPLACED = Record(
    "Displaced",
    {
        "id": needed(Id("the entry")),
        "kind": needed(Choice(KINDS)),
        "title": needed(Maybe(Text(1000))),
        "start": needed(Instant()),
        "end": needed(Instant()),
    },
)
MEMBER = {"displaced": Member(ListOf(DISPLACED, about="What the change leaves in the wrong place, for you to move."))}


def listed(several: Iterable[Displaced]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "kind": each.kind,
            "title": each.title,
            "start": spoken(each.starts, each.zone),
            "end": spoken(each.ends, each.zone),
        }
        for each in several
    ]
