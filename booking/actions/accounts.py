"""Accounts: inviting one person or many, changing, closing and opening again.

An administrator manages every account of the territory; a coordinator those of their own organisation, but no
administrator's. Whoever has a profession has an adviser's calendar of the same id.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from booking.actions import audit, reminders
from booking.actions.feeds import names_changed
from booking.actions.people import tidy_email
from booking.actions.rights import Actor
from booking.database import lock_calendars
from booking.models import Account, Calendar, Claim, Entry, Organisation, Venue
from booking.models.people import ROLES
from booking.refusals import Fault, Forbidden, Invalid, NotFound, WrongState

PROFESSIONS = ("conseiller_france_services", "conseiller_numerique")


@dataclass(frozen=True)
class Draft:
    """What is asked for an account; organisation and venue by their ids, the phone in E.164."""

    name: str
    email: str | None
    role: str
    organisation: str
    profession: str | None = None
    home_venue: str | None = None
    phone: str | None = None


def manageable(session: Session, actor: Actor) -> Sequence[Account]:
    """The accounts that the actor manages, by organisation and name."""
    wanted = (
        select(Account)
        .join(Account.organisation)
        .options(joinedload(Account.organisation))
        .where(Organisation.territory_pk == actor.territory_pk)
    )
    if not actor.administers:
        wanted = wanted.where(Account.organisation_pk == actor.organisation_pk)
    return sorted(session.scalars(wanted), key=lambda each: (_sorted_as(each.organisation.name), _sorted_as(each.name)))


def _sorted_as(name: str) -> str:
    """Élise between Elise and Emma, on every database."""
    return unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()


def managed(session: Session, actor: Actor, id: str) -> Account:
    """One account to be changed. Raises ``NotFound`` outside the territory, ``Forbidden`` outside one's reach."""
    account = session.scalar(select(Account).where(Account.id == id))
    if account is None or account.organisation.territory_pk != actor.territory_pk:
        raise NotFound
    own = account.organisation_pk == actor.organisation_pk and account.role != "administrator"
    if not (actor.administers or (actor.coordinates and own)):
        raise Forbidden
    return account


def calendar_of(session: Session, account: Account) -> Calendar | None:
    return session.scalar(select(Calendar).where(Calendar.account_pk == account.pk))


def organisations_of(session: Session, actor: Actor) -> Sequence[Organisation]:
    """The organisations in which the actor may have accounts."""
    wanted = select(Organisation).where(Organisation.territory_pk == actor.territory_pk).order_by(Organisation.name)
    if not actor.administers:
        wanted = wanted.where(Organisation.pk == actor.organisation_pk)
    return session.scalars(wanted).all()


def venues_of(session: Session, actor: Actor) -> Sequence[Venue]:
    """Every venue of the territory: somebody's home venue may belong to another organisation."""
    return session.scalars(
        select(Venue)
        .join(Venue.organisation)
        .where(Organisation.territory_pk == actor.territory_pk)
        .order_by(Venue.commune, Venue.name)
    ).all()


def roles_for(actor: Actor) -> tuple[str, ...]:
    """The roles that the actor may give."""
    return ROLES if actor.administers else tuple(role for role in ROLES if role != "administrator")


def faults_of(session: Session, actor: Actor, draft: Draft, *, besides: Account | None = None) -> list[Fault]:
    """What is wrong with a draft; ``besides`` is the account that it changes."""
    faults = []
    if not draft.name.strip():
        faults.append(Fault("/name", "required", "A name is needed."))
    if draft.role not in roles_for(actor):
        faults.append(Fault("/role", "unknown", "This role cannot be given."))
    if draft.profession is not None and draft.profession not in PROFESSIONS:
        faults.append(Fault("/profession", "unknown", "No such profession."))
    if draft.organisation not in {each.id for each in organisations_of(session, actor)}:
        faults.append(Fault("/organisation", "unknown", "No such organisation."))
    if draft.home_venue is not None and draft.home_venue not in {each.id for each in venues_of(session, actor)}:
        faults.append(Fault("/home_venue", "unknown", "No such venue."))
    if draft.email is None and draft.profession is None:
        faults.append(Fault("/email", "required", "Without a calendar, an account needs an address to sign in."))
    if draft.email is not None:
        holder = session.scalar(select(Account.pk).where(Account.email == tidy_email(draft.email)))
        if holder is not None and (besides is None or holder != besides.pk):
            faults.append(Fault("/email", "taken", "Somebody has this address already."))
    return faults


