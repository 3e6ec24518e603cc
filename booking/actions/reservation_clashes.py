"""A refusal that helps: what stands there as far as one may see, from when it is free, and what else is free then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.actions.claims import Standing, standing_on
from booking.actions.feasibility import CalendarFacts, calendars_of
from booking.actions.rights import NO_RIGHTS, Actor, rights_on
from booking.database import rows
from booking.models import Entry, Reservation
from booking.refusals import Clash, Clashing
from booking.timeline.clashes import free_from
from booking.timeline.interval import Minute, Span, overlap

AHEAD_DAYS = 14
"""How far ahead of a lost time it is looked when a calendar is free again."""

EXPLAINED = 60
"""Dates of one request for which other times and calendars are looked for."""

MOST_OTHERS = 3
A_DAY = 1440


@dataclass(frozen=True)
class Want:
    """What is wanted of one calendar: its own time, without what a room needs before and after."""

    calendar: CalendarFacts
    starts: Minute
    ends: Minute

    @property
    def claim(self) -> Span:
        return self.calendar.widened(self.starts, self.ends, 0, 0)


def explained(session: Session, actor: Actor, blocking: Sequence[tuple[Want, Standing]]) -> list[Clashing]:
    """Each of these as the actor may know of it, in the same order: what was wanted, and the claim in its way."""
    if not blocking:
        return []
    wants = [want for want, _ in blocking]
    free = free_times(session, wants)
    others = free_instead(session, actor, wants)
    visible = titles(session, actor, [claim for _, claim in blocking])
    return [
        Clashing(
            want.calendar.id,
            claim.starts,
            claim.ends,
            visible.get((claim.calendar_pk, claim.entry_pk)),
            free.get(want),
            tuple(each.id for each in others.get(want, ())),
        )
        for want, claim in blocking
    ]


def refusal(session: Session, actor: Actor, blocking: Sequence[tuple[Want, Standing]]) -> Clash:
    """The refusal of a request: each claim that stands in its way once, by start."""
    ordered = sorted(blocking, key=lambda pair: (pair[1].starts, pair[1].calendar_pk, pair[0].starts))
    once: dict[tuple[str, Minute, Minute], Clashing] = {}
    for each in explained(session, actor, ordered):
        once.setdefault((each.calendar, each.starts, each.ends), each)
    return Clash(list(once.values()))


_MAKERS = select(Entry.pk, Entry.title, Entry.booked_by_pk, Reservation.booked_for_pk).outerjoin(
    Reservation, Reservation.entry_pk == Entry.pk
)


def titles(session: Session, actor: Actor, claims: Iterable[Standing]) -> dict[tuple[int, int], str | None]:
    """The titles of what stands there, by calendar and entry, where the actor may read them."""
    claims = list(claims)
    rights = rights_on(session, actor, {claim.calendar_pk for claim in claims})
    found = {
        pk: (title, {booked_by, booked_for})
        for pk, title, booked_by, booked_for in session.execute(
            _MAKERS.where(Entry.pk.in_({claim.entry_pk for claim in claims}))
        )
    }
    return {
        (claim.calendar_pk, claim.entry_pk): found[claim.entry_pk][0]
        for claim in claims
        if rights.get(claim.calendar_pk, NO_RIGHTS).sees_details or actor.pk in found[claim.entry_pk][1]
    }


def free_times(session: Session, wants: Iterable[Want]) -> dict[Want, Minute]:
    """From when on each wanted length would be free on its calendar, where that is within reach."""
    wants = list(dict.fromkeys(wants))[:EXPLAINED]
    reach = {want: (want.claim[0], want.claim[1] + AHEAD_DAYS * A_DAY) for want in wants}
    taken = standing_on(session, [(want.calendar.pk, *reach[want]) for want in wants])
    found = {}
    for want in wants:
        spans = [(one.starts, one.ends) for one in taken if one.calendar_pk == want.calendar.pk]
        start = free_from(spans, want.claim)
        if start + want.claim[1] - want.claim[0] <= reach[want][1]:
            found[want] = start + want.starts - want.claim[0]
    return found


_LIKE = """
SELECT DISTINCT w.pk, o.pk, COALESCE(o.capacity, o.seats, 0) FROM calendar w
JOIN calendar o ON o.kind = w.kind AND o.venue_pk = w.venue_pk AND o.pk <> w.pk AND o.active
WHERE w.pk IN_ARRAY(:calendars) AND w.kind <> 'adviser'
  AND (w.kind <> 'room' OR COALESCE(o.capacity, 0) >= COALESCE(w.capacity, 0))
ORDER BY w.pk, COALESCE(o.capacity, o.seats, 0), o.pk
"""


def free_instead(
    session: Session, actor: Actor, wants: Iterable[Want], *, besides: Mapping[Want, Iterable[int]] | None = None
) -> dict[Want, list[CalendarFacts]]:
    """Up to three calendars for each that would do instead: alike, at the same venue, free then, within the rights.

    A room holds at least as many. ``besides`` are keys of calendars that the request takes anyway at that time.
    """
    wants = list(dict.fromkeys(wants))[:EXPLAINED]
    alike: dict[int, list[int]] = {}
    for pk, other, _ in rows(session, _LIKE, {"calendars": sorted({want.calendar.pk for want in wants})}):
        alike.setdefault(pk, []).append(other)
    pks = {pk for several in alike.values() for pk in several}
    rights = rights_on(session, actor, pks) if pks else {}
    facts = {
        each.pk: each
        for each in (calendars_of(session, pks) if pks else ())
        if rights.get(each.pk, NO_RIGHTS).level in ("propose", "book", "manage")
    }
    candidates = [
        (want, facts[pk], facts[pk].widened(want.starts, want.ends, 0, 0))
        for want in wants
        for pk in alike.get(want.calendar.pk, ())
        if pk in facts and pk not in ((besides or {}).get(want) or ())
    ]
    taken: dict[int, list[Span]] = {}
    for claim in standing_on(session, [(each.pk, *span) for _, each, span in candidates]):
        taken.setdefault(claim.calendar_pk, []).append((claim.starts, claim.ends))
    found: dict[Want, list[CalendarFacts]] = {}
    for want, each, span in candidates:
        some = found.setdefault(want, [])
        if len(some) < MOST_OTHERS and not any(overlap(span, other) for other in taken.get(each.pk, ())):
            some.append(each)
    return found
