"""Searches in random worlds give every slot of the definition and none else, on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from booking import database
from booking.actions import slot_masks, slots
from booking.actions.rights import load_actor
from booking.actions.slots import Search
from tests.actions import slot_oracle
from tests.actions.slot_oracle import Found
from tests.actions.slot_worlds import EQUIPMENT, Maker, World, minute_of, store

WORLDS_A_TEST = 16


@pytest.fixture
def data(database_url: str) -> Iterator[None]:
    """The database alone, without screens."""
    app = Flask("booking")
    database.connect(app, database_url)
    with app.app_context():
        yield
        database.db.engine.dispose()


def searches(world: World, draw: random.Random, how_many: int, days: int) -> list[Search]:
    return [_search(world, draw, days) for _ in range(how_many)]


def _search(world: World, draw: random.Random, days: int) -> Search:
    bookable = [each.id for each in world.of_kind("adviser") if each.active and slot_oracle._may_book(world, each)]
    rooms = [each.id for each in world.of_kind("room") if each.active and slot_oracle._may_book(world, each)]
    vehicles = [each.id for each in world.of_kind("vehicle") if each.active and slot_oracle._may_book(world, each)]
    named = tuple(draw.sample(bookable, draw.randint(min(1, len(bookable)), min(3, len(bookable)))))
    named = named if draw.random() < 0.6 else ()
    first = world.day + timedelta(days=draw.randint(-1, 1))
    since = draw.choice([None, first, minute_of(_midnight(first), world.zone) + draw.randint(0, 700)])
    until = draw.choice([first + timedelta(days=days), minute_of(_midnight(first), world.zone) + days * 1440 + 77])
    if since is None:
        until = world.day + timedelta(days=days)
    purpose = draw.choice([*world.purposes, None])
    near = next((each.place for each in world.venues if each.place), None) if draw.random() < 0.25 else None
    return Search(
        purpose=purpose.id if purpose else None,
        minutes=draw.choice([25, 40, 60, 180]) if purpose is None or draw.random() < 0.2 else None,
        before=draw.choice([None, None, None, 0, 40]),
        after=draw.choice([None, None, None, 0, 33]),
        notice=draw.choice([None, None, None, 0, 300]),
        since=since,
        until=until,
        advisers=named or None,
        together=bool(named) and draw.random() < 0.6,
        venues=tuple(draw.sample([each.id for each in world.venues[:-1]], 1)) if draw.random() < 0.2 else None,
        organisation=draw.choice(world.organisations[:2]).id if draw.random() < 0.15 else None,
        near=near,
        within_km=draw.choice([0.0, 12.5, 40.0, 90.0]) if near else None,
        room=draw.choice([None, None, None, "any", *rooms[:1]]),
        capacity=draw.choice([None, None, None, None, 0, 3]),
        equipment=tuple(draw.sample(EQUIPMENT, 1)) if draw.random() < 0.1 else (),
        vehicle=draw.choice([None, None, None, None, "any", *vehicles[:1]]),
        grid=draw.choice([5, 10, 15, 15, 20, 30, 60]),
        limit=slots.MOST,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def found_by_search(world: World, account: int, search: Search) -> list[Found]:
    with database.reading() as session:
        actor = load_actor(session, account)
        assert actor is not None
        found: list[Found] = []
        while True:
            page = slots.find(session, actor, search, world.now)
            for slot in page.items:
                found.append((slot.starts, slot.ends, slot.advisers, slot.venue, slot.rooms, slot.vehicles))
            if page.next is None:
                return found
            search = replace(search, cursor=page.next)


@pytest.mark.parametrize("batch", range(3))
def test_small_worlds_give_the_oracles_slots_and_none_else(data: None, batch: int) -> None:
    total = 0
    for seed in range(batch * WORLDS_A_TEST, (batch + 1) * WORLDS_A_TEST):
        world = Maker(seed).world()
        account = database.write(lambda session, world=world: store(session, world))
        for number, search in enumerate(searches(world, random.Random(seed), 6, days=3)):
            expected = slot_oracle.slots(world, search)
            total += len(expected)
            assert found_by_search(world, account, search) == expected, f"world {seed}, search {number}: {search}"
    assert total > 1000


def test_rooms_and_vehicles_that_are_not_always_open_give_the_oracles_slots_and_none_else(data: None) -> None:
    offered, lost = 0, 0
    for seed in range(300, 300 + WORLDS_A_TEST):
        world = Maker(seed, hours=True).world()
        account = database.write(lambda session, world=world: store(session, world))
        for number, search in enumerate(searches(world, random.Random(seed), 6, days=3)):
            search = replace(
                search, room=search.room or "any", vehicle=search.vehicle or (number % 2 and "any") or None
            )
            expected = slot_oracle.slots(world, search)
            offered += len(expected)
            always_open = [each for each in world.openings if each.adviser.kind == "adviser"]
            lost += len(slot_oracle.slots(replace(world, openings=always_open), search)) - len(expected)
            assert found_by_search(world, account, search) == expected, f"world {seed}, search {number}: {search}"
    assert offered > 200
    assert lost > 200


def test_twenty_four_advisers_over_six_weeks_give_the_oracles_slots(data: None) -> None:
    world = Maker(4242, advisers=(24, 24), days=42, busy=60).world()
    account = database.write(lambda session: store(session, world))
    total = 0
    for purpose in world.purposes:
        search = Search(purpose=purpose.id, until=world.day + timedelta(days=42), limit=slots.MOST)
        expected = slot_oracle.slots(world, search)
        total += len(expected)
        assert found_by_search(world, account, search) == expected
    assert total > slots.MOST


def test_a_thousand_advisers_give_the_oracles_slots(data: None) -> None:
    world = Maker(77, advisers=(1000, 1000), days=2, busy=4).world()
    account = database.write(lambda session: store(session, world))
    search = Search(minutes=45, until=world.day + timedelta(days=2), limit=slots.MOST, room="any")
    expected = slot_oracle.slots(world, search)
    assert len(expected) > 1000
    assert found_by_search(world, account, search) == expected


@pytest.mark.parametrize("seed", [900, 901, 902])
def test_pages_follow_each_other_without_gap_or_overlap(data: None, seed: int) -> None:
    world = Maker(seed, advisers=(3, 6)).world()
    account = database.write(lambda session: store(session, world))
    search = Search(minutes=30, until=world.day + timedelta(days=9), limit=7)
    expected = slot_oracle.slots(world, search)
    assert len(expected) > 7
    assert found_by_search(world, account, search) == expected


def test_what_is_kept_changes_nothing_in_the_answer(data: None) -> None:
    for seed in range(950, 960):
        world = Maker(seed).world()
        account = database.write(lambda session, world=world: store(session, world))
        for search in searches(world, random.Random(seed), 3, days=3):
            slot_masks.forget()
            cold = found_by_search(world, account, search)
            assert found_by_search(world, account, search) == cold