def invite(session: Session, actor: Actor, draft: Draft, now: datetime) -> Account:
    """Makes an account and sends its invitation, if there is an address to send it to. Raises ``Invalid``."""
    faults = faults_of(session, actor, draft)
    if faults:
        raise Invalid(faults)
    organisation = session.scalars(select(Organisation).where(Organisation.id == draft.organisation)).one()
    account = Account(
        id=free_id(session, draft.name),
        name=draft.name.strip(),
        email=tidy_email(draft.email) if draft.email else None,
        role=draft.role,
        organisation=organisation,
        home_venue_pk=_venue_pk(session, draft.home_venue),
        phone=draft.phone,
        invited_at=now if draft.email else None,
    )
    session.add(account)
    _flush(session)
    _fit_calendar(session, account, draft.profession)
    if account.email:
        reminders.send_account_message(session, "invitation", account.pk, now)
    _note(session, actor, "account_created", account, now)
    return account


def invite_several(session: Session, actor: Actor, drafts: Sequence[Draft], now: datetime) -> list[Account]:
    """All of them or none. Raises ``Invalid`` with pointers ``/0/email``, ``/1/...``: the place in the list."""
    faults = faults_of_several(session, actor, drafts)
    if faults:
        raise Invalid(faults)
    return [invite(session, actor, draft, now) for draft in drafts]


def faults_of_several(session: Session, actor: Actor, drafts: Sequence[Draft]) -> list[Fault]:
    """What is wrong with each draft, and between them."""
    faults = []
    seen: set[str] = set()
    for place, draft in enumerate(drafts):
        for fault in faults_of(session, actor, draft):
            faults.append(Fault(f"/{place}{fault.pointer}", fault.code, fault.detail))
        email = tidy_email(draft.email) if draft.email else None
        if email is not None and email in seen:
            faults.append(Fault(f"/{place}/email", "twice", "This address stands in the list twice."))
        if email is not None:
            seen.add(email)
    return faults


def change(session: Session, actor: Actor, id: str, draft: Draft, now: datetime) -> Account:
    """Gives an account another name, address, role, organisation, profession or home venue. Raises ``Invalid``."""
    account = managed(session, actor, id)
    faults = faults_of(session, actor, draft, besides=account)
    if account.role == "administrator" and draft.role != "administrator" and _is_last_administrator(session, account):
        faults.append(Fault("/role", "last_administrator", "The territory needs an administrator."))
    if faults:
        raise Invalid(faults)
    email = tidy_email(draft.email) if draft.email else None
    if email != account.email:
        account.session_version += 1
    if account.name != draft.name.strip():
        names_changed(session, actor.territory_pk)
    account.name = draft.name.strip()
    account.email = email
    account.role = draft.role
    account.phone = draft.phone
    account.organisation = session.scalars(select(Organisation).where(Organisation.id == draft.organisation)).one()
    account.home_venue_pk = _venue_pk(session, draft.home_venue)
    _flush(session)
    _fit_calendar(session, account, draft.profession)
    _note(session, actor, "account_changed", account, now)
    return account


def change_own(session: Session, actor: Actor, name: str, phone: str | None, language: str, now: datetime) -> None:
    """What everybody may change of their own account."""
    account = session.get_one(Account, actor.pk)
    if account.name != name.strip():
        names_changed(session, actor.territory_pk)
    account.name, account.phone, account.language = name.strip(), phone, language
    calendar = calendar_of(session, account)
    if calendar is not None and calendar.name != account.name:
        lock_calendars(session, [calendar.pk])
        calendar.name = account.name
    session.flush()
    _note(session, actor, "account_changed", account, now)


