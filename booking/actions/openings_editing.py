"""Making and changing openings, whole series, single dates, or "this and the following".

Each takes the right to manage the calendar, raises its version and leaves a row in the audit. Appointments
that no opening holds any more are listed, never touched.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from booking.actions import audit
from booking.actions.displaced import Displaced, fallen_outside, inside_openings
from booking.actions.entries import new_id
from booking.actions.rights import Actor, require, rights_on_one
from booking.database import lock_calendars
from booking.models import Calendar, Opening, OpeningChange, OpeningPurpose, Organisation, Purpose, Territory, Venue
from booking.refusals import Fault, Invalid, NotFound, Stale
from booking.timeline.recurrence import RuleError, Series, first_start, is_occurrence, make_series, rule_text, split

ADMISSIONS = ("by_appointment", "drop_in", "both")
HOLIDAYS = ("closed", "open")
LONGEST_MINUTES = 1440
LONGEST_RULE = 500
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True)
class OpeningDraft:
    """An opening as somebody wants it: local start in the venue's zone, length in elapsed minutes.

    ``purposes`` are ids; ``None`` admits any of the adviser's profession. A room or a vehicle opens where it is, for
    whatever it is taken: of its openings neither venue, nor admission, nor purposes count.
    """

    venue: str
    start: str
    minutes: int
    rrule: str | None = None
    exdates: tuple[str, ...] = ()
    admission: str = "by_appointment"
    purposes: tuple[str, ...] | None = None
    holidays: str = "closed"


@dataclass(frozen=True)
class Edited:
    """What was done: the opening (of a split, the one that follows) and the appointments now outside of openings."""

    id: str
    version: int
    outside: tuple[Displaced, ...] = ()


@dataclass(frozen=True)
class _Sound:
    """A draft that makes sense, with its rows."""

    draft: OpeningDraft
    series: Series
    venue_pk: int
    purpose_pks: tuple[int, ...]

    def columns(self) -> dict[str, Any]:
        draft = self.draft
        return {
            "venue_pk": self.venue_pk,
            "starts_wall": draft.start,
            "minutes": draft.minutes,
            "rrule": draft.rrule or None,
            "exdates": list(draft.exdates),
            "admission": draft.admission,
            "limited": draft.purposes is not None,
            "holidays": draft.holidays,
        }


def add(
    session: Session, actor: Actor, calendar_id: str, draft: OpeningDraft, now: datetime, *, id: str | None = None
) -> Edited:
    """Makes an opening. Raises ``Invalid``, ``NotFound`` (no such calendar to be seen), ``Forbidden``."""
    calendar = session.scalar(select(Calendar).where(Calendar.id == calendar_id))
    if calendar is None or not calendar.active:
        raise NotFound
    require(rights_on_one(session, actor, calendar.pk), "manage")
    sound = _sound(session, actor, calendar, draft)
    lock_calendars(session, [calendar.pk])

    def make() -> Opening:
        return _insert(session, calendar.pk, sound, id or new_id("plage"))

    return _edited(session, actor, calendar.pk, "open", now, make)


def change(
    session: Session,
    actor: Actor,
    opening_id: str,
    draft: OpeningDraft,
    now: datetime,
    seen: int | None = None,
    *,
    on: date | None = None,
) -> Edited:
    """Changes an opening as a whole or, with ``on``, from that local date on: what was before stays as it was.

    Single dates that were changed stay so while the rule still gives them; those after a split are let go.
    Raises ``Invalid``, ``NotFound``, ``Forbidden``, ``Stale``.
    """
    opening, calendar = _load(session, actor, opening_id, seen)
    sound = _sound(session, actor, calendar, draft)
    head, tail = split(_series(session, opening), on) if on is not None else (None, None)
    if on is not None and tail is None:
        raise Invalid([Fault("/on", "range", "the opening has no date from then on")])

    def make() -> Opening:
        if on is not None and head is not None:
            _keep_head(session, opening, head, on)
            return _insert(session, calendar.pk, sound, new_id("plage"))
        opening.version += 1
        for name, value in sound.columns().items():
            setattr(opening, name, value)
        session.execute(delete(OpeningPurpose).where(OpeningPurpose.opening_pk == opening.pk))
        _admit(session, opening.pk, sound.purpose_pks)
        for one in session.scalars(select(OpeningChange).where(OpeningChange.opening_pk == opening.pk)):
            if on is not None or not is_occurrence(sound.series, datetime.fromisoformat(one.original)):
                session.delete(one)
        session.flush()
        return opening

    return _edited(session, actor, calendar.pk, "change", now, make)


def remove(
    session: Session,
    actor: Actor,
    opening_id: str,
    now: datetime,
    seen: int | None = None,
    *,
    on: date | None = None,
) -> Edited:
    """Takes an opening away, or ends it before the local date ``on``."""
    opening, calendar = _load(session, actor, opening_id, seen)
    head = split(_series(session, opening), on)[0] if on is not None else None

    def make() -> Opening:
        if on is not None and head is not None:
            _keep_head(session, opening, head, on)
        else:
            for table in (OpeningChange, OpeningPurpose):
                session.execute(delete(table).where(table.opening_pk == opening.pk))
            session.execute(delete(Opening).where(Opening.pk == opening.pk))
        return opening

    return _edited(session, actor, calendar.pk, "close", now, make)


def change_date(
    session: Session,
    actor: Actor,
    opening_id: str,
    original: str,
    now: datetime,
    *,
    start: str | None,
    minutes: int | None = None,
    venue: str | None = None,
    seen: int | None = None,
) -> Edited:
    """Changes one date of an opening: another local start, length or venue, or none at all (``start`` absent).

    ``original`` is the date the rule gives (``2027-01-19``, or its local start). Raises ``NotFound`` when it gives
    none there.
    """
    opening, calendar = _load(session, actor, opening_id, seen)
    wall = _original(session, opening, original)
    faults = []
    if start is not None and not is_local(start):
        faults.append(Fault("/start", "instant", "a local time such as 2027-01-19T09:00"))
    if minutes is not None and not 0 < minutes <= LONGEST_MINUTES:
        faults.append(Fault("/minutes", "range", f"between 1 and {LONGEST_MINUTES}"))
    if faults:
        raise Invalid(faults)
    venue_pk = None
    if start is not None and venue is not None and calendar.kind == "adviser":
        venue_pk, zone = venue_known(session, actor, calendar, venue)
        if zone != _zone(session, opening):
            raise Invalid([Fault("/venue", "elsewhere", "this venue keeps another time")])

    def make() -> Opening:
        _forget_date(session, opening, wall)
        session.execute(
            insert(OpeningChange),
            {
                "opening_pk": opening.pk,
                "original": wall,
                "starts_wall": start,
                "minutes": minutes if start is not None else None,
                "venue_pk": venue_pk,
            },
        )
        opening.version += 1
        session.flush()
        return opening

    return _edited(session, actor, calendar.pk, "change_date" if start else "cancel_date", now, make, wall)


def undo_date(
    session: Session, actor: Actor, opening_id: str, original: str, now: datetime, seen: int | None = None
) -> Edited:
    """Lets one date be again what the rule says."""
    opening, calendar = _load(session, actor, opening_id, seen)
    wall = _original(session, opening, original)

    def make() -> Opening:
        _forget_date(session, opening, wall)
        opening.version += 1
        session.flush()
        return opening

    return _edited(session, actor, calendar.pk, "undo_date", now, make, wall)


def is_local(text: str) -> bool:
    """Whether this is a local time to the minute, as ``2027-01-19T09:00``."""
    if not _LOCAL.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def draft_faults(draft: OpeningDraft, zone: ZoneInfo) -> tuple[Series | None, list[Fault]]:
    """The series of a draft, and what is wrong with it."""
    faults = []
    if not is_local(draft.start):
        faults.append(Fault("/start", "instant", "a local time such as 2027-01-19T09:00"))
    if not 0 < draft.minutes <= LONGEST_MINUTES:
        faults.append(Fault("/minutes", "range", f"between 1 and {LONGEST_MINUTES}"))
    if draft.admission not in ADMISSIONS:
        faults.append(Fault("/admission", "choice", f"one of {', '.join(ADMISSIONS)}"))
    if draft.holidays not in HOLIDAYS:
        faults.append(Fault("/holidays", "choice", f"one of {', '.join(HOLIDAYS)}"))
    if draft.rrule and len(draft.rrule) > LONGEST_RULE:
        faults.append(Fault("/rrule", "too_long", f"at most {LONGEST_RULE} characters"))
    if faults:
        return None, faults
    try:
        series = make_series(
            datetime.fromisoformat(draft.start), draft.minutes, draft.rrule or None, draft.exdates, zone
        )
    except RuleError as error:
        member = "exdates" if error.part == "exdates" else "rrule"
        return None, [Fault(f"/{member}", member, str(error))]
    if first_start(series) is None:
        return None, [Fault("/rrule", "empty", "there is no such date at all")]
    return series, []


def venue_known(session: Session, actor: Actor, calendar: Calendar, venue_id: str) -> tuple[int, str]:
    """Key and zone of a venue of the actor's territory, or of the adviser's own."""
    found = session.execute(
        select(Venue.pk, Territory.timezone, Territory.pk)
        .join(Organisation, Organisation.pk == Venue.organisation_pk)
        .join(Territory, Territory.pk == Organisation.territory_pk)
        .where(Venue.id == venue_id)
    ).first()
    own = session.scalar(select(Organisation.territory_pk).where(Organisation.pk == calendar.organisation_pk))
    if found is None or found[2] not in (actor.territory_pk, own):
        raise Invalid([Fault("/venue", "unknown_id", "there is nothing with this id")])
    return found[0], found[1]


def _sound(session: Session, actor: Actor, calendar: Calendar, draft: OpeningDraft) -> _Sound:
    faults: list[Fault] = []
    if calendar.kind != "adviser" and calendar.venue is not None:
        draft = replace(draft, venue=calendar.venue.id, admission="both", purposes=None)
    venue_pk, zone = 0, actor.zone
    try:
        venue_pk, zone = venue_known(session, actor, calendar, draft.venue)
    except Invalid as error:
        faults += error.faults
    series, more = draft_faults(draft, ZoneInfo(zone))
    faults += more
    wanted = sorted(set(draft.purposes or ()))
    known = {row.id: row.pk for row in session.execute(select(Purpose.id, Purpose.pk).where(Purpose.id.in_(wanted)))}
    faults += [
        Fault(f"/purposes/{index}", "unknown_id", "there is nothing with this id")
        for index, each in enumerate(draft.purposes or ())
        if each not in known
    ]
    if faults or series is None:
        raise Invalid(faults)
    return _Sound(draft, series, venue_pk, tuple(known[each] for each in wanted))


def _load(session: Session, actor: Actor, opening_id: str, seen: int | None) -> tuple[Opening, Calendar]:
    """The opening's row as it stands once its calendar is locked."""
    opening = session.scalar(select(Opening).where(Opening.id == opening_id))
    if opening is None:
        raise NotFound
    require(rights_on_one(session, actor, opening.calendar_pk), "manage")
    calendar = session.get_one(Calendar, opening.calendar_pk)
    lock_calendars(session, [calendar.pk])
    session.refresh(opening)
    if seen is not None and seen != opening.version:
        raise Stale
    return opening, calendar


