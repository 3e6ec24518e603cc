"""From the drafts of a file to what is to be written: each is held against what is stored under its id.

An entry that is as it was is left alone. A changed one keeps its uid; its version rises, and its sequence when
the change is one that calendar programs must hear of (RFC 5545 §3.8.7.4). Members that only exports have keep
what is stored when a file does not tell them.
"""

import json
from collections.abc import Sequence
from typing import Any

from booking.actions.entries import uid_of_import
from booking.actions.series import Date
from booking.actions.territory_file import stored
from booking.actions.territory_file.drafts import STANDING, Draft, derived_claims
from booking.actions.territory_file.plan import Columns, Ids, Plan, Work
from booking.actions.territory_file.stored import Changed, Held, Person, Released, Stored
from booking.database import rows


class EntryList:
    """Takes the drafts of one list, in batches, into the plan."""

    def __init__(self, plan: Plan, name: str) -> None:
        self._plan = plan
        self._name = name
        self._ids = Ids()
        self._uids = Ids()
        self._batch: list[tuple[int, Draft]] = []
        self._any_stored: dict[str, bool] = {}

    def add(self, index: int, draft: Draft) -> None:
        self._ids.add(f"{draft.kind} {draft.id}", index)
        uid = draft.told.get("uid")
        if uid is not None:
            self._uids.add(uid, index)
        self._batch.append((index, draft))
        if len(self._batch) >= stored.BATCH:
            self._flush()

    def finish(self) -> None:
        self._flush()
        findings = self._plan.findings
        for first, again in self._ids.repeated():
            findings.fault(f"/{self._name}/{again}/id", "duplicate_id", other=f"/{self._name}/{first}")
        for first, again in self._uids.repeated():
            findings.fault(f"/{self._name}/{again}/uid", "duplicate", other=f"/{self._name}/{first}/uid")

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        by_kind: dict[str, list[Draft]] = {}
        for _, draft in batch:
            by_kind.setdefault(draft.kind, []).append(draft)
        known = {kind: self._stored(kind, drafts) for kind, drafts in by_kind.items()}
        self._foreign_uids(batch, known)
        for index, draft in batch:
            self._plan_one(index, draft, known[draft.kind].get(draft.id))

    def _stored(self, kind: str, drafts: Sequence[Draft]) -> dict[str, Stored]:
        if kind not in self._any_stored:
            self._any_stored[kind] = stored.any_of(self._plan.session, kind)
        return stored.by_ids(self._plan.session, kind, [draft.id for draft in drafts]) if self._any_stored[kind] else {}

    def _foreign_uids(self, batch: Sequence[tuple[int, Draft]], known: dict[str, dict[str, Stored]]) -> None:
        """A uid told for an entry that another stored entry bears."""
        told = {draft.told["uid"]: draft for _, draft in batch if "uid" in draft.told}
        if not told:
            return
        found = rows(self._plan.session, "SELECT uid, kind, id FROM entry WHERE uid IN_ARRAY(:uids)", {"uids": [*told]})
        for uid, kind, entry_id in found:
            draft = told[uid]
            if (kind, entry_id) != (draft.kind, draft.id):
                draft.row.fault("uid", "duplicate", other=f"{kind} {entry_id}")

    def _plan_one(self, index: int, draft: Draft, before: Stored | None) -> None:
        plan, told = self._plan, draft.told
        number = plan.lanes.row(self._name, index)
        if before is not None:
            plan.lanes.replace(before.pk)
        if not draft.row.sound or draft.territory is None:
            return
        derived = derived_claims(
            draft.kind,
            draft.status,
            draft.spans,
            draft.before,
            draft.after,
            draft.calendars,
            series=draft.rrule is not None,
        )
        claims: list[Held] = told.get("claims", derived) if draft.status in STANDING else []
        for claim in claims:
            if claim.exclusive:
                plan.lanes.add(claim.calendar, claim.starts, claim.ends, number)
        plan.visits.note(draft, number)
        if "related" in told:
            plan.related.append((draft.row.pointer, *told["related"]))
        if before is not None and draft.kind == "workshop" and draft.detail[2] < before.detail[4]:
            draft.row.fault("capacity", "seats", taken=before.detail[4], capacity=draft.detail[2])
        person_pk = self._person(draft, before)
        work = _new(draft, plan, claims, derived) if before is None else _changed(draft, plan, before, claims, derived)
        if work is None:
            plan.count(self._name, "unchanged")
            return
        plan.count(self._name, "new" if before is None else "changed")
        plan.spool.put(tuple(work._replace(person_pk=person_pk)))

    def _person(self, draft: Draft, before: Stored | None) -> int | None:
        """Fills in what was not told of the beneficiary; returns the key of the row to keep."""
        person, was = draft.person, None if before is None else before.person
        if person is None:
            return None
        told = draft.told_of_person
        if was is not None:
            person = person._replace(
                **{
                    name: getattr(was, name)
                    for name in ("email", "language", "consent_reminders", "needs")
                    if name not in told
                }
            )
            if was.anonymised_at is not None and "anonymised_at" not in told:
                draft.row.warn("beneficiary", "anonymised")
                person = was
        draft.person = person
        if draft.person_number is not None:
            self._same_person(draft, person)
        if was is not None and before is not None and (was.name == person.name or was == person):
            return before.person_pk
        return None

    def _same_person(self, draft: Draft, person: Person) -> None:
        number = draft.person_number or 0
        values = tuple(person)
        known = self._plan.people.setdefault(number, (values, draft.row.pointer, None))
        if known[0] != values:
            draft.row.fault("beneficiary", "person", other=f"{known[1]}/beneficiary")