def invite_again(session: Session, actor: Actor, id: str, now: datetime) -> Account:
    """Another invitation to somebody who has not signed in yet. Raises ``WrongState``."""
    account = managed(session, actor, id)
    if account.email is None or not account.active or account.password_hash is not None:
        raise WrongState("no_invitation")
    account.invited_at = now
    session.flush()
    reminders.send_account_message(session, "invitation", account.pk, now)
    return account


def close(session: Session, actor: Actor, id: str, now: datetime) -> Account:
    """Ends an account: its sessions, its links, and the offering of its calendar. What is booked stays booked."""
    account = managed(session, actor, id)
    if account.pk == actor.pk:
        raise WrongState("own_account")
    if account.role == "administrator" and _is_last_administrator(session, account):
        raise WrongState("last_administrator")
    account.active = False
    account.session_version += 1
    session.flush()
    _set_calendar_active(session, account, False)
    _note(session, actor, "account_closed", account, now)
    return account


def reopen(session: Session, actor: Actor, id: str, now: datetime) -> Account:
    """Undoes the closing."""
    account = managed(session, actor, id)
    account.active = True
    session.flush()
    _set_calendar_active(session, account, True)
    _note(session, actor, "account_reopened", account, now)
    return account


def appointments_ahead(session: Session, account: Account, now_minute: int) -> int:
    """How many appointments stand on the account's calendar from now on."""
    return (
        session.scalar(
            select(func.count(func.distinct(Entry.pk)))
            .join(Claim, Claim.entry_pk == Entry.pk)
            .join(Calendar, Calendar.pk == Claim.calendar_pk)
            .where(Calendar.account_pk == account.pk, Entry.kind == "appointment", Entry.starts >= now_minute)
        )
        or 0
    )


def free_id(session: Session, name: str) -> str:
    """``camille.duvergt`` for Camille Duvergt; with a number when that id is taken by an account or a calendar."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", ".", plain).strip(".")[:48] or "compte"
    number, candidate = 1, base
    while session.scalar(select(Account.pk).where(Account.id == candidate)) or session.scalar(
        select(Calendar.pk).where(Calendar.id == candidate)
    ):
        number += 1
        candidate = f"{base}-{number}"
    return candidate


def _venue_pk(session: Session, id: str | None) -> int | None:
    return None if id is None else session.scalars(select(Venue.pk).where(Venue.id == id)).one()


def _fit_calendar(session: Session, account: Account, profession: str | None) -> None:
    """The adviser's calendar follows the account; without a profession it is kept and offered no more."""
    calendar = calendar_of(session, account)
    if calendar is None:
        if profession is not None:
            session.add(
                Calendar(
                    id=account.id,
                    kind="adviser",
                    name=account.name,
                    organisation_pk=account.organisation_pk,
                    venue_pk=account.home_venue_pk,
                    account_pk=account.pk,
                    profession=profession,
                    equipment=[],
                )
            )
            session.flush()
        return
    lock_calendars(session, [calendar.pk])
    calendar.name = account.name
    calendar.organisation_pk = account.organisation_pk
    calendar.venue_pk = account.home_venue_pk
    calendar.active = account.active and profession is not None
    if profession is not None:
        calendar.profession = profession
    session.flush()


def _set_calendar_active(session: Session, account: Account, active: bool) -> None:
    calendar = calendar_of(session, account)
    if calendar is not None:
        lock_calendars(session, [calendar.pk])
        calendar.active = active
        session.flush()


def _is_last_administrator(session: Session, account: Account) -> bool:
    return not session.scalar(
        select(func.count())
        .select_from(Account)
        .join(Account.organisation)
        .where(
            Organisation.territory_pk == account.organisation.territory_pk,
            Account.role == "administrator",
            Account.active,
            Account.pk != account.pk,
        )
    )


def _flush(session: Session) -> None:
    """Two at once with the same address: the second is told so."""
    try:
        session.flush()
    except IntegrityError as error:
        raise Invalid([Fault("/email", "taken", "Somebody has this address already.")]) from error


def _note(session: Session, actor: Actor, action: str, account: Account, now: datetime) -> None:
    audit.note(session, at=now, account_pk=actor.pk, action=action, object_kind="account", object_id=account.id)
