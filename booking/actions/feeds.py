"""Feeds as their owners handle them: made, listed, revoked. Only the SHA-256 of a secret is kept, so it is shown once.

What a feed holds is read by ``feed_lookup`` (who may see how much, which revision), ``feed_entries`` and
``feed_openings`` (rows), ``feed_text`` and ``feed_bodies`` (text).
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from booking.actions import audit, feed_reads
from booking.actions.feed_lookup import secret_hash
from booking.actions.rights import NO_RIGHTS, Actor, Rights, rights_on
from booking.database import add, lock_calendars, rows
from booking.models import Calendar, Feed
from booking.models.feeds import DETAILS, SCOPES
from booking.refusals import Fault, Forbidden, Invalid, NotFound, WrongState

NAME_LENGTH = 120
MOST_ALARM_MINUTES = 4 * 7 * 1440

_COLUMN = {
    "adviser": "calendar_pk",
    "room": "calendar_pk",
    "vehicle": "calendar_pk",
    "openings": "calendar_pk",
    "venue": "venue_pk",
    "organisation": "organisation_pk",
    "territory": "territory_pk",
    "programme": "programme_pk",
}


@dataclass(frozen=True)
class FeedDraft:
    """A subscription somebody asks for: ``id`` names what ``scope`` says it is."""

    scope: str
    id: str
    detail: str = "free_busy"
    alarm_minutes: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class NewFeed:
    """A feed that was just made, with its secret: 256 random bits, told for the only time."""

    id: str
    secret: str
    name: str


@dataclass(frozen=True)
class FeedView:
    """A feed as its owner sees it afterwards. ``level`` is what it may show now, ``None`` when nothing any more."""

    id: str
    scope: str
    target: str
    target_name: str
    detail: str
    level: str | None
    alarm_minutes: int | None
    name: str
    created: datetime
    revoked_at: datetime | None
    last_read_at: datetime | None
    last_read_by: str | None


@dataclass(frozen=True)
class Links:
    """Where programs read a feed; ``webcal`` makes most of them subscribe at once."""

    url: str
    webcal_url: str
    freebusy_url: str


def urls(base_url: str, secret: str) -> Links:
    """The addresses of a feed, as long as its secret is known."""
    url = f"{base_url}/ics/{secret}.ics"
    return Links(url, "webcal" + url.removeprefix("https").removeprefix("http"), f"{base_url}/ics/{secret}.ifb")


def create(session: Session, actor: Actor, draft: FeedDraft, now: datetime, key: str | None = None) -> NewFeed:
    """Makes a feed, for one device.

    ``key`` is that of the form it comes from: the same press sent twice makes one feed (``WrongState``). Raises
    ``Invalid``, and ``Forbidden`` where the actor sees busy times and asks for more.
    """
    faults = _faults(draft)
    target = _target(session, actor, draft) if not faults else None
    if target is None:
        raise Invalid(faults or [Fault("/id", "unknown", f"no such {draft.scope}")])
    if draft.detail != "free_busy" and not target.shows_details:
        raise Forbidden
    feed_id = _new_id(actor, key)
    if key is not None and session.scalar(select(Feed.pk).where(Feed.id == feed_id)) is not None:
        raise WrongState("repeated")
    secret = secrets.token_urlsafe(32)
    name = (draft.name or "").strip() or target.name
    values = {
        "id": feed_id,
        "account_pk": actor.pk,
        "scope": draft.scope,
        _COLUMN[draft.scope]: target.pk,
        "detail": draft.detail,
        "alarm_minutes": draft.alarm_minutes,
        "name": name,
        "secret_hash": secret_hash(secret),
        "created": now,
    }
    add(session, "feed", values)
    _note(session, "feed_created", feed_id, actor, now, {"scope": draft.scope, "detail": draft.detail})
    return NewFeed(feed_id, secret, name)


def listed(session: Session, actor: Actor, *, revoked: bool = False) -> list[FeedView]:
    """The actor's feeds, newest first; those revoked only if asked for."""
    wanted = select(Feed).where(Feed.account_pk == actor.pk).order_by(Feed.pk.desc())
    if not revoked:
        wanted = wanted.where(Feed.revoked_at.is_(None))
    found = list(session.scalars(wanted))
    calendars = _reached(session, found)
    rights = rights_on(session, actor, {pk for pks in calendars.values() for pk in pks}) if calendars else {}
    names = {pk: (target, name) for pk, target, name in rows(session, _NAMES, {"account": actor.pk})}
    return [_view(session, feed, names[feed.pk], calendars.get(feed.pk), rights) for feed in found]


