"""`ingest` against Bluesky's stream: a tick of cron is enough, and no key is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import NOW, Operator
from tests.servers import BlueskyApiServer, JetstreamServer, account_event, delete_event, post_event, post_view
from tests.servers.jetstream_server import id_of, microseconds
from trendspark_cli.base.clock import to_text


def posts(count: int, *, seconds: float = 8, text: str = "the ferry is late") -> list[dict[str, Any]]:
    """Posts of the last minutes, the youngest half a minute old."""
    times = [NOW - timedelta(seconds=30 + seconds * number) for number in range(count)]
    return [post_event(at, f"{text} {number}", did=f"did:plc:a{number}") for number, at in enumerate(times)]


def ids_of(events: list[dict[str, Any]]) -> set[str]:
    """The ids of their posts."""
    return {id_of(event) for event in events}


@pytest.fixture
def host() -> Iterator[JetstreamServer]:
    """A host with 120 posts about a ferry and as many about tea."""
    with JetstreamServer([*posts(120), *posts(120, text="tea time")], clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def other() -> Iterator[JetstreamServer]:
    """Another host with the same posts."""
    with JetstreamServer([*posts(120), *posts(120, text="tea time")], clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, host: JetstreamServer) -> Operator:
    """An operator who follows a ferry there."""
    settings = {
        "BLUESKY_INGEST_ENABLED": "true",
        "BLUESKY_HOSTS": host.url,
        "BLUESKY_API_BASE_URL": "http://127.0.0.1:9",
        "KEYWORDS": "ferry",
        "HTTP_TIMEOUT": "1s",
    }
    return Operator(tmp_path / "home", settings)


def later(operator: Operator, *hosts: JetstreamServer, **time: float) -> None:
    """Move the clocks of the operator and the hosts on."""
    operator.later(**time)
    for host in hosts:
        host.clock = operator.now.timestamp


def stored(operator: Operator) -> set[str]:
    """The ids of all stored posts."""
    return operator.stored_ids("bluesky")


def test_without_its_switch_nothing_is_asked(operator: Operator, host: JetstreamServer) -> None:
    del operator.environment["BLUESKY_INGEST_ENABLED"]

    operator.ingest()

    assert host.queries == []


def test_a_first_run_brings_what_an_hour_of_the_network_says_of_the_keywords_and_ends(
    operator: Operator, host: JetstreamServer
) -> None:
    old = post_event(NOW - timedelta(minutes=62), "an old ferry")
    host.events.append(old)

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, ids_of(posts(120)))


def test_the_next_run_goes_on_a_little_before_where_the_last_one_ended(
    operator: Operator, host: JetstreamServer
) -> None:
    operator.ingest()
    later(operator, host, minutes=5)
    new, late = post_event(NOW + timedelta(minutes=2), "ferry!"), post_event(NOW - timedelta(seconds=5), "ferry?")
    host.events += [new, late]

    result = operator.ingest()

    assert int(host.queries[-1]["cursor"]) == microseconds(NOW - timedelta(seconds=10))
    assert (result.exit_code, result.counts["new"]) == (0, 2)
    assert {id_of(new), id_of(late)} <= stored(operator)


def test_a_host_that_replays_an_hour_for_a_young_cursor_changes_nothing(
    operator: Operator, host: JetstreamServer
) -> None:
    returned, edited = post_event(NOW - timedelta(minutes=9), "a ferry again", did="did:plc:back"), posts(1)[0]
    commit = edited["commit"]
    later_text = {**commit, "operation": "update", "record": {**commit["record"], "text": "the ferry is gone"}}
    host.events += [
        account_event(NOW - timedelta(minutes=20), "did:plc:back", "deactivated"),
        account_event(NOW - timedelta(minutes=10), "did:plc:back", None),
        returned,
        {**edited, "time_us": microseconds(NOW - timedelta(seconds=4)), "commit": later_text},
    ]
    operator.ingest()
    before = operator.rows("SELECT source_id, text FROM posts ORDER BY source_id")
    later(operator, host, minutes=2)
    host.early = 3_600_000_000
    new = post_event(NOW + timedelta(minutes=1), "one more ferry")
    host.events.append(new)

    result = operator.ingest(limit=5)  # so few are not used up by what was read before

    assert (result.exit_code, result.counts["new"], result.counts["rejected"]) == (0, 1, 0)
    after = operator.rows("SELECT source_id, text FROM posts ORDER BY source_id")
    assert [row for row in after if row["source_id"] != id_of(new)] == before
    assert {id_of(returned), id_of(new)} <= stored(operator)
    assert operator.values("SELECT newest_id FROM cursors") == [f"@{microseconds(operator.now)}"]


def test_a_catch_up_of_thousands_is_stored_page_by_page_over_one_connection(
    operator: Operator, host: JetstreamServer
) -> None:
    many = posts(3500, seconds=1)
    host.events = list(many)

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, ids_of(many))
    assert (len(host.queries), result.counts["pages"]) == (1, 4)
    assert operator.values("SELECT newest_id FROM cursors") == [f"@{microseconds(NOW)}"]


def test_a_run_with_a_limit_goes_on_from_there_the_next_time(operator: Operator, host: JetstreamServer) -> None:
    operator.ingest(limit=50)
    first = stored(operator)

    operator.ingest()

    assert len(first) == 50
    assert stored(operator) == ids_of(posts(120))


def test_all_posts_in_the_languages_of_the_settings_are_stored_when_asked_for(
    operator: Operator, host: JetstreamServer
) -> None:
    operator.environment |= {"BLUESKY_MODE": "all", "LANGUAGES": "en"}
    host.events.append(post_event(NOW - timedelta(seconds=40), "die Fähre", langs=["de-AT"]))

    operator.ingest()

    assert stored(operator) == ids_of([*posts(120), *posts(120, text="tea time")])


def test_without_keywords_the_run_says_what_to_set(operator: Operator, host: JetstreamServer) -> None:
    del operator.environment["KEYWORDS"]

    result = operator.ingest()

    assert result.exit_code == 78
    assert "set KEYWORDS" in result.errors[0]["hint"]


def test_a_post_is_stored_with_its_links_language_author_and_a_time_that_has_been(
    operator: Operator, host: JetstreamServer
) -> None:
    text = "Fähre ⛴ ferry news.example/st…"
    start = len("Fähre ⛴ ferry ".encode())
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://news.example/story?id=1"}
    event = post_event(
        NOW - timedelta(seconds=20),
        text,
        did="did:plc:writer",
        key="3kkey",
        createdAt="2031-01-01T00:00:00Z",
        langs=["de"],
        facets=[{"index": {"byteStart": start, "byteEnd": len(text.encode())}, "features": [link]}],
        reply={"root": {"uri": "at://x"}, "parent": {"uri": "at://x"}},
    )
    host.events = [event]

    operator.ingest()

    [row] = operator.rows("SELECT * FROM posts")
    assert (row["author"], row["lang"], row["text"]) == ("did:plc:writer", "de", text)
    assert row["created_at"] == to_text(NOW - timedelta(seconds=20))
    assert row["url"] == "https://bsky.app/profile/did:plc:writer/post/3kkey"
    assert "https://news.example/story?id=1" in {each["url"] for each in operator.rows("SELECT url FROM post_links")}


def test_a_deleted_post_leaves_and_does_not_come_back(operator: Operator, host: JetstreamServer) -> None:
    gone = posts(120)[3]
    operator.ingest()
    later(operator, host, minutes=1)
    host.events.append(delete_event(NOW + timedelta(seconds=20), gone))

    operator.ingest()

    assert stored(operator) == ids_of(posts(120)) - {id_of(gone)}
    assert [row["source_id"] for row in operator.rows("SELECT source_id FROM tombstones")] == [id_of(gone)]


def test_a_deletion_of_a_post_we_never_stored_leaves_nothing(operator: Operator, host: JetstreamServer) -> None:
    short_lived = post_event(NOW - timedelta(minutes=2), "ferry, sorry")
    host.events += [short_lived, delete_event(NOW - timedelta(minutes=1), short_lived)]
    host.events.append(delete_event(NOW - timedelta(minutes=1), posts(1, text="unseen")[0]))

    operator.ingest()

    assert stored(operator) == ids_of(posts(120))
    assert operator.rows("SELECT count(*) AS n FROM tombstones") == [{"n": 0}]


@pytest.mark.parametrize("status", ["deleted", "takendown", "suspended", "deactivated"])
def test_posts_of_an_account_that_is_closed_leave(operator: Operator, host: JetstreamServer, status: str) -> None:
    operator.ingest()
    later(operator, host, minutes=1)
    host.events.append(account_event(NOW + timedelta(seconds=20), "did:plc:a7", status))

    operator.ingest()

    assert stored(operator) == ids_of(posts(120)) - {id_of(posts(120)[7])}


def test_an_account_that_is_throttled_or_active_again_keeps_its_posts(
    operator: Operator, host: JetstreamServer
) -> None:
    at = NOW - timedelta(seconds=10)
    host.events += [account_event(at, "did:plc:a7", "throttled"), account_event(at, "did:plc:a8", None)]

    operator.ingest()

    assert stored(operator) == ids_of(posts(120))


def test_what_is_older_than_the_replay_is_recorded_as_lost_and_told(operator: Operator, host: JetstreamServer) -> None:
    operator.ingest()
    later(operator, host, days=7)
    host.floor = microseconds(operator.now - timedelta(hours=36))
    kept = post_event(operator.now - timedelta(hours=30), "ferry again")
    host.events.append(kept)

    result = operator.ingest()

    [gap] = operator.rows("SELECT * FROM gaps")
    assert (gap["state"], gap["since_id"], gap["until_id"]) == ("lost", f"@{microseconds(NOW)}", f"@{host.floor}")
    assert (result.exit_code, result.counts["gaps_lost"]) == (0, 1)
    assert id_of(kept) in stored(operator)


@pytest.mark.parametrize(("hours", "lost"), [(0.25, 0), (24, 0), (24 * 7, 1)])
def test_after_an_outage_all_that_is_still_replayed_is_brought(
    operator: Operator, host: JetstreamServer, hours: float, lost: int
) -> None:
    operator.ingest()
    later(operator, host, hours=hours)
    host.floor = microseconds(operator.now - timedelta(hours=36))
    step = timedelta(hours=hours) / 400
    missed = [post_event(NOW + step * n, f"ferry, missed {n}") for n in range(1, 400)]
    host.events += missed
    with BlueskyApiServer(clock=operator.now.timestamp) as api:
        operator.environment["BLUESKY_API_BASE_URL"] = api.url

        result = operator.ingest()

    replayed = {id_of(event) for event in missed if event["time_us"] >= host.floor}
    assert (result.exit_code, stored(operator)) == (0, ids_of(posts(120)) | replayed)
    assert operator.values("SELECT count(*) FROM gaps WHERE state = 'lost'") == [lost]


HIDING = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]}


def test_posts_whose_writers_do_not_want_them_shown_to_everybody_are_not_stored(
    operator: Operator, host: JetstreamServer
) -> None:
    hidden = post_event(NOW - timedelta(minutes=1), "a ferry, but", labels=HIDING)
    first = posts(1)[0]
    edited = {**first["commit"], "operation": "update", "record": {**first["commit"]["record"], "labels": HIDING}}
    host.events += [hidden, {**first, "time_us": microseconds(NOW - timedelta(seconds=3)), "commit": edited}]

    operator.ingest()

    assert stored(operator) == ids_of(posts(120)[1:])


@pytest.mark.parametrize("of_author", [False, True])
def test_posts_that_moderation_or_their_authors_hide_later_leave(
    operator: Operator, host: JetstreamServer, of_author: bool
) -> None:
    [first, *rest] = host.events = posts(20)
    operator.ingest()
    later(operator, host, minutes=31)
    view = post_view(first)
    label = [{"val": "!no-unauthenticated"}] if of_author else [{"val": "porn"}]
    (view["author"] if of_author else view)["labels"] = label
    with BlueskyApiServer(clock=operator.now.timestamp) as api:
        api.add([view, *map(post_view, rest)])
        operator.environment["BLUESKY_API_BASE_URL"] = api.url

        operator.ingest()

    assert stored(operator) == ids_of(rest)


@pytest.mark.parametrize("kind", ["silent", "500", "breaks", "1001", "1009", "binary"])
def test_when_a_host_fails_the_next_one_brings_everything(
    operator: Operator, host: JetstreamServer, other: JetstreamServer, kind: str
) -> None:
    operator.environment["BLUESKY_HOSTS"] = f"{host.url},{other.url}"
    ends = {"breaks": None, "1001": 1001, "1009": 1009}
    if kind == "silent":
        host.silent = 1
    elif kind == "500":
        host.refusals = [500]
    elif kind == "binary":
        host.sent_first = [b"\x28\xb5\x2f\xfd"]
    else:
        host.ends = [(90, ends[kind])]

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, ids_of(posts(120)))
    assert (len(host.queries) + (kind == "500"), len(other.queries)) == (1, 1)


ALONE: dict[str, tuple[dict[str, Any], int, str]] = {
    "silent": ({"silent": 9}, 69, "was silent for 1 s"),
    "refused": ({"refusals": [403] * 9}, 77, "refused the stream (403)"),
    "too many": ({"refusals": [429] * 9}, 75, "refused the stream (429)"),
    "not found": ({"refusals": [404] * 9}, 76, "answered 404"),
    "a page": ({"refusals": [200] * 9}, 76, "answered 200"),
    "failing": ({"refusals": [503] * 9}, 69, "refused the stream (503)"),
    "binary": ({"sent_first": [b"\x28\xb5\x2f\xfd"]}, 76, "a binary frame of 4 bytes"),
    "giant": ({"sent_first": ["x" * (2**18 + 1)]}, 76, "a frame of more than 262144 bytes"),
}


@pytest.mark.parametrize("kind", ALONE)
def test_what_is_wrong_with_the_only_host_is_named_and_the_next_run_brings_everything(
    operator: Operator, host: JetstreamServer, kind: str
) -> None:
    wrong, code, says = ALONE[kind]
    for name, value in wrong.items():
        setattr(host, name, value)

    ill = operator.ingest()
    host.silent, host.refusals, host.sent_first = 0, [], []
    well = operator.ingest()

    assert (ill.exit_code, says in ill.errors[0]["message"]) == (code, True), ill.errors
    assert (well.exit_code, stored(operator)) == (0, ids_of(posts(120)))


def test_odd_frames_and_unknown_kinds_are_passed_over(operator: Operator, host: JetstreamServer) -> None:
    at = microseconds(NOW - timedelta(minutes=50))
    host.sent_first = ["", "{", "[]", "null", "7", '{"kind": "commit"}', "[" * 90_000]
    host.events += [
        {"did": "did:plc:x", "time_us": at, "kind": "weather", "weather": {}},
        {"did": "did:plc:x", "time_us": at, "kind": "commit", "commit": None},
        {"did": 7, "time_us": at, "kind": "commit", "commit": {"collection": "app.bsky.feed.post", "rkey": []}},
        {"did": 7, "time_us": at, "kind": "account", "account": []},
    ]

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, ids_of(posts(120)))


def test_an_event_of_the_future_is_refused_and_moves_no_cursor(operator: Operator, host: JetstreamServer) -> None:
    host.sent_first = ['{"did": "did:plc:x", "time_us": 4102444800000000, "kind": "identity"}']

    operator.ingest()

    assert operator.rows("SELECT newest_id FROM cursors") == [{"newest_id": f"@{microseconds(NOW)}"}]
    assert operator.metric('trendspark_ingest_rejected_total{reason="bad_time",source="bluesky"}') == 1


def test_a_clock_that_is_behind_is_told_and_nothing_is_stored(operator: Operator, host: JetstreamServer) -> None:
    operator.later(days=-30)
    host.floor = microseconds(NOW - timedelta(hours=36))

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (78, set())
    assert "clock" in result.errors[0]["hint"]


def test_a_cursor_of_the_future_is_taken_back(operator: Operator, host: JetstreamServer) -> None:
    operator.ingest()
    with closing(operator.store(read_only=False)) as store, store.transaction():
        store.cursors.set("default", "bluesky", "posts", f"@{microseconds(NOW + timedelta(days=9))}", NOW)
    later(operator, host, minutes=5)
    new = post_event(NOW + timedelta(minutes=2), "ferry!")
    host.events.append(new)

    result = operator.ingest()

    assert (result.exit_code, id_of(new) in stored(operator)) == (0, True)


def test_two_profiles_with_one_keyword_give_one_post(operator: Operator, host: JetstreamServer) -> None:
    for name in ("harbour", "travel"):
        assert operator.command("profiles", "add", name, "--keywords", "ferry").exit_code == 0

    result = operator.ingest()

    assert (result.exit_code, result.counts["new"]) == (0, 120)


def test_likes_and_names_of_recent_posts_are_looked_up_in_calls_of_25(
    operator: Operator, host: JetstreamServer
) -> None:
    [first, _gone, *rest] = host.events = posts(60)
    operator.ingest()
    later(operator, host, minutes=31)
    with BlueskyApiServer(clock=operator.now.timestamp) as api:
        api.add([post_view(first, handle="captain.example", likes=41, replies=7), *map(post_view, rest)])
        operator.environment["BLUESKY_API_BASE_URL"] = api.url

        result = operator.ingest()

        assert (result.exit_code, [len(uris) for uris in api.asked]) == (0, [25, 25, 10])
    [row] = operator.rows(f"SELECT likes, replies, text FROM posts WHERE source_id = '{id_of(first)}'")
    assert row == {"likes": 41, "replies": 7, "text": "the ferry is late 0"}
    names = {row["id"]: row["name"] for row in operator.rows("SELECT id, name FROM authors WHERE source = 'bluesky'")}
    assert names["did:plc:a0"] == "captain.example"


def test_doctor_says_which_host_sends_events(operator: Operator, host: JetstreamServer) -> None:
    findings = operator.command("doctor", "--json").json["findings"]

    [found] = [finding for finding in findings if finding["check"] == "bluesky"]
    assert (found["state"], found["what"]) == (
        "ok",
        f"{host.url.removeprefix('ws://')} sends events; the newest is of 2026-11-01T12:00:00Z",
    )


BAD_HOSTS = (
    "https://jetstream.example",
    "wss://",
    "a b",
    "wss://user:word@host",
    "wss://host:99999",
    "wss://host?cursor=1",
)


@pytest.mark.parametrize("hosts", BAD_HOSTS)
def test_an_address_that_is_none_of_a_stream_is_refused(operator: Operator, hosts: str) -> None:
    done = operator.command("ingest", environment={"BLUESKY_HOSTS": hosts})

    assert done.exit_code == 78
    assert "BLUESKY_HOSTS" in done.stderr
