"""What a desk lives on when somebody is away: everything of the day in one list, and handing appointments over."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from booking import clock
from booking.actions import absences, appointments
from booking.actions.appointment_requests import NOTE_LENGTH, Move
from booking.actions.appointment_views import view
from booking.actions.handover import ahead, instead, replaced, takeovers
from booking.actions.planner import PlannedCalendar, calendars_seen
from booking.actions.rights import Actor
from booking.actions.search_choices import choices
from booking.database import db, write
from booking.refusals import Forbidden, NotFound, Refusal, Unavailable
from booking.timeline.interval import local_day
from booking.web import current_actor, render, say, today
from booking.web.carried import shown_again

blueprint = Blueprint("desk", __name__)

KEEP, CANCEL = "garder", "annuler"


@blueprint.get("/agendas/<calendar_id>/absent")
def absent(calendar_id: str) -> ResponseReturnValue:
    """Everything that is still ahead that day, with what can be offered instead."""
    return _absent_page(calendar_id)


@blueprint.post("/agendas/<calendar_id>/absent")
def settle(calendar_id: str) -> ResponseReturnValue:
    """Lays the absence, then moves and cancels as was chosen; each by itself, so that one refusal stops nothing."""
    actor = current_actor()
    calendar = _adviser(db.session(), actor, calendar_id)
    if shown_again():
        return _absent_page(calendar_id)
    day = _day()
    reason = request.form.get("reason", "").strip()[:NOTE_LENGTH] or gettext("Conseiller absent")
    if calendar.rights.manages and request.form.get("absence"):
        write(lambda session: _lay(session, actor, calendar, day))
    done, left = 0, []
    for name, decision in request.form.items():
        if not name.startswith("rdv-choix-") or decision == KEEP:
            continue
        appointment_id = name.removeprefix("rdv-choix-")
        if _done(_decided(actor, calendar_id, appointment_id, decision, reason)):
            done += 1
        else:
            left.append(appointment_id)
    if done:
        say(ngettext("Un rendez-vous est réglé.", "%(num)d rendez-vous sont réglés.", done))
    if left:
        say(
            ngettext(
                "Un rendez-vous n’a pas pu être déplacé : le créneau vient d’être pris. Choisissez-en un autre.",
                "%(num)d rendez-vous n’ont pas pu être déplacés : les créneaux viennent d’être pris.",
                len(left),
            ),
            "warning",
        )
        return redirect(url_for("desk.absent", calendar_id=calendar_id, jour=day.isoformat()), 303)
    if not done:
        say(gettext("C’est noté."))
    return redirect(url_for("day.today", agenda=calendar_id, jour=day.isoformat()), 303)


@blueprint.get("/agendas/<calendar_id>/confier")
def hand_over(calendar_id: str) -> ResponseReturnValue:
    """What the adviser still has, and, once somebody is named, whether that person could take each of them."""
    actor, session = current_actor(), db.session()
    calendar = _adviser(session, actor, calendar_id)
    since = _since(actor)
    found = ahead(session, actor, calendar.pk, since)
    able = [each for each in choices(session, actor).of_kind("adviser") if each.id != calendar_id]
    taking = next((each for each in able if each.id == request.args.get("vers")), None)
    return render(
        "desk/hand_over.html",
        calendar=calendar,
        found=found,
        able=able,
        taking=taking,
        since=since,
        takeovers=takeovers(session, actor, found, calendar_id, taking.id, clock.now()) if taking else [],
    )


@blueprint.post("/agendas/<calendar_id>/confier")
def take_over(calendar_id: str) -> ResponseReturnValue:
    """Hands the chosen appointments over, each with all its claims; what could not go stays and is said."""
    actor = current_actor()
    _adviser(db.session(), actor, calendar_id)
    taking = request.form.get("vers", "")
    if shown_again():
        return redirect(url_for("desk.hand_over", calendar_id=calendar_id, vers=taking))
    done = left = 0
    for appointment_id in request.form.getlist("rdv"):
        if _done(_given(actor, calendar_id, appointment_id, taking)):
            done += 1
        else:
            left += 1
    if done:
        say(ngettext("Un rendez-vous est confié.", "%(num)d rendez-vous sont confiés.", done))
    if left:
        say(
            ngettext(
                "Un rendez-vous reste à confier : le temps n’est pas libre.",
                "%(num)d rendez-vous restent à confier : le temps n’est pas libre.",
                left,
            ),
            "warning",
        )
    return redirect(url_for("desk.hand_over", calendar_id=calendar_id), 303)


def _absent_page(calendar_id: str) -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    calendar = _adviser(session, actor, calendar_id)
    day = _day()
    window = local_day(day, ZoneInfo(actor.zone))
    found = ahead(session, actor, calendar.pk, max(window[0], clock.now_minute()), window[1])
    listed = choices(session, actor)
    return render(
        "desk/absent.html",
        calendar=calendar,
        day=day,
        is_today=day == today(),
        found=[(each, instead(session, actor, each, calendar_id, clock.now())) for each in found],
        names={each.id: each.name for each in listed.calendars},
        venues={each.id: each.name for each in listed.venues},
    )


def _adviser(session: Session, actor: Actor, calendar_id: str) -> PlannedCalendar:
    """The adviser's line, for those who book for them."""
    found = next(iter(calendars_seen(session, actor, ids=(calendar_id,), kinds=("adviser",))), None)
    if found is None:
        raise NotFound
    if found.rights.level not in ("book", "manage"):
        raise Forbidden
    return found


def _day() -> date:
    try:
        return date.fromisoformat(request.values.get("jour", ""))
    except ValueError:
        return today()


def _since(actor: Actor) -> int:
    """From a chosen day on, never from before this minute."""
    chosen = request.values.get("des")
    try:
        start = local_day(date.fromisoformat(chosen), ZoneInfo(actor.zone))[0] if chosen else 0
    except ValueError:
        start = 0
    return max(start, clock.now_minute())


def _lay(session: Session, actor: Actor, calendar: PlannedCalendar, day: date) -> None:
    if day == today():
        absences.rest_of_today(session, actor, calendar.id, None, clock.now())
    else:
        draft = absences.AbsenceDraft(calendar.id, day.isoformat(), day.isoformat())
        absences.add(session, actor, draft, clock.now())


def _decided(
    actor: Actor, calendar_id: str, appointment_id: str, decision: str, reason: str
) -> Callable[[Session], object]:
    """The action behind one line's choice: cancel it, or move it to ``start|adviser|venue``."""
    if decision == CANCEL:
        return lambda session: appointments.cancel(session, actor, appointment_id, reason, clock.now())
    starts, _, rest = decision.partition("|")
    adviser, _, venue = rest.partition("|")

    def move(session: Session) -> object:
        seen = view(session, actor, appointment_id)
        change = Move(starts=int(starts), advisers=replaced(seen, calendar_id, adviser), venue=venue)
        return appointments.move(session, actor, appointment_id, change, clock.now())

    return move


def _given(actor: Actor, calendar_id: str, appointment_id: str, taking: str) -> Callable[[Session], object]:
    def give(session: Session) -> object:
        seen = view(session, actor, appointment_id)
        advisers = replaced(seen, calendar_id, taking)
        insists = next(iter(calendars_seen(session, actor, ids=(taking,))), None)
        change = Move(advisers=advisers, override=bool(insists and insists.rights.manages and len(advisers) == 1))
        return appointments.move(session, actor, appointment_id, change, clock.now())

    return give


def _done(work: Callable[[Session], object]) -> bool:
    try:
        write(work)
    except Unavailable:
        raise
    except (Refusal, ValueError):
        return False
    return True
