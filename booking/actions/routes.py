"""The one table of rights: who may come through each door of the service, web and API.

``who`` is enforced before a request reaches its view; ``verb`` and ``object`` say what the action behind it
checks on the object itself (``rights.require``). An endpoint that is not here is refused, and a test fails.
"""

from dataclasses import dataclass

ROLE_RANK = {"adviser": 0, "secretary": 0, "coordinator": 1, "administrator": 2}


@dataclass(frozen=True)
class Access:
    """``who``: ``public``, ``signed_in``, ``role:coordinator`` (and above), ``role:administrator``, ``token`` (the
    API's bearer: ``token:read``, ``token:write``), or ``link`` (whoever holds the secret in the address).

    ``verb``: ``see``, ``details``, ``propose``, ``book``, ``manage``, or ``own`` for what is the actor's own.
    ``object``: the kind of thing the verb is about; ``None`` when there is none.
    """

    who: str
    verb: str = "see"
    object: str | None = None

    @property
    def has_own_key(self) -> bool:
        """Whether the view asks for a key of its own (a bearer, a secret address) instead of a session."""
        return self.who.startswith(("token", "link"))


def admits(access: Access, role: str | None) -> bool:
    """Whether the door opens for an account of that role; ``None`` is nobody.

    Tokens and secret links are judged by the view itself, which knows neither session nor form.
    """
    if access.who == "public" or access.has_own_key:
        return True
    if role is None:
        return False
    if access.who == "signed_in":
        return True
    return ROLE_RANK[role] >= ROLE_RANK[access.who.removeprefix("role:")]


_FOUNDATION = {
    "static": Access("public"),
    "people.home": Access("public"),
    "people.sign_in": Access("public"),
    "people.sign_out": Access("public"),
    "people.forgotten": Access("public"),
    "people.choose_password": Access("public"),
    "people.language": Access("public"),
    "people.profile": Access("signed_in", "own", "account"),
    "people.password": Access("signed_in", "own", "account"),
    "accounts.list": Access("role:coordinator", "manage", "account"),
    "accounts.invite": Access("role:coordinator", "manage", "account"),
    "accounts.several": Access("role:coordinator", "manage", "account"),
    "accounts.edit": Access("role:coordinator", "manage", "account"),
    "accounts.invite_again": Access("role:coordinator", "manage", "account"),
    "accounts.deactivate": Access("role:coordinator", "manage", "account"),
    "accounts.reactivate": Access("role:coordinator", "manage", "account"),
    "setup.account": Access("public"),
    "setup.structure": Access("role:administrator", "manage", "organisation"),
    "setup.venue": Access("role:administrator", "manage", "venue"),
    "setup.adviser": Access("role:administrator", "manage", "account"),
}

_APPOINTMENTS = {
    "search.new": Access("signed_in", "propose", "appointment"),
    "search.book": Access("signed_in", "propose", "appointment"),
    "search.place_names": Access("signed_in", "see", "venue"),
    "search.already": Access("signed_in", "details", "appointment"),
    "walk_in.new": Access("signed_in", "book", "appointment"),
    "walk_in.book": Access("signed_in", "book", "appointment"),
    "appointments.find": Access("signed_in", "details", "appointment"),
    "appointments.show": Access("signed_in", "details", "appointment"),
    "appointments.slip": Access("signed_in", "details", "appointment"),
    "appointments.edit": Access("signed_in", "book", "appointment"),
    "appointments.amend": Access("signed_in", "book", "appointment"),
    "appointments.cancel": Access("signed_in", "book", "appointment"),
    "appointments.restore": Access("signed_in", "book", "appointment"),
    "appointments.attendance": Access("signed_in", "book", "appointment"),
    "appointments.end": Access("signed_in", "book", "appointment"),
    "appointments.confirm": Access("signed_in", "manage", "appointment"),
    "appointments.reject": Access("signed_in", "manage", "appointment"),
    "moving.slots": Access("signed_in", "book", "appointment"),
    "moving.move": Access("signed_in", "book", "appointment"),
}

