"""The content of a feed, whole: what is sent when the reader does not have it yet."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from booking.actions import feed_openings, feed_text
from booking.actions.entries import ENTRY_NAMESPACE
from booking.actions.feed_entries import Seen, read, read_published
from booking.actions.feed_lookup import Feed
from booking.database import rows
from booking.models.claims import BUSY, LONG_MINUTES

COLORS = {"adviser": "teal", "room": "slateblue", "vehicle": "chocolate"}
"""A calendar's colour by its kind (CSS3 names, RFC 7986 §5.9)."""

_CLAIMS = f"""
SELECT starts, ends, strength FROM claim
WHERE calendar_pk IN_ARRAY(:calendars) AND starts >= :day_before AND starts < :until AND ends > :since
UNION ALL
SELECT starts, ends, strength FROM claim
WHERE calendar_pk IN_ARRAY(:calendars) AND ends - starts > {LONG_MINUTES} AND starts < :day_before AND ends > :since
"""  # noqa: S608 - constants

_LATEST = """
SELECT max(e.last_modified) FROM claim c JOIN entry e ON e.pk = c.entry_pk
WHERE c.calendar_pk IN_ARRAY(:calendars) AND c.starts < :until AND c.ends > :since
UNION ALL
SELECT max(released_at) FROM released_claim WHERE calendar_pk IN_ARRAY(:calendars) AND ends > :since
"""


@dataclass(frozen=True)
class Body:
    """The text, and when something in it last changed."""

    text: str
    modified: datetime


def calendar_body(session: Session, feed: Feed, base_url: str, source: str) -> Body:
    """The feed as events. ``source`` is the address it is read at."""
    seen = _seen(session, feed, base_url)
    text = feed_text.calendar_text(
        seen,
        name=feed.name,
        zone=feed.zone,
        language=feed.language,
        alarm_minutes=feed.alarm_minutes,
        source=source,
        color=COLORS.get(feed.scope),
    )
    return Body(text, _latest(feed, [each.modified for each in seen]))


def freebusy_body(session: Session, feed: Feed, base_url: str, source: str) -> Body:
    """The feed as busy times: the claims as they stand, buffers included, by strength."""
    window = (feed.since, feed.until)
    if feed.scope in ("openings", "territory", "programme"):
        seen = [each for each in _seen(session, feed, base_url) if not each.gone]
        periods = [(*span, BUSY) for span in feed_openings.spans(seen, window)]
        modified = _latest(feed, [each.modified for each in seen])
    else:
        arguments = {
            "calendars": [pk for pk, _ in feed.details],
            "since": feed.since,
            "until": feed.until,
            "day_before": feed.since - LONG_MINUTES,
        }
        periods = [(starts, ends, strength) for starts, ends, strength in rows(session, _CLAIMS, arguments)]
        modified = _latest(feed, [stamp for (stamp,) in rows(session, _LATEST, arguments) if stamp is not None])
    text = feed_text.freebusy_text(
        periods,
        uid=str(uuid.uuid5(ENTRY_NAMESPACE, f"feed/{feed.id}")),
        modified=modified,
        since=feed.since,
        until=feed.until,
        name=feed.name,
        language=feed.language,
        source=source,
    )
    return Body(text, modified)


def _seen(session: Session, feed: Feed, base_url: str) -> list[Seen]:
    if feed.scope == "openings":
        return feed_openings.read(session, feed)
    if feed.scope in ("territory", "programme"):
        return read_published(session, feed, base_url)
    return read(session, feed, base_url)


def _latest(feed: Feed, stamps: Iterable[int]) -> datetime:
    return max([feed.created, *(datetime.fromtimestamp(stamp, UTC) for stamp in stamps)])