def revoke(session: Session, actor: Actor, feed_id: str, now: datetime) -> None:
    """Ends a feed for good: its address answers 410 from now on. Twice is as once."""
    found = session.execute(
        select(Feed.pk, Feed.revoked_at).where(Feed.id == feed_id, Feed.account_pk == actor.pk)
    ).one_or_none()
    if found is None:
        raise NotFound
    if found.revoked_at is None:
        session.execute(update(Feed).where(Feed.pk == found.pk).values(revoked_at=now))
        _note(session, "feed_revoked", feed_id, actor, now)


def names_changed(session: Session, territory_pk: int) -> None:
    """Tells the feeds of a territory that a name they show (of a venue, a room, a person) is another one now."""
    found = rows(
        session,
        "SELECT c.pk FROM calendar c JOIN organisation o ON o.pk = c.organisation_pk WHERE o.territory_pk = :territory",
        {"territory": territory_pk},
    )
    lock_calendars(session, [pk for (pk,) in found])


@dataclass(frozen=True)
class _Target:
    pk: int
    name: str
    shows_details: bool


def _faults(draft: FeedDraft) -> list[Fault]:
    faults = []
    if draft.scope not in SCOPES:
        faults.append(Fault("/scope", "choice", f"one of {', '.join(SCOPES)}"))
    if draft.detail not in DETAILS:
        faults.append(Fault("/detail", "choice", f"one of {', '.join(DETAILS)}"))
    if draft.alarm_minutes is not None and not 0 <= draft.alarm_minutes <= MOST_ALARM_MINUTES:
        faults.append(Fault("/alarm_minutes", "range", f"0 to {MOST_ALARM_MINUTES} minutes"))
    if draft.name is not None and len(draft.name) > NAME_LENGTH:
        faults.append(Fault("/name", "too_long", f"at most {NAME_LENGTH} characters"))
    return faults


_TARGETS = {
    "venue": "SELECT pk, name FROM venue WHERE id = :id",
    "organisation": "SELECT pk, name FROM organisation WHERE id = :id",
    "territory": "SELECT pk, name FROM territory WHERE id = :id AND pk = :territory",
    "programme": "SELECT pk, title FROM programme WHERE id = :id AND territory_pk = :territory",
}
_CALENDAR = "SELECT pk, name FROM calendar WHERE id = :id AND kind = :kind"


def _target(session: Session, actor: Actor, draft: FeedDraft) -> _Target | None:
    """What the feed is about, if the actor may know of it. What was published is for everybody of the territory."""
    kind = "adviser" if draft.scope == "openings" else draft.scope
    arguments = {"id": draft.id, "territory": actor.territory_pk, "kind": kind}
    found = rows(session, _TARGETS.get(draft.scope, _CALENDAR), arguments)
    if not found:
        return None
    pk, name = found[0]
    if draft.scope in ("territory", "programme"):
        return _Target(pk, name, True)
    rights = rights_on(session, actor, _calendars_of(session, draft.scope, pk))
    return _Target(pk, name, any(each.sees_details for each in rights.values())) if rights else None


def _calendars_of(session: Session, scope: str, pk: int) -> list[int]:
    """The calendars a feed is made of."""
    if scope == "venue":
        return list(session.scalars(select(Calendar.pk).where(Calendar.venue_pk == pk)))
    if scope == "organisation":
        return list(session.scalars(select(Calendar.pk).where(Calendar.organisation_pk == pk)))
    return [pk]


def _reached(session: Session, feeds: Sequence[Feed]) -> dict[int, list[int]]:
    """The calendars by feed; feeds of published workshops are not in it."""
    answer = {}
    for feed in feeds:
        pk = feed.calendar_pk or feed.venue_pk or feed.organisation_pk
        if pk is not None:
            answer[feed.pk] = _calendars_of(session, feed.scope, pk)
    return answer


_NAMES = """
SELECT f.pk, coalesce(c.id, v.id, o.id, t.id, p.id), coalesce(c.name, v.name, o.name, t.name, p.title)
FROM feed f
LEFT JOIN calendar c ON c.pk = f.calendar_pk
LEFT JOIN venue v ON v.pk = f.venue_pk
LEFT JOIN organisation o ON o.pk = f.organisation_pk
LEFT JOIN territory t ON t.pk = f.territory_pk
LEFT JOIN programme p ON p.pk = f.programme_pk
WHERE f.account_pk = :account
"""


