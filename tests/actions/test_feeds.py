"""Subscriptions: who may have which, what is kept of them, how they end."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import database
from booking.actions import feed_reads, feeds, sharing
from booking.actions.feeds import FeedDraft
from booking.models import Audit, Feed, Opening, Programme
from booking.refusals import Forbidden, Invalid, NotFound, WrongState
from tests.actions.conftest import NOW, Desk


def faults(desk: Desk, who: str, draft: FeedDraft) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        desk.do(who, feeds.create, draft)
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def test_a_feed_is_kept_without_its_secret(desk: Desk) -> None:
    made = desk.do("chloe", feeds.create, FeedDraft("adviser", "chloe", "full", 15, "Mon téléphone"))

    with database.reading() as session:
        kept = session.scalars(select(Feed)).one()
    assert kept.secret_hash == hashlib.sha256(made.secret.encode()).hexdigest()
    assert (kept.id, kept.detail, kept.alarm_minutes, kept.name) == (made.id, "full", 15, "Mon téléphone")
    assert kept.calendar_pk == desk.cast.chloe_calendar.pk


def test_each_feed_has_a_secret_of_its_own(desk: Desk) -> None:
    draft = FeedDraft("adviser", "chloe")

    secrets = {desk.do("chloe", feeds.create, draft).secret for _ in range(3)}

    assert len(secrets) == 3


def test_a_feed_without_a_name_bears_that_of_what_it_shows(desk: Desk) -> None:
    assert desk.do("chloe", feeds.create, FeedDraft("adviser", "chloe", name="  ")).name == "Chloé Caron"


def test_busy_times_are_for_whoever_sees_them_and_no_more(desk: Desk) -> None:
    assert desk.do("chloe", feeds.create, FeedDraft("adviser", "farid", "free_busy"))
    for detail in ("limited", "full"):
        with pytest.raises(Forbidden):
            desk.do("chloe", feeds.create, FeedDraft("adviser", "farid", detail))


def test_details_are_for_whoever_they_are_shared_with(desk: Desk) -> None:
    desk.do("farid", sharing.share, "farid", "person", "chloe", "details")

    assert desk.do("chloe", feeds.create, FeedDraft("adviser", "farid", "full"))


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ("adviser", "zoe"),
        ("adviser", "nobody"),
        ("adviser", "bureau-brume"),
        ("room", "salle-loin"),
        ("vehicle", "bureau-brume"),
        ("venue", "salle-lointaine"),
        ("organisation", "mairie-lointaine"),
        ("openings", "zoe"),
        ("programme", "none"),
    ],
)
def test_what_is_unknown_and_what_is_foreign_are_the_same(desk: Desk, scope: str, target: str) -> None:
    assert faults(desk, "chloe", FeedDraft(scope, target)) == [("/id", "unknown")]


def test_a_foreign_territory_is_unknown(desk: Desk) -> None:
    with database.reading() as session:
        foreign = session.get_one(type(desk.cast.territory), desk.cast.foreign_territory.pk).id

    assert faults(desk, "chloe", FeedDraft("territory", foreign)) == [("/id", "unknown")]


def test_every_fault_of_a_draft_is_named(desk: Desk) -> None:
    draft = FeedDraft("planet", "x", "everything", -1, "n" * 121)

    assert faults(desk, "chloe", draft) == [
        ("/scope", "choice"),
        ("/detail", "choice"),
        ("/alarm_minutes", "range"),
        ("/name", "too_long"),
    ]


def test_the_same_press_sent_twice_makes_one_feed(desk: Desk) -> None:
    draft = FeedDraft("adviser", "chloe")
    desk.do("chloe", feeds.create, draft, key="k")

    with pytest.raises(WrongState):
        desk.do("chloe", feeds.create, draft, key="k")

    assert len(desk.read("chloe", feeds.listed)) == 1
    assert desk.do("alix", feeds.create, draft, key="k"), "somebody else's key is another one"


def test_ones_own_feeds_are_listed_newest_first(desk: Desk) -> None:
    for name in ("un", "deux"):
        desk.do("chloe", feeds.create, FeedDraft("adviser", "chloe", name=name))
    desk.do("alix", feeds.create, FeedDraft("adviser", "chloe"))

    listed = desk.read("chloe", feeds.listed)

    assert [each.name for each in listed] == ["deux", "un"]
    assert (listed[0].scope, listed[0].target, listed[0].target_name) == ("adviser", "chloe", "Chloé Caron")
    assert (listed[0].level, listed[0].created, listed[0].last_read_at) == ("free_busy", NOW, None)


def test_the_list_says_what_a_feed_may_show_now(desk: Desk) -> None:
    desk.do("farid", sharing.share, "farid", "person", "chloe", "details")
    desk.do("chloe", feeds.create, FeedDraft("adviser", "farid", "full"))
    levels = []
    for level in ("details", "free_busy", "none"):
        desk.do("farid", sharing.share, "farid", "person", "chloe", level)
        desk.do("farid", sharing.share, "farid", "territory", desk.read("farid", _territory), "none")
        levels.append(desk.read("chloe", feeds.listed)[0].level)

    assert levels == ["full", "free_busy", None]


def _territory(session, actor) -> str:
    from booking.models import Territory

    return session.get_one(Territory, actor.territory_pk).id


def test_a_revoked_feed_is_listed_only_when_asked_for(desk: Desk) -> None:
    made = desk.do("chloe", feeds.create, FeedDraft("adviser", "chloe"))
    desk.do("chloe", feeds.revoke, made.id)
    desk.do("chloe", feeds.revoke, made.id, now=NOW + timedelta(hours=1))

    assert desk.read("chloe", feeds.listed) == []
    (kept,) = desk.read("chloe", feeds.listed, revoked=True)
    assert (kept.revoked_at, kept.level) == (NOW, None)


def test_nobody_revokes_the_feed_of_another(desk: Desk) -> None:
    made = desk.do("chloe", feeds.create, FeedDraft("adviser", "chloe"))

    for who in ("helene", "farid"):
        with pytest.raises(NotFound):
            desk.do(who, feeds.revoke, made.id)


def test_making_and_revoking_are_audited_without_the_secret(desk: Desk) -> None:
    made = desk.do("chloe", feeds.create, FeedDraft("adviser", "chloe"))
    desk.do("chloe", feeds.revoke, made.id)

    with database.reading() as session:
        rows = session.scalars(select(Audit).where(Audit.object_kind == "feed").order_by(Audit.pk)).all()
    assert [row.action for row in rows] == ["feed_created", "feed_revoked"]
    assert not [row for row in rows if made.secret in repr(vars(row))]


def test_the_addresses_of_a_feed() -> None:
    links = feeds.urls("https://rdv.example.fr", "s")

    assert links.url == "https://rdv.example.fr/ics/s.ics"
    assert links.webcal_url == "webcal://rdv.example.fr/ics/s.ics"
    assert links.freebusy_url == "https://rdv.example.fr/ics/s.ifb"


def test_what_one_may_subscribe_to_has_ones_own_calendar_first(desk: Desk) -> None:
    choices = desk.read("chloe", feeds.choices)

    assert (choices[0].scope, choices[0].id, choices[0].own) == ("adviser", "chloe", True)
    known = {(each.scope, each.id): each.shows_details for each in choices}
    assert known["room", "bureau-brume"]
    assert not known["adviser", "farid"]
    assert known["venue", "maison-brume"]
    assert known["organisation", "fs-brume"]
    assert not [key for key in known if key[1] in ("zoe", "salle-loin", "salle-lointaine", "mairie-lointaine")]


def test_drop_in_sessions_and_published_programmes_are_offered_where_there_are_any(desk: Desk) -> None:
    def add(session) -> None:
        session.add_all(
            [
                Opening(
                    id="ouvert",
                    calendar_pk=desk.cast.farid_calendar.pk,
                    venue_pk=desk.cast.mairie.pk,
                    starts_wall="2027-01-20T14:00",
                    minutes=60,
                    exdates=[],
                    admission="both",
                ),
                Programme(
                    id="p1", territory_pk=desk.cast.territory.pk, quarter="2027-T1", title="Hiver", state="published"
                ),
                Programme(id="p2", territory_pk=desk.cast.territory.pk, quarter="2027-T2", title="Été", state="draft"),
            ]
        )

    database.write(add)
    found = [(each.scope, each.id) for each in desk.read("chloe", feeds.choices)]

    assert ("openings", "farid") in found
    assert ("openings", "chloe") not in found
    assert ("programme", "p1") in found
    assert ("programme", "p2") not in found


def test_a_reading_that_could_not_be_written_down_is_not_forgotten() -> None:
    feed_reads.note("here", 1, NOW, "khal/1")
    taken = feed_reads.take("here")
    feed_reads.note("here", 2, NOW, "khal/1")

    feed_reads.give_back("here", taken)

    assert set(feed_reads.take("here")) == {1, 2}


def test_an_older_reading_never_replaces_a_newer_one(desk: Desk) -> None:
    made = desk.do("chloe", feeds.create, FeedDraft("adviser", "chloe"))
    with database.reading() as session:
        pk = session.scalars(select(Feed.pk)).one()
    later = NOW + timedelta(hours=2)

    database.write(lambda session: feed_reads.store(session, {pk: feed_reads.Read(later, "khal")}))
    database.write(lambda session: feed_reads.store(session, {pk: feed_reads.Read(NOW, "curl")}))

    (kept,) = desk.read("chloe", feeds.listed)
    assert (kept.id, kept.last_read_at, kept.last_read_by) == (made.id, later, "khal")
