"""Feeds over HTTP: what calendar programs are answered (H1 to H5)."""

from __future__ import annotations

import gzip
import logging
import re

import pytest
from flask import Flask
from sqlalchemy import event, select

from booking import clock, database
from booking.actions import feed_lookup, feed_reads, feeds, sharing
from booking.models import Account, Feed, Venue
from booking.web import ics_memory
from tests.cast import Cast
from tests.web.subscriptions import Subscriptions, connections_of, plain, statements

SECRET = "A" * 43


@pytest.fixture
def subscriptions(app: Flask, cast: Cast) -> Subscriptions:
    return Subscriptions(app, cast)


@pytest.fixture
def secret(subscriptions: Subscriptions) -> str:
    subscriptions.put(subscriptions.cast.chloe_calendar)
    return subscriptions.subscribe("chloe", "adviser", "chloe", "full")


def test_a_secret_has_256_bits_and_only_its_hash_is_kept(subscriptions: Subscriptions, secret: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    with subscriptions.app.app_context(), database.reading() as session:
        kept = session.scalars(select(Feed)).one()
    assert kept.secret_hash == feed_lookup.secret_hash(secret)
    assert secret not in repr(vars(kept))


@pytest.mark.parametrize("path", [f"/ics/{SECRET}.ics", f"/ics/{SECRET}.ifb", "/ics/short.ics", "/ics/x/y", "/ics/"])
def test_an_unknown_address_is_404_in_plain_text(subscriptions: Subscriptions, path: str) -> None:
    answer = subscriptions.app.test_client().get(path)

    assert answer.status_code == 404
    assert answer.content_type == "text/plain; charset=utf-8"


def test_a_revoked_feed_is_410_in_plain_text(subscriptions: Subscriptions, secret: str) -> None:
    etag = subscriptions.fetch(secret).headers["ETag"]
    subscriptions.do("chloe", feeds.revoke, subscriptions.made[secret])

    for answer in (subscriptions.fetch(secret), subscriptions.fetch(secret, If_None_Match=etag)):
        assert (answer.status_code, answer.content_type) == (410, "text/plain; charset=utf-8")


def test_a_feed_of_a_closed_account_is_410(subscriptions: Subscriptions, secret: str) -> None:
    def close(session) -> None:
        session.get_one(Account, subscriptions.cast.chloe.pk).active = False

    subscriptions.write(close)

    assert subscriptions.fetch(secret).status_code == 410


def test_the_headers_of_a_feed(subscriptions: Subscriptions, secret: str) -> None:
    headers = subscriptions.fetch(secret).headers

    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert headers["Content-Disposition"] == 'inline; filename="agenda.ics"'
    assert headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert headers["Vary"] == "Accept-Encoding"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Last-Modified"] == "Mon, 18 Jan 2027 09:40:00 GMT"
    assert "Set-Cookie" not in headers


def test_the_headers_are_the_same_when_the_process_holds_the_body(subscriptions: Subscriptions, secret: str) -> None:
    first, second = subscriptions.fetch(secret), subscriptions.fetch(secret)

    assert first.data == second.data
    for name in ("Content-Type", "ETag", "Last-Modified", "Cache-Control", "Vary", "X-Robots-Tag", "Referrer-Policy"):
        assert first.headers[name] == second.headers[name]


def test_whoever_has_the_current_tag_is_told_so(subscriptions: Subscriptions, secret: str) -> None:
    etag = subscriptions.fetch(secret).headers["ETag"]

    answer = subscriptions.fetch(secret, If_None_Match=etag)

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"] == "private, max-age=0, must-revalidate"


@pytest.mark.parametrize("form", ['"old", {}', "W/{}", "*"])
def test_tags_are_found_in_lists_and_behind_the_mark_of_a_proxy(
    subscriptions: Subscriptions, secret: str, form: str
) -> None:
    etag = subscriptions.fetch(secret).headers["ETag"]

    assert subscriptions.fetch(secret, If_None_Match=form.format(etag)).status_code == 304


def test_a_feed_never_read_by_this_process_is_told_unchanged_too(subscriptions: Subscriptions, secret: str) -> None:
    etag = subscriptions.fetch(secret).headers["ETag"]
    memory = subscriptions.memory
    memory._feeds.clear()
    memory.shelf._bodies.clear()

    assert subscriptions.fetch(secret, If_None_Match=etag).status_code == 304


def test_each_coding_has_its_own_tag(subscriptions: Subscriptions, secret: str) -> None:
    bare, zipped = subscriptions.fetch(secret), subscriptions.fetch(secret, Accept_Encoding="gzip, deflate")

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == bare.data
    assert zipped.headers["ETag"] != bare.headers["ETag"]
    assert not bare.headers["ETag"].startswith("W/")


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br", "gzip; q=0.0, identity"])
def test_who_does_not_take_gzip_gets_none(subscriptions: Subscriptions, secret: str, accepted: str) -> None:
    assert "Content-Encoding" not in subscriptions.fetch(secret, Accept_Encoding=accepted).headers


def test_gzip_makes_a_feed_of_a_thousand_events_thirty_times_smaller(subscriptions: Subscriptions) -> None:
    def many(session) -> None:
        from booking.actions import claims, entries
        from tests.web.subscriptions import NOW, at

        for number in range(1000):
            starts = at("2027-01-19T00:00") + number * 90
            pk, _, _ = entries.new_entry(
                session,
                kind="appointment",
                now=NOW,
                status="confirmed",
                zone="Europe/Paris",
                starts=starts,
                ends=starts + 60,
                title="Accompagnement individuel",
                territory_pk=subscriptions.cast.territory.pk,
            )
            claims.take(session, pk, [claims.Wanted(subscriptions.cast.chloe_calendar.pk, starts, starts + 60)])

    subscriptions.write(many)
    secret = subscriptions.subscribe("chloe", "adviser", "chloe", "free_busy")

    answer = subscriptions.fetch(secret, Accept_Encoding="gzip")

    assert plain(answer).count("BEGIN:VEVENT") == 1000
    assert len(answer.data) * 8 < len(plain(answer))


def test_head_tells_the_length_and_sends_nothing(subscriptions: Subscriptions, secret: str) -> None:
    for _ in range(2):  # the first is made, the second held by the process
        answer = subscriptions.app.test_client().head(f"/ics/{secret}.ics")

        assert (answer.status_code, answer.data) == (200, b"")
        assert int(answer.headers["Content-Length"]) == len(subscriptions.fetch(secret).data)


def test_the_sixty_first_fetch_of_an_hour_has_to_wait(subscriptions: Subscriptions, secret: str) -> None:
    etag = subscriptions.fetch(secret).headers["ETag"]
    for _ in range(29):
        assert subscriptions.fetch(secret, If_None_Match=etag).status_code == 304
        assert subscriptions.fetch(secret).status_code == 200
    assert subscriptions.fetch(secret).status_code == 200

    refused = subscriptions.fetch(secret, If_None_Match=etag)

    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.content_type == "text/plain; charset=utf-8"


def test_another_feed_is_not_held_up_by_it(subscriptions: Subscriptions, secret: str) -> None:
    other = subscriptions.subscribe("chloe", "adviser", "chloe")
    for _ in range(61):
        subscriptions.fetch(secret)

    assert subscriptions.fetch(other).status_code == 200


def test_an_hour_later_it_may_be_read_again(
    subscriptions: Subscriptions, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(61):
        subscriptions.fetch(secret)
    later = clock.monotonic() + 3601
    monkeypatch.setattr(ics_memory.clock, "monotonic", lambda: later)

    assert subscriptions.fetch(secret).status_code == 200


def test_the_same_rows_give_the_same_bytes(subscriptions: Subscriptions, secret: str) -> None:
    first = subscriptions.fetch(secret).data
    memory = subscriptions.memory
    memory.shelf._bodies.clear()

    assert subscriptions.fetch(secret).data == first


def test_another_day_has_another_window_and_tag(subscriptions: Subscriptions, secret: str) -> None:
    today = subscriptions.fetch(secret).headers["ETag"]
    clock.freeze("2027-01-18T23:59:00+01:00")
    assert subscriptions.fetch(secret).headers["ETag"] == today

    clock.freeze("2027-01-19T00:00:00+01:00")

    assert subscriptions.fetch(secret).headers["ETag"] != today


def test_two_changes_at_one_frozen_instant_have_two_tags(subscriptions: Subscriptions, secret: str) -> None:
    tags = [subscriptions.fetch(secret).headers["ETag"]]
    for hour in (13, 15):
        subscriptions.put(
            subscriptions.cast.chloe_calendar, start=f"2027-01-19T{hour}:00", end=f"2027-01-19T{hour + 1}:00"
        )
        tags.append(subscriptions.fetch(secret).headers["ETag"])

    assert len(set(tags)) == 3


def test_a_change_on_another_calendar_leaves_the_tag(subscriptions: Subscriptions, secret: str) -> None:
    before = subscriptions.fetch(secret).headers["ETag"]
    subscriptions.put(subscriptions.cast.farid_calendar)

    assert subscriptions.fetch(secret).headers["ETag"] == before


def test_what_the_owner_may_see_is_looked_up_at_each_fetch(subscriptions: Subscriptions) -> None:
    subscriptions.put(subscriptions.cast.farid_calendar)
    subscriptions.do("farid", sharing.share, "farid", "person", "chloe", "details")
    secret = subscriptions.subscribe("chloe", "adviser", "farid", "full")
    shown = subscriptions.fetch(secret)

    subscriptions.do("farid", sharing.share, "farid", "person", "chloe", "free_busy")
    answer = subscriptions.fetch(secret, If_None_Match=shown.headers["ETag"])

    assert "SUMMARY:Accompagnement individuel" in shown.text
    assert answer.status_code == 200
    assert "SUMMARY:Occupé" in answer.text
    assert "Accompagnement" not in answer.text


def test_a_feed_of_which_its_owner_may_see_nothing_any_more_is_410(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("chloe", "adviser", "farid")
    for audience, name in (("territory", "val-de-brume"), ("organisation", "fs-brume")):
        with subscriptions.app.app_context(), database.reading() as session:
            territory = session.get_one(type(subscriptions.cast.territory), subscriptions.cast.territory.pk)
            target = territory.id if audience == "territory" else name
        subscriptions.do("farid", sharing.share, "farid", audience, target, "none")

    assert subscriptions.fetch(secret).status_code == 410


def test_unchanged_is_told_for_one_statement(subscriptions: Subscriptions, secret: str) -> None:
    etag = subscriptions.fetch(secret).headers["ETag"]

    with statements(subscriptions.app) as ran:
        assert subscriptions.fetch(secret, If_None_Match=etag).status_code == 304

    assert len(ran) == 1
    assert "FROM feed" in ran[0]


def test_what_the_process_holds_is_sent_for_one_statement(subscriptions: Subscriptions, secret: str) -> None:
    subscriptions.fetch(secret)

    with statements(subscriptions.app) as ran:
        assert subscriptions.fetch(secret).status_code == 200

    assert len(ran) == 1


@pytest.mark.parametrize("scope", [None, "adviser", "venue", "organisation"])
def test_the_look_up_walks_by_indexes_alone(subscriptions: Subscriptions, scope: str | None) -> None:
    asked: list[str] = []
    feed_lookup.look_up(lambda sql, arguments: asked.append(sql) or (), "x", scope)
    with subscriptions.app.app_context(), database.reading() as session:
        if session.get_bind().dialect.name == "sqlite":
            how = "EXPLAIN QUERY PLAN "
        else:
            how = "EXPLAIN "
            database.execute(session, "SET enable_seqscan = off", {})  # so that small tables show what they can
        plan = database.rows(session, how + asked[0], {"secret_hash": "x"})

    steps = [str(step[-1]) for step in plan]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN") or "Seq Scan" in step]


@pytest.mark.parametrize(
    ("scope", "target"),
    [("adviser", "chloe"), ("openings", "chloe"), ("venue", "maison-brume"), ("organisation", "fs-brume")],
)
def test_knowing_the_scope_changes_nothing_of_the_answer(subscriptions: Subscriptions, scope: str, target: str) -> None:
    hashed = feed_lookup.secret_hash(subscriptions.subscribe("chloe", scope, target))

    with subscriptions.app.app_context():
        unknown, known = (feed_lookup.look_up(database.glance, hashed, each) for each in (None, scope))

    assert unknown == known
    assert unknown


def test_a_look_up_leaves_the_connections_of_transactions_alone(subscriptions: Subscriptions, secret: str) -> None:
    etag = subscriptions.fetch(secret).headers["ETag"]
    engine = connections_of(subscriptions.app)[0]
    seen: list[object] = []
    what = "isolation_level" if engine.dialect.name == "sqlite" else "autocommit"
    event.listen(engine, "checkin", lambda connection, record: seen.append(getattr(connection, what)))

    assert subscriptions.fetch(secret, If_None_Match=etag).status_code == 304

    assert seen == ([None] if engine.dialect.name == "sqlite" else [])


def test_a_look_up_outlives_the_loss_of_its_connections(subscriptions: Subscriptions, secret: str) -> None:
    etag = subscriptions.fetch(secret).headers["ETag"]
    engine = connections_of(subscriptions.app)[0]
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    else:
        engine.dispose()

    assert subscriptions.fetch(secret, If_None_Match=etag).status_code == 304


def test_the_secret_never_reaches_the_log(
    subscriptions: Subscriptions, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record) + repr(vars(record)))

    log = logging.getLogger("booking")
    monkeypatch.setattr(log, "level", logging.DEBUG)
    monkeypatch.setattr(log, "handlers", [Kept()])
    logging.getLogger("booking.requests")._cache.clear()  # type: ignore[attr-defined]
    etag = subscriptions.fetch(secret).headers["ETag"]
    subscriptions.fetch(secret, If_None_Match=etag)
    subscriptions.fetch(secret, "ifb")
    subscriptions.fetch("B" * 43)

    assert len(lines) >= 4
    assert not [line for line in lines if secret in line or "B" * 43 in line]


def test_reading_is_remembered_and_written_down_later(subscriptions: Subscriptions, secret: str) -> None:
    def stored() -> tuple[object, object]:
        with database.reading() as session:
            feed = session.scalars(select(Feed)).one()
            return feed.last_read_at, feed.last_read_by

    subscriptions.fetch(secret, User_Agent="Mozilla/5.0 (X11; Linux) Gecko/20100101 Thunderbird/128.5")

    with subscriptions.app.app_context():
        assert stored() == (None, None)
        subscriptions.memory.flush()
        assert stored() == (clock.now(), "Thunderbird")


def test_the_owner_sees_at_once_who_read_it(subscriptions: Subscriptions, secret: str) -> None:
    subscriptions.fetch(secret, User_Agent="Google-Calendar-Importer")

    with subscriptions.app.app_context(), database.reading() as session:
        (feed,) = feeds.listed(session, subscriptions.actor("chloe"))
    assert (feed.last_read_at, feed.last_read_by) == (clock.now(), "Google Agenda")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("iOS/17.5 (21F79) dataaccessd/1.0", "iPhone, iPad"),
        ("Nextcloud Server Crawler", "Nextcloud"),
        ("khal/0.11", "khal"),
        ("curl/8.5.0", "curl"),
        ("Microsoft.Exchange/15.20 (Windows NT 10.0)", "Outlook"),
        ("", "?"),
        ("bad\x00\x1bname/1", "badname"),
        ("x" * 500, "x" * 60),
    ],
)
def test_programs_are_named_as_people_know_them(user_agent: str, name: str) -> None:
    assert feed_reads.program(user_agent) == name