def _new(draft: Draft, plan: Plan, claims: list[Held], derived: list[Held]) -> Work:
    told = draft.told
    detail = _detail(draft, None)
    created = told.get("created", plan.seconds)
    sequence = told.get("sequence", 0)
    last_modified = told.get("last_modified", max(created, plan.seconds if "created" not in told else created))
    columns = Columns(
        draft.id,
        draft.kind,
        told.get("uid") or uid_of_import(draft.kind, draft.id),
        sequence,
        told.get("version", 1),
        draft.status,
        draft.zone_name,
        draft.starts,
        draft.ends,
        draft.before,
        draft.after,
        _title(draft, plan, None),
        draft.territory.key if draft.territory else "",
        draft.venue.key if draft.venue else None,
        draft.booked_by.key if draft.booked_by else None,
        created,
        last_modified,
        told.get("lapses_at"),
        told.get("reason"),
        draft.starts_wall,
        draft.rrule,
        _exdates(draft.exdates),
    )
    released: list[Released] = told.get("released", [])
    if "released" not in told and (draft.status not in STANDING or not claims):
        released = [Released(*claim, sequence, last_modified) for claim in derived or _without_dates(draft)]
    return _work(None, columns, detail, draft, claims, released, reclaims=False)


def _work(
    pk: int | None,
    columns: Columns,
    detail: tuple[Any, ...],
    draft: Draft,
    claims: Sequence[Held],
    released: Sequence[Released],
    *,
    reclaims: bool,
) -> Work:
    dates: list[Changed] | None = draft.told.get("dates")
    return Work(
        pk,
        tuple(columns),
        detail,
        None if draft.person is None else tuple(draft.person),
        None,
        draft.person_number,
        reclaims,
        [tuple(claim) for claim in claims],
        [tuple(each) for each in released],
        None if dates is None else [tuple(date) for date in dates],
        draft.told.get("related"),
    )


