"""Every door × every role × every owner of what is behind it: who is let in, who is told no, who is told nothing.

What to expect comes from the table of rights (``booking.actions.routes``) and from the rules written down here, never
from the code that decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from booking import clock, database
from booking.actions.routes import ROUTES, Access
from tests.house.rights_doors import DOORS, Knock
from tests.house.rights_world import FOREIGN_WORDS, NOTHING, ROLES, SHARED, Thing, World, built
from tests.plumbing.service import make_app

LADDER = ("none", "free_busy", "book_offered", "details", "propose", "book", "manage")
NOBODY, LINK, OUTSIDE = "nobody", "link", "nobody or link"
"""Who has no account: the public, and whoever holds a secret link and nothing else."""
FEWEST_CASES = 1500
EDGES = {
    "own": ("manage",),
    "see": ("details",),
    "details": ("details",),
    "propose": ("details", "propose"),
    "book": ("propose", "book"),
    "book themselves": ("propose", "book"),
    "manage": ("book", "manage"),
}
"""The levels of sharing just under and just at what is asked for."""


@dataclass(frozen=True)
class Case:
    """One request of somebody about something of somebody's."""

    endpoint: str
    knock: Knock
    who: str
    owner: str
    scope: str = "write"

    def __str__(self) -> str:
        key = "" if self.scope == "write" else f" with a key to {self.scope}"
        return f"{self.who}{key}: {self.knock.method} {self.endpoint}, {self.knock.about or 'page'} of {self.owner}"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    app = make_app(database_url, tmp_path)
    app.config["WTF_CSRF_ENABLED"] = False
    app.testing = False  # what breaks is a 500, as it would be
    with app.app_context():
        yield built(app)
        database.db.session.remove()
        database.db.engine.dispose()
    clock.freeze(None)