def test_a_database_that_is_away_is_503_in_plain_text(
    subscriptions: Subscriptions, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = connections_of(subscriptions.app)
    etag = subscriptions.fetch(secret).headers["ETag"]

    def nobody_there(*arguments: object, **options: object) -> object:
        raise engines[0].dialect.loaded_dbapi.OperationalError("nobody there")

    with monkeypatch.context() as patch:
        for engine in engines:
            engine.dispose()
            patch.setattr(engine.dialect, "connect", nobody_there)
        answer = subscriptions.fetch(secret, If_None_Match=etag)

    assert (answer.status_code, answer.content_type) == (503, "text/plain; charset=utf-8")
    assert answer.headers["Retry-After"]
    assert subscriptions.fetch(secret, If_None_Match=etag).status_code == 304


def test_the_address_in_the_feed_is_its_own(subscriptions: Subscriptions, secret: str) -> None:
    assert f"SOURCE;VALUE=URI:http://127.0.0.1:8000/ics/{secret}.ics\r\n" in subscriptions.text(secret)


def test_free_busy_times_are_the_claims_by_strength(subscriptions: Subscriptions) -> None:
    chloe = subscriptions.cast.chloe_calendar
    subscriptions.put(chloe, start="2027-01-19T10:00", end="2027-01-19T11:00")
    subscriptions.put(chloe, start="2027-01-19T11:00", end="2027-01-19T12:00")
    subscriptions.put(chloe, start="2027-01-20T10:00", end="2027-01-20T11:00", status="tentative")
    subscriptions.put(
        chloe, start="2027-01-21T00:00", end="2027-01-22T00:00", kind="absence", strength="busy-unavailable"
    )
    secret = subscriptions.subscribe("chloe", "adviser", "chloe", "full")

    text = subscriptions.text(secret, "ifb")

    assert [line for line in text.splitlines() if line.startswith("FREEBUSY")] == [
        "FREEBUSY;FBTYPE=BUSY:20270119T090000Z/20270119T110000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270120T090000Z/20270120T100000Z",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270120T230000Z/20270121T230000Z",
    ]
    assert "BEGIN:VEVENT" not in text
    assert "Accompagnement" not in text


def test_free_busy_and_events_have_tags_of_their_own(subscriptions: Subscriptions, secret: str) -> None:
    answer = subscriptions.fetch(secret, "ifb")

    assert answer.headers["Content-Disposition"] == 'inline; filename="agenda.ifb"'
    assert answer.headers["ETag"] != subscriptions.fetch(secret).headers["ETag"]
    assert subscriptions.fetch(secret, "ifb", If_None_Match=answer.headers["ETag"]).status_code == 304


def test_a_venue_that_is_renamed_changes_feeds_that_name_it(subscriptions: Subscriptions, secret: str) -> None:
    before = subscriptions.fetch(secret)

    def rename(session) -> None:
        session.get_one(Venue, subscriptions.cast.maison.pk).name = "Maison des services"
        feeds.names_changed(session, subscriptions.cast.territory.pk)

    subscriptions.write(rename)
    after = subscriptions.fetch(secret, If_None_Match=before.headers["ETag"])

    assert after.status_code == 200
    assert "Maison des services" in after.text.replace("\r\n ", "")