_API = {
    "api.reference.openapi": Access("public"),
    "api.reference.docs": Access("public"),
    "api.reference.problem": Access("public"),
    "api.calendars.list_": Access("token:read", "see", "calendar"),
    "api.calendars.one": Access("token:read", "see", "calendar"),
    "api.calendars.busy": Access("token:read", "see", "calendar"),
    "api.entries.list_": Access("token:read", "see", "entry"),
    "api.catalogue.purposes": Access("token:read", "see", "purpose"),
    "api.catalogue.venues": Access("token:read", "see", "venue"),
    "api.catalogue.organisations": Access("token:read", "see", "organisation"),
    "api.catalogue.accounts": Access("token:read", "see", "account"),
    "api.slots.list_": Access("token:read", "propose", "calendar"),
    "api.appointments.list_": Access("token:read", "details", "appointment"),
    "api.appointments.one": Access("token:read", "details", "appointment"),
    "api.appointments.book": Access("token:write", "propose", "calendar"),
    "api.appointments.move": Access("token:write", "book", "appointment"),
    "api.appointments.cancel": Access("token:write", "book", "appointment"),
    "api.appointments.attendance": Access("token:write", "book", "appointment"),
    "api.appointments.confirm": Access("token:write", "manage", "appointment"),
    "api.appointments.reject": Access("token:write", "manage", "appointment"),
    "api.openings.list_": Access("token:read", "see", "opening"),
    "api.openings.one": Access("token:read", "see", "opening"),
    "api.openings.add": Access("token:write", "manage", "calendar"),
    "api.openings.change": Access("token:write", "manage", "opening"),
    "api.openings.remove": Access("token:write", "manage", "opening"),
    "api.openings.change_date": Access("token:write", "manage", "opening"),
    "api.openings.cancel_date": Access("token:write", "manage", "opening"),
    "api.absences.list_": Access("token:read", "details", "absence"),
    "api.absences.one": Access("token:read", "details", "absence"),
    "api.absences.add": Access("token:write", "manage", "calendar"),
    "api.absences.change": Access("token:write", "manage", "absence"),
    "api.absences.remove": Access("token:write", "manage", "absence"),
    "api.absences.change_date": Access("token:write", "manage", "absence"),
    "api.absences.cancel_date": Access("token:write", "manage", "absence"),
    "api.feeds.list_": Access("token:read", "own", "feed"),
    "api.feeds.one": Access("token:read", "own", "feed"),
    "api.feeds.create": Access("token:write", "own", "feed"),
    "api.feeds.revoke": Access("token:write", "own", "feed"),
}

_MESSAGES = {
    "messages.list": Access("role:administrator", "manage", "message"),
    "messages.show": Access("role:administrator", "manage", "message"),
}

_DAY = {
    "day.today": Access("signed_in", "details", "calendar"),
    "desk.absent": Access("signed_in", "book", "calendar"),
    "desk.settle": Access("signed_in", "book", "calendar"),
    "desk.hand_over": Access("signed_in", "book", "calendar"),
    "desk.take_over": Access("signed_in", "book", "calendar"),
    "planner.day": Access("signed_in", "see", "calendar"),
    "planner.dated": Access("signed_in", "see", "calendar"),
    "planner_events.of": Access("signed_in", "see", "calendar"),
    "planner_drag.drop": Access("signed_in", "book", "appointment"),
}

_FEEDS = {
    "feeds.mine": Access("signed_in", "own", "feed"),
    "feeds.revoke": Access("signed_in", "own", "feed"),
    "ics.calendar": Access("link", "see", "feed"),
    "ics.freebusy": Access("link", "see", "feed"),
    "ics.nothing": Access("public"),
}

_CATALOGUE = {
    "catalogue.home": Access("role:coordinator", "manage", "organisation"),
    "catalogue.organisation": Access("role:coordinator", "manage", "organisation"),
    "catalogue.new_organisation": Access("role:administrator", "manage", "organisation"),
    "catalogue.venue": Access("role:coordinator", "manage", "venue"),
    "catalogue.new_venue": Access("role:coordinator", "manage", "venue"),
    "catalogue.room": Access("role:coordinator", "manage", "calendar"),
    "catalogue.new_room": Access("role:coordinator", "manage", "calendar"),
    "catalogue.vehicle": Access("role:coordinator", "manage", "calendar"),
    "catalogue.new_vehicle": Access("role:coordinator", "manage", "calendar"),
    "catalogue.purposes": Access("role:coordinator", "see", "purpose"),
    "catalogue.purpose": Access("role:coordinator", "manage", "purpose"),
    "catalogue.new_purpose": Access("role:administrator", "manage", "purpose"),
}

_AVAILABILITY = {
    "availability.mine": Access("signed_in", "manage", "calendar"),
    "availability.displaced": Access("signed_in", "manage", "calendar"),
    "openings.new": Access("signed_in", "manage", "calendar"),
    "openings.edit": Access("signed_in", "manage", "opening"),
    "openings.dates": Access("signed_in", "manage", "opening"),
    "openings.date": Access("signed_in", "manage", "opening"),
    "openings.cancel_date": Access("signed_in", "manage", "opening"),
    "openings.restore_date": Access("signed_in", "manage", "opening"),
    "openings.remove": Access("signed_in", "manage", "opening"),
    "openings.put_back": Access("signed_in", "manage", "calendar"),
    "absences.new": Access("signed_in", "manage", "calendar"),
    "absences.show": Access("signed_in", "manage", "absence"),
    "absences.edit": Access("signed_in", "manage", "absence"),
    "absences.date": Access("signed_in", "manage", "absence"),
    "absences.cancel_date": Access("signed_in", "manage", "absence"),
    "absences.restore_date": Access("signed_in", "manage", "absence"),
    "absences.remove": Access("signed_in", "manage", "absence"),
    "absences.put_back": Access("signed_in", "manage", "calendar"),
    "sharing.mine": Access("signed_in", "manage", "calendar"),
    "sharing.set": Access("signed_in", "manage", "calendar"),
    "sharing.add": Access("signed_in", "manage", "calendar"),
}

ROUTES: dict[str, Access] = {
    **_FOUNDATION,
    **_APPOINTMENTS,
    **_API,
    **_MESSAGES,
    **_DAY,
    **_FEEDS,
    **_CATALOGUE,
    **_AVAILABILITY,
}