def _view(
    session: Session, feed: Feed, named: tuple[str, str], calendars: list[int] | None, rights: dict[int, Rights]
) -> FeedView:
    level: str | None = feed.detail
    if calendars is not None:
        held = [rights.get(pk, NO_RIGHTS) for pk in calendars]
        if not any(each.sees for each in held):
            level = None
        elif not any(each.sees_details for each in held):
            level = "free_busy"
    read_at, read_by = feed.last_read_at, feed.last_read_by
    latest = feed_reads.remembered(str(session.get_bind().engine.url), feed.pk)
    if latest is not None and (read_at is None or latest.at >= read_at):
        read_at, read_by = latest.at, latest.by
    return FeedView(
        id=feed.id,
        scope=feed.scope,
        target=named[0],
        target_name=named[1],
        detail=feed.detail,
        level=level if feed.revoked_at is None else None,
        alarm_minutes=feed.alarm_minutes,
        name=feed.name,
        created=feed.created,
        revoked_at=feed.revoked_at,
        last_read_at=read_at,
        last_read_by=read_by,
    )


def _new_id(actor: Actor, key: str | None) -> str:
    if key is None:
        return f"abonnement-{secrets.token_hex(8)}"
    return f"abonnement-{hashlib.sha256(f'{actor.pk}/{key}'.encode()).hexdigest()[:16]}"


def _note(
    session: Session, action: str, feed_id: str, actor: Actor, now: datetime, detail: dict[str, str] | None = None
) -> None:
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action=action,
        object_kind="feed",
        object_id=feed_id,
        detail=detail,
    )


@dataclass(frozen=True)
class Choice:
    """Something the actor may subscribe to, and whether more than busy times may be shown of it."""

    scope: str
    id: str
    name: str
    of: str
    shows_details: bool
    own: bool = False


_SEEN = """
SELECT c.pk, c.id, c.kind, c.name, o.id, o.name, v.id, v.name, c.account_pk,
       EXISTS (SELECT 1 FROM opening x WHERE x.calendar_pk = c.pk AND x.admission IN ('drop_in', 'both'))
FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN venue v ON v.pk = c.venue_pk
WHERE c.pk IN_ARRAY(:calendars) AND c.active
ORDER BY c.name, c.id
"""

_PROGRAMMES = """
SELECT p.id, p.title, p.quarter FROM programme p
WHERE p.territory_pk = :territory AND p.state = 'published' ORDER BY p.quarter DESC, p.id
"""


def choices(session: Session, actor: Actor) -> list[Choice]:
    """All that the actor may subscribe to, by scope and name, their own calendar first."""
    rights = rights_on(session, actor)
    calendars: list[Choice] = []
    places: dict[str, Choice] = {}
    organisations: dict[str, Choice] = {}
    for row in rows(session, _SEEN, {"calendars": list(rights)}):
        pk, calendar_id, kind, name, organisation, organisation_name, venue, venue_name, account_pk, drops_in = row
        details = rights[pk].sees_details
        own = account_pk == actor.pk
        calendars.append(Choice(kind, calendar_id, name, organisation_name, details, own))
        if drops_in:
            calendars.append(Choice("openings", calendar_id, name, organisation_name, details, own))
        for scope, target, target_name, found in (
            ("venue", venue, venue_name, places),
            ("organisation", organisation, organisation_name, organisations),
        ):
            if target is not None:
                known = target in found and found[target].shows_details
                found[target] = Choice(scope, target, target_name, organisation_name, known or details)
    territory = rows(session, "SELECT id, name FROM territory WHERE pk = :pk", {"pk": actor.territory_pk})
    published = rows(session, _PROGRAMMES, {"territory": actor.territory_pk})
    return [
        *sorted(calendars, key=lambda choice: not choice.own),
        *sorted(places.values(), key=lambda choice: choice.name),
        *sorted(organisations.values(), key=lambda choice: choice.name),
        *(Choice("territory", territory_id, name, name, True) for territory_id, name in territory),
        *(Choice("programme", programme, title, quarter, True) for programme, title, quarter in published),
    ]
