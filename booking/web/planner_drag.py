"""An appointment dropped elsewhere in the planner's timeline, or drawn longer or shorter: moved at once, with undo.

The answer is a few words to show beside the timeline, whatever came of it. Each drop has its form equivalent: the
move screen (``moving``).
"""

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from booking import clock
from booking.actions import appointment_views, appointments
from booking.actions.appointment_requests import KEEP, Move
from booking.actions.appointment_views import AppointmentView, CalendarRef
from booking.actions.search_choices import choices
from booking.actions.slots import ANY
from booking.database import db, write
from booking.refusals import Clash, Forbidden, Invalid, NotFound, NotOffered, Stale, WrongState
from booking.timeline import spoken
from booking.web import current_actor, current_language, search_query
from booking.web.refused_moves import RefusedMove, namer, refused_move

blueprint = Blueprint("planner_drag", __name__)


@blueprint.post("/planning/deplacer/<id>")
def drop(id: str) -> ResponseReturnValue:
    """Moves it to the hour, the length and the line it was dropped on."""
    actor = current_actor()
    seen = appointment_views.view(db.session(), actor, id)
    if not seen.may_change:
        raise Forbidden
    change, version = _change(seen), request.form.get("version", "")
    if change is None or not (version.isdecimal() and len(version) < 10):
        return _said(seen, 422, wrong=gettext("Cette heure n’a pas été comprise."))
    try:
        done = write(lambda session: appointments.move(session, actor, id, change, clock.now(), int(version)))
    except (Clash, NotOffered) as error:
        return _said(seen, 409, refused=refused_move(db.session(), actor, seen, change, error))
    except Forbidden:
        return _said(seen, 403, wrong=gettext("Vous ne pouvez pas le mettre là : cet agenda ne vous est pas ouvert."))
    except Invalid:
        return _said(seen, 422, wrong=gettext("Ce choix ne convient pas : une salle d’un autre lieu, par exemple."))
    except Stale:
        return _said(seen, 409, wrong=gettext("Quelqu’un vient de modifier ce rendez-vous. Le voici où il en est."))
    except WrongState:
        return _said(seen, 409, wrong=gettext("Ce rendez-vous est annulé : il ne se déplace plus."))
    after = _after(id)
    return _said(seen, 200, moved=_moved(after, done.status), undo=_undo(seen, after))


def _change(seen: AppointmentView) -> Move | None:
    """What was dropped where; ``None`` when no time is in it.

    ``start`` and ``end`` are times of the reader's wall clock, as the timeline has them (``end`` only where the
    length changes); ``from`` and ``to`` are the lines.
    ``advisers``, ``room`` and ``vehicle`` name things outright: the way back does.
    """
    form, zone = request.form, current_actor().zone
    starts = search_query.minute_of(form.get("start"), zone)
    ends = search_query.minute_of(form.get("end"), zone) if form.get("end") else None
    if starts is None or (form.get("end") and (ends is None or ends <= starts)):
        return None
    left, reached = form.get("from", ""), form.get("to", "")
    advisers = [each.id for each in seen.advisers]
    swapped = tuple(reached if each == left else each for each in advisers)
    return Move(
        starts=starts,
        minutes=KEEP if ends is None else ends - starts,
        advisers=tuple(form["advisers"].split(",")) if form.get("advisers") else swapped if reached else KEEP,
        venue=form.get("venue") or KEEP,
        room=form.get("room") or _taken(seen.room, left, reached, ANY),
        vehicle=form.get("vehicle") or _taken(seen.vehicle, left, reached, KEEP),
        override="insist" in form,
    )


def _taken(held: CalendarRef | None, left: str, reached: str, otherwise: object) -> object:
    """The room or vehicle of its own line: the one dropped on. Of another line: as the move screen has it."""
    if held is None:
        return KEEP
    return (reached or left) if left == held.id else otherwise


def _after(id: str) -> AppointmentView | None:
    """What it is now; nothing where it went out of the reader's sight."""
    try:
        return appointment_views.view(db.session(), current_actor(), id)
    except (Forbidden, NotFound):
        return None


def _moved(after: AppointmentView | None, status: str) -> str:
    text: str = gettext("Le rendez-vous est déplacé.")
    if after is not None:
        zone, language = current_actor().zone, current_language()
        when = gettext(
            "%(day)s, %(hours)s",
            day=spoken.day(after.starts, zone, language, year=False),
            hours=spoken.span(after.starts, after.ends, zone, language),
        )
        who = ", ".join(each.name for each in (*after.advisers, after.room, after.vehicle) if each is not None)
        text = (
            gettext("Déplacé : %(when)s (%(who)s). Il attend une réponse.", when=when, who=who)
            if status == "tentative"
            else gettext("Déplacé : %(when)s (%(who)s).", when=when, who=who)
        )
    return text


def _undo(before: AppointmentView, after: AppointmentView | None) -> dict[str, str]:
    """The fields of the way back; none where the reader may no longer change it."""
    if after is None or not after.may_change:
        return {}
    zone = current_actor().zone
    return {
        "version": str(after.version),
        "start": search_query.wall_text(before.starts, zone),
        "end": search_query.wall_text(before.ends, zone),
        "advisers": ",".join(each.id for each in before.advisers),
        **{kind: ref.id for kind, ref in (("room", before.room), ("vehicle", before.vehicle)) if ref is not None},
        **({"venue": before.venue} if before.venue else {}),
    }


def _said(
    seen: AppointmentView,
    status: int,
    *,
    moved: str = "",
    undo: dict[str, str] | None = None,
    wrong: str = "",
    refused: RefusedMove | None = None,
) -> ResponseReturnValue:
    session, actor = db.session(), current_actor()
    html = render_template(
        "planner/_dropped.html",
        appointment=seen,
        moved=moved,
        undo=undo,
        wrong=wrong,
        refused=refused,
        sent={name: value for name, value in request.form.items() if name != "csrf_token"},
        names=namer(session, seen, choices(session, actor), refused) if refused else None,
        wall=lambda minute: search_query.wall_text(minute, actor.zone),
    )
    return jsonify(html=html), status
