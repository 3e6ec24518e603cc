"""Partage: who sees or books what of a calendar, set by whoever manages it, in words and with what it looks like."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from booking import clock
from booking.actions import sharing
from booking.actions.planner import Block, OpenTime, PlannedCalendar, calendars_seen, lines
from booking.actions.rights import NO_RIGHTS, RANK, Actor, Rights
from booking.actions.sharing import Audience, Shared, audiences
from booking.database import db, write
from booking.refusals import Invalid
from booking.timeline.interval import Minute, local_day, merge, subtract, to_wall
from booking.web import current_actor, render, say, today
from booking.web.calendar_choice import managed_calendar, managed_calendars
from booking.web.carried import shown_again

blueprint = Blueprint("sharing", __name__)

DAYS_LOOKED_AT = 21
MOST_NAMED = 12
OUTSIDER, COLLEAGUE = "autre", "structure"
_USUAL_OF_A_NEW_AUDIENCE = "details"


@dataclass(frozen=True)
class Row:
    """One audience of the calendar. ``widened_by`` is the level the whole territory has, where that is higher and
    this one has therefore no effect."""

    shared: Shared
    widened_by: str | None


@dataclass(frozen=True)
class Glance:
    """What somebody sees of one day: their rights, the day, and by start what stands there and what is offered."""

    rights: Rights
    day: date | None
    items: list[Block | OpenTime]


@blueprint.get("/partage")
def mine() -> ResponseReturnValue:
    return _page(request.args.get("chercher", "").strip())


@blueprint.post("/partage/<calendar_id>", endpoint="set")
def change(calendar_id: str) -> ResponseReturnValue:
    """Gives one audience a level; an empty level takes back what was chosen."""
    actor = current_actor()
    calendar = managed_calendar(db.session(), actor, calendar_id)
    audience, audience_id = request.form.get("audience", ""), request.form.get("id", "")
    level = request.form.get("level") or None
    if shown_again():
        return redirect(_home(calendar), 303)
    before: list[Shared] = []

    def work(session: Session) -> list[Shared]:
        before[:] = sharing.shares(session, actor, calendar_id)
        sharing.share(session, actor, calendar_id, audience, audience_id, level, clock.now())
        return sharing.shares(session, actor, calendar_id)

    after = {(each.audience, each.id): each for each in write(work)}
    old = next((each for each in before if (each.audience, each.id) == (audience, audience_id)), None)
    new = after.get((audience, audience_id))
    named = new or old
    if named is not None and (old != new):
        _say_so(calendar, named, old, new)
    return redirect(_home(calendar), 303)


@blueprint.post("/partage/<calendar_id>/ajouter")
def add(calendar_id: str) -> ResponseReturnValue:
    """Shares with a person or a structure, named in full, or found by a part of the name."""
    actor, session = current_actor(), db.session()
    calendar = managed_calendar(session, actor, calendar_id)
    typed, level = request.form.get("who", "").strip(), request.form.get("level", "")
    if shown_again():
        return redirect(_home(calendar), 303)
    if not typed:
        return _page("", gettext("Indiquez une personne ou une structure."), calendar)
    chosen = _named(typed, audiences(session, actor, calendar_id))
    if len(chosen) != 1:
        fault = (
            gettext("Personne de ce nom sur le territoire : « %(name)s ».", name=typed)
            if not chosen
            else gettext("Plusieurs noms correspondent à « %(name)s » : choisissez ci-dessous.", name=typed)
        )
        return _page(typed, fault, calendar, chosen)
    one = chosen[0]
    old = next(
        (e for e in sharing.shares(session, actor, calendar_id) if (e.audience, e.id) == (one.kind, one.id)), None
    )
    try:
        write(lambda fresh: sharing.share(fresh, actor, calendar_id, one.kind, one.id, level, clock.now()))
    except Invalid:
        return _page(typed, gettext("Choisissez ce que vous partagez."), calendar)
    _say_so(
        calendar,
        Shared(one.kind, one.id, one.name, level, False),
        old,
        Shared(one.kind, one.id, one.name, level, False),
    )
    return redirect(_home(calendar), 303)


def _say_so(calendar: PlannedCalendar, named: Shared, old: Shared | None, new: Shared | None) -> None:
    """What happened, with the way back to what was."""
    if new is None:
        text = gettext("Le partage avec %(name)s est retiré.", name=named.name)
    elif new.is_default:
        text = gettext("%(name)s : c’est de nouveau le réglage habituel.", name=named.name)
    else:
        text = gettext("Le partage avec %(name)s est enregistré.", name=named.name)
    level = old.level if old is not None and not old.is_default else ""
    say(
        text,
        undo=url_for("sharing.set", calendar_id=calendar.id),
        undo_fields={"audience": named.audience, "id": named.id, "level": level},
    )


def _page(
    typed: str = "",
    fault: str | None = None,
    calendar: PlannedCalendar | None = None,
    candidates: list[Audience] | None = None,
) -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    calendars = managed_calendars(session, actor)
    if calendar is not None:
        calendars = replace(calendars, chosen=calendar)
    chosen = calendars.chosen
    if chosen is None:
        return render("sharing/whose.html", calendars=calendars)
    seen_as = COLLEAGUE if request.args.get("vu-par") == COLLEAGUE else OUTSIDER
    return render(
        "sharing/mine.html",
        422 if fault else 200,
        calendars=calendars,
        calendar=chosen,
        rows=_rows(sharing.shares(session, actor, chosen.id)),
        levels=sharing.levels_for(chosen.kind),
        new_level=_USUAL_OF_A_NEW_AUDIENCE,
        names=audiences(session, actor, chosen.id),
        typed=typed,
        fault=fault,
        candidates=(candidates or [])[:MOST_NAMED],
        chosen_level=request.form.get("level"),
        seen_as=seen_as,
        glance=glance(session, actor, chosen, seen_as),
    )


def _rows(found: list[Shared]) -> list[Row]:
    territory = found[0].level
    return [
        Row(
            each,
            territory if each.audience != "territory" and RANK[each.level] < RANK[territory] else None,
        )
        for each in found
    ]


def _named(typed: str, names: list[Audience]) -> list[Audience]:
    """Whom a text means: the one of exactly that name, else all whose names hold it."""
    wanted = typed.casefold()
    exact = [each for each in names if wanted in (each.label.casefold(), each.id.casefold())]
    return exact or [each for each in names if wanted in each.label.casefold()]


def glance(session: Session, actor: Actor, calendar: PlannedCalendar, seen_as: str) -> Glance:
    """The next day with something on it, as an adviser of another structure or of one's own sees it.

    Read through the very rights that such a person would have.
    """
    owner = sharing.managed(session, actor, calendar.id)
    somebody = replace(
        actor,
        pk=0,
        id="",
        role="adviser",
        organisation_pk=owner.organisation_pk if seen_as == COLLEAGUE else 0,
        territory_pk=owner.organisation.territory_pk,
        calendar_pk=None,
    )
    zone = ZoneInfo(actor.zone)
    first = today() + timedelta(days=1)
    window = (local_day(first, zone)[0], local_day(first + timedelta(days=DAYS_LOOKED_AT), zone)[1])
    real = lines(session, actor, [calendar], window)[0]
    starts = [each.starts for each in real.blocks] + [each.starts for each in real.openings]
    seen = calendars_seen(session, somebody, ids=(calendar.id,))
    rights = seen[0].rights if seen else NO_RIGHTS
    if not starts:
        return Glance(rights, None, [])
    day = to_wall(max(min(starts), window[0]), zone).date()
    if not seen:
        return Glance(rights, day, [])
    line = lines(session, somebody, seen, local_day(day, zone))[0]
    taken = merge((each.starts, each.ends) for each in line.blocks)
    items: list[Block | OpenTime] = [*line.blocks]
    for each in line.openings:
        free = subtract([(each.starts, each.ends)], taken)
        items += [replace(each, starts=starts, ends=ends) for starts, ends in free]
    return Glance(rights, day, sorted(items, key=_hours))


def _hours(item: Block | OpenTime) -> tuple[Minute, Minute]:
    return item.starts, item.ends


def _home(calendar: PlannedCalendar) -> str:
    own = calendar.pk == current_actor().calendar_pk
    return url_for("sharing.mine", agenda=None if own else calendar.id)