def _edited(
    session: Session,
    actor: Actor,
    calendar_pk: int,
    action: str,
    now: datetime,
    make: Callable[[], Opening],
    original: str | None = None,
) -> Edited:
    """Does the work on a locked calendar, writes the audit, and lists the appointments that are now outside."""
    before = inside_openings(session, calendar_pk, now)
    opening = make()
    after = inside_openings(session, calendar_pk, now)
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action=action,
        object_kind="opening",
        object_id=opening.id,
        detail={"start": opening.starts_wall, "minutes": opening.minutes, "date": original},
    )
    return Edited(opening.id, opening.version, fallen_outside(before, after))


def _insert(session: Session, calendar_pk: int, sound: _Sound, opening_id: str) -> Opening:
    opening = Opening(id=opening_id, calendar_pk=calendar_pk, version=1, **sound.columns())
    session.add(opening)
    session.flush()
    _admit(session, opening.pk, sound.purpose_pks)
    return opening


def _admit(session: Session, opening_pk: int, purpose_pks: tuple[int, ...]) -> None:
    if purpose_pks:
        session.execute(
            insert(OpeningPurpose), [{"opening_pk": opening_pk, "purpose_pk": each} for each in purpose_pks]
        )


def _keep_head(session: Session, opening: Opening, head: Series, on: date) -> None:
    """Ends the opening before ``on``; the dates changed until then stay as they were."""
    if head.rule is not None:
        opening.rrule = rule_text(head.rule, head.start, head.zone)
    opening.exdates = [each.isoformat() for each in sorted(head.exdates)]
    opening.version += 1
    session.flush()
    session.execute(
        delete(OpeningChange).where(OpeningChange.opening_pk == opening.pk, OpeningChange.original >= on.isoformat())
    )


def _zone(session: Session, opening: Opening) -> str:
    return session.execute(
        select(Territory.timezone)
        .join(Organisation, Organisation.territory_pk == Territory.pk)
        .join(Venue, Venue.organisation_pk == Organisation.pk)
        .where(Venue.pk == opening.venue_pk)
    ).scalar_one()


def _series(session: Session, opening: Opening) -> Series:
    start = datetime.fromisoformat(opening.starts_wall)
    return make_series(start, opening.minutes, opening.rrule, opening.exdates, ZoneInfo(_zone(session, opening)))


def _original(session: Session, opening: Opening, original: str) -> str:
    """The local start that the rule gives on this date; ``NotFound`` when it gives none."""
    try:
        day = date.fromisoformat(original[:10])
    except ValueError:
        raise NotFound from None
    wall = datetime.combine(day, datetime.fromisoformat(opening.starts_wall).time())
    text = wall.strftime("%Y-%m-%dT%H:%M")
    if original not in (text, text[:10]) or not is_occurrence(_series(session, opening), wall):
        raise NotFound
    return text


def _forget_date(session: Session, opening: Opening, wall: str) -> None:
    session.execute(delete(OpeningChange).where(OpeningChange.opening_pk == opening.pk, OpeningChange.original == wall))