def test_every_door_has_somebody_knocking_with_every_method(guarded_app: Flask) -> None:
    methods = {
        (rule.endpoint, method)
        for rule in guarded_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    tried = {(endpoint, knock.method) for endpoint, knocks in DOORS.items() for knock in knocks}

    assert sorted(methods - tried) == []
    assert sorted(tried - methods) == []
    assert sorted(set(DOORS) ^ set(ROUTES)) == []


@pytest.mark.parametrize("who", [*ROLES, OUTSIDE])
def test_each_door_opens_for_those_whom_the_table_names_and_for_nobody_else(world: World, who: str) -> None:
    wrong: list[str] = []
    for case in cases():
        if case.who == who or (who == OUTSIDE and case.who not in ROLES):
            wrong += [f"{case}: {each}" for each in tried(world, case)]
    assert not wrong, "\n".join(wrong)


def test_the_matrix_is_large_enough_to_mean_something() -> None:
    assert len(list(cases())) >= FEWEST_CASES


def cases() -> Iterator[Case]:
    for endpoint, knocks in DOORS.items():
        access = ROUTES[endpoint]
        of_the_api = access.who.startswith("token:")
        for knock in knocks:
            for who in (*ROLES, NOBODY, LINK):
                for owner in worth_trying(access, knock, who):
                    yield Case(endpoint, knock, who, owner)
            owner = few(knock)[-1]
            for who in ROLES if of_the_api else ():
                yield Case(endpoint, knock, who, owner, "read")
            if access.who not in ("public", "link"):
                yield Case(endpoint, knock, "administrator", owner, "the screens" if of_the_api else "the API")


def worth_trying(access: Access, knock: Knock, who: str) -> tuple[str, ...]:
    """The owners that can make a difference at this door for that person."""
    if access.who == "link":
        return knock.owners
    if knock.about is None or who not in ROLES:
        return few(knock)[:1] if who == LINK else few(knock)[-1:]
    if not has_the_office(access, who):
        return few(knock)
    verb = "own" if access.who.startswith("role:") else knock.verb or access.verb
    return tuple(each for each in knock.owners if each not in SHARED or each in EDGES[verb])


def few(knock: Knock) -> tuple[str, ...]:
    """What is somebody's and what one may not know of: enough where nothing is asked of the thing itself."""
    if knock.about is None:
        return ("anybody",)
    return tuple(each for each in knock.owners if each in ("organisation", "foreign")) or knock.owners[:1]


def tried(world: World, case: Case) -> list[str]:
    """What is wrong with the answer; usually nothing."""
    thing = world.thing(case.knock.about, case.owner, case.who) if case.knock.about else NOTHING
    before = world.acts()
    answer = knock(world, case, thing)
    acted = world.acts() - before
    expected = expectation(case)
    wrong = []
    if answer.status_code not in expected:
        wrong.append(f"{answer.status_code}, not {sorted(expected)}")
    elif ROUTES[case.endpoint].who != "public" and signed_out(answer) != (
        case_is_of_somebody_unknown(case) and answer.status_code == 302
    ):
        wrong.append(f"sent to {answer.headers.get('Location')}")
    let_in = expected == case.knock.opened and ROUTES[case.endpoint].who != "public"
    if let_in and case.knock.acts and not acted:
        wrong.append("let in, and nothing was done")
    if acted and not let_in:
        wrong.append("refused, and something was done all the same")
    if acted and case.knock.about:
        world.spent(thing)
    wrong += [f"{word!r} is in the answer" for word in unspeakable(case) if word in answer.text]
    return wrong


def knock(world: World, case: Case, thing: Thing) -> TestResponse:
    asked = case.knock
    path = dict.fromkeys(asked.path, thing.id) | dict(asked.others)
    body = asked.body(world, thing, case.who) if asked.body else {}
    query = asked.query(world, thing, case.who) if asked.query else {}
    address = world.app.url_map.bind("127.0.0.1").build(case.endpoint, {**path, **query}, asked.method)
    api = ROUTES[case.endpoint].who.startswith("token:")
    headers = {}
    if case.who in ROLES and (case.scope == "the API" or (api and case.scope != "the screens")):
        scope = case.scope if case.scope in ("read", "write") else "write"
        headers["Authorization"] = f"Bearer {world.tokens[case.who, scope]}"
    elif case.who in ROLES:
        headers["Cookie"] = f"booking={world.cookies[case.who]}"
    elif case.who == LINK:
        headers["Authorization"] = f"Bearer {world.thing('secret', 'self', case.who).id}"
    client = world.app.test_client(use_cookies=False)
    content = {"json": body} if api else {"data": body}
    if asked.method in ("GET", "DELETE"):
        content = {}
    return client.open(address, method=asked.method, headers=headers, **content)  # type: ignore[arg-type]


def signed_out(answer: TestResponse) -> bool:
    return answer.headers.get("Location", "").startswith("/connexion")


def case_is_of_somebody_unknown(case: Case) -> bool:
    """Whether this caller has no session that the screens would take."""
    return case.who not in ROLES or case.scope == "the API"


# What to expect.


def expectation(case: Case) -> frozenset[int]:
    access = ROUTES[case.endpoint]
    if access.who == "public":
        return case.knock.opened
    if access.who == "link":
        return case.knock.opened if level("adviser", case.owner, "adviser")[0] != "none" else frozenset({404, 410})
    if access.who.startswith("token:"):
        if case.who not in ROLES or case.scope == "the screens":
            return frozenset({401})
        if access.who == "token:write" and case.scope == "read":
            return frozenset({403})
    elif case_is_of_somebody_unknown(case):
        return frozenset({302}) if case.knock.method == "GET" else frozenset({401})
    elif not has_the_office(access, case.who):
        return frozenset({403})
    if case.knock.about is None:
        return case.knock.opened
    held = holds(access, case)
    return {
        "yes": case.knock.opened,
        "no": frozenset({case.knock.forbidden}),
        "nothing known": frozenset({case.knock.missing}),
    }[held]


def has_the_office(access: Access, role: str) -> bool:
    if access.who == "role:administrator":
        return role == "administrator"
    if access.who == "role:coordinator":
        return role in ("coordinator", "administrator")
    return True


def holds(access: Access, case: Case) -> str:
    """``yes``, ``no`` (403: it may be seen, the right lacks) or ``nothing known``."""
    verb = case.knock.verb or access.verb
    if case.owner in ("foreign", "nothing"):
        return "nothing known"
    if verb == "own":
        return "yes" if case.owner == "self" else "nothing known"
    if access.who.startswith("role:"):
        if case.owner == "abroad":
            return "nothing known"
        in_reach = case.who == "administrator" or case.owner in ("self", "organisation")
        return "yes" if in_reach or case.knock.about == "message" else "no"
    kind = case.knock.about if case.knock.about in ("room", "vehicle") else "adviser"
    held, books_offered = level(case.who, case.owner, kind)
    if held == "none":
        return "nothing known"
    return "yes" if suffices(verb, held, books_offered, case) else "no"


def suffices(verb: str, held: str, books_offered: bool, case: Case) -> bool:
    rank = LADDER.index(held)
    if case.owner == "booked" and verb in ("details", "book"):
        return True
    if case.owner == "our_room" and verb == "details":
        return True
    if verb == "see":
        return True
    if verb == "details":
        return rank >= LADDER.index("details")
    if verb == "propose":
        return books_offered or rank >= LADDER.index("propose")
    if verb in ("book", "book themselves"):
        return rank >= LADDER.index("book")
    assert verb == "manage", verb
    # Who manages the room may say no for it; yes is said by those who are waited for.
    says_no = case.owner == "our_room" and case.endpoint.endswith(".reject") and case.who == "coordinator"
    return held == "manage" or says_no


def level(role: str, owner: str, kind: str) -> tuple[str, bool]:
    """The right of somebody of that role on the calendar of that owner, and whether offered slots may be booked."""
    if owner in ("foreign", "nothing"):
        return "none", False
    if owner == "abroad":
        return "details", False
    if owner == "self" and kind == "adviser":
        return "manage", True
    if role == "administrator":
        return "manage", True
    if owner in ("self", "organisation"):
        return ("manage" if role == "coordinator" else "book"), True
    if owner in SHARED:
        return owner, kind == "adviser"
    return ("book_offered", True) if kind == "adviser" else ("free_busy", False)


def unspeakable(case: Case) -> list[str]:
    """Words that must not be in any answer to this caller."""
    words = list(FOREIGN_WORDS)
    if case.who not in ROLES and case.who != LINK:
        words += ["Quidam", "Remarque"]
    for owner in ("details", "propose", "territory", "abroad", "our_room", "foreign"):
        if case.who in ROLES and LADDER.index(level(case.who, owner, "adviser")[0]) < LADDER.index("book"):
            words += [f"Quidam-{owner}", f"quidam-{owner}@", f"Remarque-{owner}"]
    return words
