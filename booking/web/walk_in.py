"""Sans rendez-vous, maintenant: somebody stands at the desk; a short form, and the appointment has begun."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from booking import clock
from booking.actions import appointments, claims, idempotency
from booking.actions.appointment_requests import Request
from booking.actions.rights import Actor
from booking.actions.search_choices import CalendarChoice, Choices, PurposeChoice, VenueChoice, choices
from booking.database import db, write
from booking.refusals import Clash, Invalid, NotOffered
from booking.timeline.interval import local_day as span_of_day
from booking.timeline.interval import to_wall
from booking.web import booking_form, current_actor, render, say
from booking.web.booking_form import BookingForm

blueprint = Blueprint("walk_in", __name__)


@dataclass(frozen=True)
class Colleague:
    """Somebody who could take the person now: until when they are free, or until when they are not."""

    calendar: CalendarChoice
    is_self: bool
    free_until: int | None
    busy_until: int | None

    @property
    def is_free(self) -> bool:
        return self.busy_until is None


@dataclass(frozen=True)
class Refused:
    """Why the person cannot be taken now."""

    clash: Clash | None = None
    not_offered: NotOffered | None = None
    may_insist: bool = False


@blueprint.get("/rendez-vous/maintenant")
def new() -> ResponseReturnValue:
    """Who is free this minute, and the few things to know."""
    return _page(BookingForm(formdata=None))


@blueprint.post("/rendez-vous/maintenant")
def book() -> ResponseReturnValue:
    """Starts the appointment at this minute."""
    actor, form, session = current_actor(), BookingForm(), db.session()
    if not form.validate_on_submit():
        return _page(form, 422 if form.errors else 200)
    found = choices(session, actor)
    purpose = found.purpose(request.form.get("purpose"))
    adviser = found.by_id.get(request.form.get("adviser", ""))
    if purpose is None or adviser is None or adviser.kind != "adviser":
        form.form_errors.append(gettext("Choisissez la personne qui reçoit."))
        return _page(form, 422)
    minutes = request.form.get("minutes", "")
    wanted = Request(
        purpose=purpose.id,
        advisers=(adviser.id,),
        starts=_this_minute(),
        venue=request.form.get("venue") or None,
        minutes=int(minutes) if minutes.isdecimal() and len(minutes) < 4 and int(minutes) else None,
        beneficiary=form.beneficiary,
        note=form.note.data or None,
        override="insist" in request.form,
        walk_in=True,
    )
    try:
        done = _booked(actor, wanted)
    except Invalid as error:
        form.take(error)
        return _page(form, 422)
    except Clash as error:
        return _page(form, 409, Refused(clash=error))
    except NotOffered as error:
        return _page(form, 409, Refused(not_offered=error, may_insist=adviser.rights.manages))
    say(gettext("C’est parti : le rendez-vous a commencé."))
    return redirect(done.headers["Location"], 303)


def _booked(actor: Actor, wanted: Request) -> idempotency.Given:
    key = request.form.get("key") or None
    mark = idempotency.digest("walk-in", booking_form.fields())

    def work(session: Session) -> idempotency.Given:
        def booked() -> idempotency.Given:
            done = appointments.book(session, actor, wanted, clock.now())
            return idempotency.Given(303, "", {"Location": url_for("appointments.show", id=done.id)})

        return idempotency.once(session, actor.pk, key, mark, clock.now(), booked)

    return write(work)


def _this_minute() -> int:
    """The minute that begins next, so that nothing starts in the past."""
    return -(-int(clock.now().timestamp()) // 60)


def colleagues(session: Session, actor: Actor, found: Choices, purpose: PurposeChoice | None) -> list[Colleague]:
    """Oneself and the advisers of one's own organisation, those who are free first."""
    able = [
        each
        for each in found.advisers_for(purpose)
        if each.rights.level in ("book", "manage")
        and (each.organisation_pk == actor.organisation_pk or each.pk == actor.calendar_pk)
    ]
    now, zone = _this_minute(), ZoneInfo(actor.zone)
    day_end = span_of_day(to_wall(now, zone).date(), zone)[1]
    taken: dict[int, list[tuple[int, int]]] = {}
    for claim in claims.standing(session, [each.pk for each in able], now, day_end):
        taken.setdefault(claim.calendar_pk, []).append((claim.starts, claim.ends))
    listed = [_colleague(each, each.pk == actor.calendar_pk, taken.get(each.pk, []), now) for each in able]
    return sorted(listed, key=lambda each: (not each.is_free, not each.is_self, each.calendar.name))


def _colleague(calendar: CalendarChoice, is_self: bool, taken: list[tuple[int, int]], now: int) -> Colleague:
    busy_until: int | None = None
    for starts, ends in sorted(taken):
        if starts <= (busy_until or now):
            busy_until = max(ends, busy_until or 0)
    if busy_until is not None:
        return Colleague(calendar, is_self, None, busy_until)
    return Colleague(calendar, is_self, min((starts for starts, _ in taken), default=None), None)


def _page(form: BookingForm, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    found = choices(session, actor)
    purpose = found.purpose(request.values.get("purpose") or request.args.get("motif")) or _likely(found, actor)
    listed = colleagues(session, actor, found, purpose)
    asked = request.values.get("adviser") or request.args.get("agent")
    free = [each for each in listed if each.is_free]
    chosen = asked if asked in {each.calendar.id for each in listed} else free[0].calendar.id if free else None
    return render(
        "walk_in/new.html",
        status,
        form=form,
        choices=found,
        purpose=purpose,
        colleagues=listed,
        chosen=chosen,
        venue=found.venue(request.values.get("venue")) or _venue(found, actor, chosen),
        minutes=request.values.get("minutes", ""),
        now_minute=_this_minute(),
        refused=refused,
    )


def _likely(found: Choices, actor: Actor) -> PurposeChoice | None:
    """What was chosen last if one's own profession takes it, else the shortest that it takes."""
    own = next((each for each in found.calendars if each.pk == actor.calendar_pk), None)
    able = [each for each in found.purposes if own is None or each.admits(own.profession)]
    kept = found.purpose(booking_form.kept().get("motif"))
    return kept if kept in able else min(able, key=lambda each: each.minutes, default=None)


def _venue(found: Choices, actor: Actor, adviser: str | None) -> VenueChoice | None:
    calendar = found.by_id.get(adviser) if adviser else None
    return found.venue_of(actor.home_venue_pk) or found.venue_of(calendar.venue_pk if calendar else None)