def _changed(draft: Draft, plan: Plan, before: Stored, claims: list[Held], derived: list[Held]) -> Work | None:
    """The work on a stored entry, or ``None`` when the file asks for what stands."""
    told = draft.told
    if "uid" in told and told["uid"] != before.uid:
        draft.row.fault("uid", "uid_differs")
        return None
    detail = _detail(draft, before)
    standing = draft.status in STANDING
    wanted = Columns(
        before.id,
        draft.kind,
        before.uid,
        before.sequence,
        before.version,
        draft.status,
        draft.zone_name,
        draft.starts,
        draft.ends,
        draft.before,
        draft.after,
        _title(draft, plan, before),
        draft.territory.key if draft.territory else before.territory,
        draft.venue.key if draft.venue else None,
        draft.booked_by.key if draft.booked_by else None,
        before.created,
        before.last_modified,
        told.get("lapses_at", before.lapses_at if draft.status == "tentative" else None),
        told.get("reason", before.reason if not standing else None),
        draft.starts_wall if draft.rrule is not None else before.starts_wall,
        draft.rrule,
        _exdates(draft.exdates),
    )
    is_series = draft.rrule is not None
    dates: list[Changed] = told.get("dates", before.dates)
    calendars = {calendar.key for calendar in draft.calendars}
    held_before = set(before.calendars())
    significant = (
        (wanted.starts, wanted.ends, wanted.status, wanted.zone, wanted.venue, wanted.starts_wall, wanted.rrule)
        != (before.starts, before.ends, before.status, before.zone, before.venue, before.starts_wall, before.rrule)
        or wanted.exdates != _exdates(before.exdates)
        or dates != before.dates
        or calendars != held_before
    )
    # The dates of an endless series that are claimed grow with time, so they are compared by what makes them.
    reclaims = (
        significant
        or (standing and not is_series and set(claims) != set(before.claims))
        or (standing and is_series and (draft.before, draft.after) != (before.before, before.after))
    )
    released: list[Released] = [each for each in told.get("released", ()) if each not in before.released]
    person_changes = draft.person != before.person
    sequence = max(before.sequence + significant, told.get("sequence", 0))
    is_same = (
        not (significant or reclaims or person_changes or released)
        and sequence == before.sequence
        and detail == (before.detail or (None, None))[: len(detail)]
        and wanted[9:12] == (before.before, before.after, before.title)
        and wanted[12:15] == (before.territory, before.venue, before.booked_by)
        and wanted[17:19] == (before.lapses_at, before.reason)
        and told.get("related", before.related) == before.related
    )
    if is_same:
        return None
    last_modified = max(told.get("last_modified", plan.seconds), before.last_modified)
    never_held = not claims and not before.claims
    if "released" not in told and significant and never_held:
        released = [Released(*claim, sequence, last_modified) for claim in derived or _without_dates(draft)]
    columns = wanted._replace(
        sequence=sequence, version=max(before.version + 1, told.get("version", 0)), last_modified=last_modified
    )
    return _work(before.pk, columns, detail, draft, claims if reclaims else [], released, reclaims=reclaims)


def _without_dates(draft: Draft) -> list[Held]:
    """What is noted of a series that has no date left: on which calendars it stands."""
    return derived_claims(
        draft.kind, "cancelled", (Date(0, draft.starts, draft.ends),), 0, 0, draft.calendars, series=False
    )


def _title(draft: Draft, plan: Plan, before: Stored | None) -> str | None:
    """An appointment bears its purpose's name as it was when it was booked."""
    if draft.title is not None or draft.kind != "appointment":
        return draft.title
    if before is not None and before.detail[0] == draft.detail[0]:
        return before.title
    purpose = plan.world["purpose"].get(draft.detail[0])
    return None if purpose is None else purpose["name"]


def _detail(draft: Draft, before: Stored | None) -> tuple[Any, ...]:
    """The columns of the kind; note, urgency and attendance of an appointment keep what is stored."""
    if draft.kind != "appointment":
        return draft.detail
    purpose, note, urgency, attendance = draft.detail
    if before is not None:
        _, was_note, was_urgency, was_attendance = before.detail
        return purpose, note or was_note, urgency or was_urgency, attendance or was_attendance
    return purpose, note, urgency, attendance or "unknown"


def _exdates(exdates: Sequence[str] | None) -> str | None:
    return json.dumps(list(exdates)) if exdates else None
