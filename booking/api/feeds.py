"""Feeds: the secret links by which calendar programs read ours."""

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, request
from sqlalchemy.orm import Session

from booking.actions import feeds
from booking.actions.feeds import MOST_ALARM_MINUTES, NAME_LENGTH, FeedDraft, FeedView
from booking.actions.idempotency import Given
from booking.api import paging
from booking.api.etags import etag_of, matches, not_modified
from booking.api.instants import spoken_stamp
from booking.api.operations import Call, answer, made, operation, run_once, sent
from booking.api.records import Maybe, Member, Query, Record, needed
from booking.api.shapes import Choice, Id, Instant, Text, Whole
from booking.database import db
from booking.models.feeds import DETAILS, SCOPES
from booking.refusals import NotFound, Stale

blueprint = Blueprint("feeds", __name__)

FEED = Record(
    "Feed",
    {
        "id": needed(Id("the feed")),
        "scope": needed(Choice(SCOPES)),
        "target": needed(Id("what it is about")),
        "name": needed(Text()),
        "detail": needed(Choice(DETAILS, about="What was asked for.")),
        "level": needed(Maybe(Choice(DETAILS, about="What it shows now; null: nothing any more."))),
        "alarm_minutes": needed(Maybe(Whole())),
        "created": needed(Instant()),
        "last_read_at": needed(Maybe(Instant())),
        "last_read_by": needed(Maybe(Text(1000))),
    },
)
NEW_FEED = Record(
    "NewFeed",
    {
        "id": needed(Id("the feed")),
        "name": needed(Text()),
        "url": needed(Text(2000, about="Told now and never again.", format="uri")),
        "webcal_url": needed(Text(2000, about="The same, for programs that subscribe by a click.", format="uri")),
        "freebusy_url": needed(Text(2000, about="The same as VFREEBUSY.", format="uri")),
    },
)
DRAFT = Record(
    "FeedDraft",
    {
        "scope": needed(Choice(SCOPES)),
        "id": needed(Id("what the scope says it is")),
        "detail": Member(Choice(DETAILS), default="free_busy"),
        "alarm_minutes": Member(Whole(0, MOST_ALARM_MINUTES, about="Reminds so many minutes before.")),
        "name": Member(Text(NAME_LENGTH)),
    },
)


@blueprint.get("/feeds")
@operation(query=Query(paging.parameters()), answers={200: paging.page_shape("Feeds", FEED)})
def list_(call: Call) -> Response:
    """The account's feeds that are in force, newest first."""
    found = feeds.listed(db.session(), call.actor)
    return answer(paging.page_of_all(found, call.query, _newest_first, lambda view: _feed(view, call)))


@blueprint.post("/feeds")
@operation(body=DRAFT, answers={201: NEW_FEED})
def create(call: Call) -> Response:
    """Make a feed, for one device. Its address is told this once."""
    draft = FeedDraft(**call.body)

    def work(session: Session) -> Given:
        new = feeds.create(session, call.actor, draft, call.now)
        kept = {"id": new.id, "name": new.name, "sealed": _sealed(new.secret)}
        return made(kept, 201, {"Location": f"/api/v1/feeds/{new.id}"})

    given = run_once(call, work, bound_to=_seal(16).hex())
    kept = json.loads(given.body)
    links = feeds.urls(current_app.config["BOOKING_SETTINGS"].base_url, _unsealed(kept.pop("sealed")))
    return sent(made(kept | asdict(links), given.status, given.headers))


@blueprint.get("/feeds/<id:feed_id>")
@operation(answers={200: FEED}, reads_etag=True)
def one(call: Call, feed_id: str) -> Response:
    """One feed of the account, without its address."""
    told = _feed(_in_force(db.session(), call, feed_id), call)
    tag = etag_of(told)
    return not_modified(tag) or answer(told, headers={"ETag": tag})


@blueprint.delete("/feeds/<id:feed_id>")
@operation(answers={204: None}, honours_if_match=True)
def revoke(call: Call, feed_id: str) -> Response:
    """End a feed for good. Twice is as once."""

    def work(session: Session) -> Given:
        if "If-Match" in request.headers and not matches(etag_of(_feed(_in_force(session, call, feed_id), call))):
            raise Stale
        feeds.revoke(session, call.actor, feed_id, call.now)
        return made(None, 204)

    return sent(run_once(call, work))


def _in_force(session: Session, call: Call, feed_id: str) -> FeedView:
    for view in feeds.listed(session, call.actor):
        if view.id == feed_id:
            return view
    raise NotFound


def _seal(length: int) -> bytes:
    """As many bytes as needed, that only whoever sent this request can make again: the token is kept nowhere."""
    key = request.headers.get("Idempotency-Key", "")
    return hashlib.shake_256(f"feed\n{request.headers['Authorization'].split()[-1]}\n{key}".encode()).digest(length)


def _sealed(secret: str) -> str:
    """The secret as it may be kept with the answer to an idempotency key: at rest it is nothing to anybody."""
    plain = secret.encode("ascii")
    return b64encode(bytes(a ^ b for a, b in zip(plain, _seal(len(plain)), strict=True))).decode("ascii")


def _unsealed(sealed: str) -> str:
    kept = b64decode(sealed)
    return bytes(a ^ b for a, b in zip(kept, _seal(len(kept)), strict=True)).decode("ascii", "replace")


def _newest_first(view: FeedView) -> tuple[int, str]:
    return -int(view.created.timestamp()), view.id


def _feed(view: FeedView, call: Call) -> dict[str, Any]:
    zone = call.actor.zone
    return {
        "id": view.id,
        "scope": view.scope,
        "target": view.target,
        "name": view.name,
        "detail": view.detail,
        "level": view.level,
        "alarm_minutes": view.alarm_minutes,
        "created": spoken_stamp(view.created, zone),
        "last_read_at": None if view.last_read_at is None else spoken_stamp(view.last_read_at, zone),
        "last_read_by": view.last_read_by,
    }
