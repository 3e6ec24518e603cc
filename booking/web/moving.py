"""Moving an appointment: the slots that would do for it, one press each; or any day and hour, typed."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from booking import clock
from booking.actions import appointment_views, appointments
from booking.actions.appointment_requests import KEEP, Move
from booking.actions.appointment_views import AppointmentView
from booking.actions.rights import Actor
from booking.actions.search_choices import Choices, choices
from booking.actions.slots import ANY
from booking.database import db, write
from booking.refusals import Clash, Forbidden, Invalid, NotFound, NotOffered, Stale, WrongState
from booking.timeline import spoken
from booking.web import current_actor, current_language, render, say, search_query, search_results
from booking.web.refused_moves import RefusedMove, namer, refused_move
from booking.web.search_query import Asked
from booking.web.search_results import Results

blueprint = Blueprint("moving", __name__)
SAME, ALL = "meme", "toutes"


@blueprint.get("/rendez-vous/<id>/deplacer")
def slots(id: str) -> ResponseReturnValue:
    """The slots for this appointment: by the same person at the same place, unless one asks more widely."""
    return _page(current_actor(), _changeable(id))


@blueprint.post("/rendez-vous/<id>/deplacer")
def move(id: str) -> ResponseReturnValue:
    """Moves it to the slot of the button, or to the day and hour typed."""
    actor, seen = current_actor(), _changeable(id)
    if not _length_is_one():
        return _page(actor, seen, 422, wrong=gettext("Indiquez la durée en minutes, par exemple 45."))
    change = _change(seen)
    if change is None:
        return _page(actor, seen, 422, wrong=gettext("Indiquez un jour et une heure."))
    version = request.form.get("version", "")
    known = int(version) if version.isdecimal() and len(version) < 10 else None
    try:
        done = write(lambda session: appointments.move(session, actor, id, change, clock.now(), known))
    except (Clash, NotOffered) as error:
        return _page(actor, seen, 409, refused_move(db.session(), actor, seen, change, error))
    except Invalid:
        return _page(actor, seen, 422, wrong=gettext("Ce choix n’existe plus, ou ne vous est pas ouvert."))
    except Stale:
        say(
            gettext("Quelqu’un vient de modifier ce rendez-vous. Voici où il en est ; recommencez si besoin."),
            "warning",
        )
        return redirect(url_for("moving.slots", id=id), 303)
    except WrongState:
        say(gettext("Ce rendez-vous est annulé : il ne se déplace plus."), "warning")
        return redirect(url_for("appointments.show", id=id), 303)
    _say_moved(actor, id, seen, done.status)
    return redirect(url_for("appointments.show", id=id), 303)


def _say_moved(actor: Actor, id: str, before: AppointmentView, status: str) -> None:
    after = appointment_views.view(db.session(), actor, id)
    language = current_language()
    when = gettext(
        "%(day)s à %(hour)s",
        day=spoken.day(after.starts, after.zone, language, year=False),
        hour=spoken.hour_in_a_sentence(after.starts, after.zone, language),
    )
    if status == "tentative":
        text = gettext("Le rendez-vous est déplacé : %(when)s. Il attend une réponse.", when=when)
    else:
        text = gettext("Le rendez-vous est déplacé : %(when)s.", when=when)
    fields = {
        "slot": slot_text(before.starts, [each.id for each in before.advisers], before.venue or "", before.zone),
        "minutes": str(before.minutes),
        **{kind: ref.id for kind, ref in (("room", before.room), ("vehicle", before.vehicle)) if ref is not None},
    }
    say(text, undo=url_for("moving.move", id=id), undo_fields=fields)


def slot_text(starts: int, advisers: list[str] | tuple[str, ...], venue: str, zone: str) -> str:
    """A slot as the value of a button: local time, advisers, place."""
    return "|".join((search_query.wall_text(starts, zone), ",".join(advisers), venue))


def _change(seen: AppointmentView) -> Move | None:
    """What the form asks; ``None`` when it holds no time."""
    slot, _, rest = request.form.get("slot", "").partition("|")
    advisers, _, venue = rest.partition("|")
    typed = f"{request.form.get('day', '')}T{request.form.get('hour', '')}"
    starts = search_query.minute_of(slot if "slot" in request.form else typed, seen.zone)
    minutes = request.form.get("minutes", "").strip()
    if starts is None:
        return None
    elsewhere = bool(venue) and venue != seen.venue
    return Move(
        starts=starts,
        advisers=tuple(advisers.split(",")) if advisers else KEEP,
        venue=venue or KEEP,
        room=(not elsewhere and request.form.get("room")) or (ANY if seen.room is not None else KEEP),
        vehicle=request.form.get("vehicle") or KEEP,
        minutes=int(minutes) if minutes else KEEP,
        override="insist" in request.form,
    )


def _length_is_one() -> bool:
    """Whether the length typed is a number of minutes; none typed keeps the one it has."""
    minutes = request.form.get("minutes", "").strip()
    return not minutes or (minutes.isdecimal() and len(minutes) < 6 and int(minutes) > 0)


def _changeable(id: str) -> AppointmentView:
    seen = appointment_views.view(db.session(), current_actor(), id)
    if not seen.may_change:
        raise Forbidden
    return seen


def _asked(seen: AppointmentView, found: Choices) -> Asked:
    """The search whose slots would do for this appointment."""
    purpose = found.purpose(seen.purpose)
    everyone = request.args.get("avec") == ALL
    anywhere = request.args.get("ou") == search_query.ANYWHERE or everyone
    advisers = () if everyone else tuple(each.id for each in seen.advisers)
    whom = search_query.TOGETHER if len(advisers) > 1 else search_query.ONE if advisers else search_query.FIRST
    return Asked(
        purpose,
        whom=whom,
        advisers=advisers,
        where=search_query.ANYWHERE if anywhere or seen.venue is None else seen.venue,
        minutes=seen.minutes if purpose is None or seen.minutes != purpose.minutes else None,
        room=search_query.ANY if seen.room else search_query.WITHOUT,
        vehicle=seen.vehicle.id if seen.vehicle else search_query.WITHOUT,
        since=search_query.date_of(request.args.get("des")),
        before=search_query.date_of(request.args.get("avant")),
    )


def _page(
    actor: Actor, seen: AppointmentView, status: int = 200, refused: RefusedMove | None = None, wrong: str | None = None
) -> ResponseReturnValue:
    session = db.session()
    found = choices(session, actor)
    asked = _asked(seen, found)
    try:
        results = search_results.look(session, actor, asked, found, clock.now())
    except (NotFound, Forbidden, Invalid):
        results = Results(())
    typed = refused.wanted if refused is not None else seen.starts
    return render(
        "moving/slots.html",
        status,
        appointment=seen,
        asked=asked,
        choices=found,
        results=results,
        refused=refused,
        wrong=wrong,
        names=namer(session, seen, found, refused),
        slot_text=slot_text,
        typed_day=request.form.get("day") or search_query.wall_text(typed, seen.zone)[:10],
        typed_minutes=request.form.get("minutes") or seen.minutes,
        rooms=[each for each in found.of_kind("room") if seen.room and each.venue_pk == seen.venue_pk],
        vehicles=[each for each in found.of_kind("vehicle") if seen.vehicle],
        typed_hour=request.form.get("hour") or search_query.wall_text(typed, seen.zone)[11:16],
        wanted_text=slot_text(refused.wanted, (), "", seen.zone) if refused else "",
    )
