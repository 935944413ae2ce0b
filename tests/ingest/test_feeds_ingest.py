"""`ingest` against feeds: RSS, Atom and JSON Feed, asked politely and read with care."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import NOW, Operator
from tests.servers import Answer, Fault, FeedServer, faults, feed_entry
from tests.servers.messages import json_answer
from trendspark_cli.services.feeds.parsing import NoFeedError, read_feed

TOKEN = "f00dfeed5ecret0f7ests"  # of a private feed, as Reddit makes them


def entries(count: int, *, minutes: float = 20, **fields: Any) -> list[dict[str, Any]]:
    """Entries of the last hours, the youngest a minute old."""
    times = [NOW - timedelta(minutes=1 + minutes * number) for number in range(count)]
    return [feed_entry(at, f"The ferry is late {n}", **fields) for n, at in enumerate(times)]


def titles_of(found: list[dict[str, Any]]) -> set[str]:
    """What they say."""
    return {entry["title"] for entry in found}


@pytest.fixture
def site() -> Iterator[FeedServer]:
    """A site whose feed has twenty entries."""
    with FeedServer(entries(20), clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def other() -> Iterator[FeedServer]:
    """Another site."""
    with FeedServer(clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, site: FeedServer) -> Operator:
    """An operator who reads the first one."""
    return Operator(tmp_path / "home", {"FEEDS": f"{site.url}/rss.xml", "HTTP_TIMEOUT": "2s"})


def stored(operator: Operator) -> set[str]:
    """What all stored posts say."""
    return {row["text"] for row in operator.rows("SELECT text FROM posts WHERE source = 'feeds'")}


def later(operator: Operator, *sites: FeedServer, **time: float) -> None:
    """Move the clocks on."""
    operator.later(**time)
    for site in sites:
        site.clock = operator.now.timestamp


def answered(site: FeedServer, body: bytes, kind: str = "application/rss+xml", times: int | None = None) -> None:
    """Have the site answer this."""
    answer = Answer(200, body, {"content-type": kind})
    site.faults.add(Fault("answered", lambda request: answer), times=times)


@pytest.mark.parametrize("form", ["rss.xml", "atom.xml", "feed.json"])
def test_a_feed_is_read_in_each_of_its_forms(operator: Operator, site: FeedServer, form: str) -> None:
    operator.environment["FEEDS"] = f"{site.url}/{form}"

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, titles_of(entries(20)))


def test_an_entry_is_stored_with_its_text_link_author_and_time(operator: Operator, site: FeedServer) -> None:
    at = NOW - timedelta(minutes=5)
    text = '<p>It &amp; others</p><script>no</script> wait at <a href="https://a.example/x">the quay</a>'
    site.replace([feed_entry(at, "Ferries & <b>boats</b>", text=text, author="Ann", guid="7", link="https://e.org/7")])

    operator.ingest()

    [row] = operator.rows("SELECT * FROM posts")
    assert row["text"] == "Ferries & boats\nIt & others wait at the quay"
    assert (row["author"], row["url"], row["lang"]) == ("Ann@127.0.0.1", "https://e.org/7", None)
    assert row["created_at"] == "2026-11-01T11:55:00.000Z"
    assert operator.values("SELECT url FROM post_links") == ["https://e.org/7"]


def test_a_feed_is_asked_once_an_hour_and_only_for_what_is_new(operator: Operator, site: FeedServer) -> None:
    for _ in range(9):
        operator.ingest()
        later(operator, site, minutes=15)

    assert len(site.log) == 3
    assert [entry.status for entry in site.log] == [200, 304, 304]
    assert site.log[1].headers["if-none-match"] == 'W/"' + site.log[1].headers["if-none-match"][3:]


@pytest.mark.parametrize(
    ("headers", "ttl", "polls"),
    [
        ({"cache-control": "max-age=900"}, 0, 9),
        ({"cache-control": "public, max-age=60"}, 0, 9),
        ({"cache-control": "s-maxage=60, no-cache"}, 0, 3),
        ({}, 120, 2),
        ({"cache-control": "max-age=99999999"}, 0, 1),
    ],
)
def test_a_feed_that_says_better_is_asked_as_often_as_it_says(
    operator: Operator, site: FeedServer, headers: dict[str, str], ttl: int, polls: int
) -> None:
    site.headers, site.ttl, site.has_validators = headers, ttl, False
    for _ in range(9):
        operator.ingest()
        later(operator, site, minutes=15)

    assert len(site.log) == polls


def test_what_came_after_an_outage_is_brought_and_a_feed_of_new_entries_only_is_told_as_a_gap(
    operator: Operator, site: FeedServer
) -> None:
    operator.ingest()
    later(operator, site, days=1)
    new = [feed_entry(NOW + timedelta(hours=2 + n / 10), f"new {n}") for n in range(50)]
    site.replace(new)

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, titles_of(entries(20)) | titles_of(new))
    assert operator.values("SELECT state FROM gaps") == ["lost"]


def test_entries_that_get_other_ids_do_not_come_again(operator: Operator, site: FeedServer) -> None:
    operator.ingest()
    later(operator, site, hours=2)
    site.replace([{**entry, "guid": f"{entry['guid']}?v=2"} for entry in entries(20)])

    result = operator.ingest()

    assert (result.exit_code, result.counts["new"], len(stored(operator))) == (0, 0, 20)


def test_entries_whose_links_carry_other_tokens_do_not_come_again(operator: Operator, site: FeedServer) -> None:
    site.replace([{**entry, "guid": ""} for entry in entries(1)])
    operator.ingest()
    later(operator, site, hours=2)
    site.replace([{**entry, "guid": "", "link": f"{entry['link']}?session=9"} for entry in entries(1)])

    result = operator.ingest()

    assert result.counts["new"] == 0


def test_a_feed_of_a_thousand_new_entries_brings_the_hundred_newest(operator: Operator, site: FeedServer) -> None:
    site.replace(entries(199, minutes=1))

    operator.ingest()

    assert stored(operator) == titles_of(entries(199, minutes=1)[:100])


def test_an_entry_that_was_edited_is_a_version_of_its_post(operator: Operator, site: FeedServer) -> None:
    first = entries(20)[3]
    operator.ingest()
    later(operator, site, hours=2)
    site.update(first["guid"], title="The ferry sails", published=NOW + timedelta(hours=1))

    result = operator.ingest()

    assert (result.counts["new"], result.counts["updated"], result.counts["rejected"]) == (0, 1, 0)
    assert "The ferry sails" in stored(operator)
    assert first["title"] not in stored(operator)


ODD_TIMES = {
    "of the year 2099": "Thu, 01 Jan 2099 00:00:00 GMT",
    "in words": "yesterday",
    "seconds since 1970": "1764500000",
    "none": "",
}


@pytest.mark.parametrize("kind", ODD_TIMES)
def test_an_entry_without_a_time_one_can_believe_is_of_when_it_was_seen(
    operator: Operator, site: FeedServer, kind: str
) -> None:
    site.replace([feed_entry(NOW, "odd", published=ODD_TIMES[kind])])

    operator.ingest()

    assert operator.values("SELECT created_at FROM posts") == ["2026-11-01T12:00:00.000Z"]


def test_a_feed_that_is_gone_is_told_and_not_asked_again_for_a_week(operator: Operator, site: FeedServer) -> None:
    site.faults.add(Fault("gone", lambda request: Answer(410)), times=None)
    codes = []
    for _ in range(4):
        codes.append(operator.ingest().exit_code)
        later(operator, site, days=2)

    assert (codes, len(site.log)) == ([76, 0, 0, 0], 1)
    site.faults.clear()

    assert operator.ingest().exit_code == 0
    assert stored(operator) == titles_of(entries(20))


@pytest.mark.parametrize(("status", "tries"), [(429, 1), (503, 2)])
def test_a_host_that_wants_to_be_left_alone_is_and_its_other_feeds_with_it(
    operator: Operator, site: FeedServer, status: int, tries: int
) -> None:
    operator.environment["FEEDS"] = f"{site.url}/rss.xml,{site.url}/atom.xml"
    site.faults.add(Fault("wait", lambda request: Answer(status, b"", {"retry-after": "5400"})), times=tries)
    asked, codes = [], []
    for _ in range(8):
        codes.append(operator.ingest().exit_code)
        asked.append(len(site.log))
        later(operator, site, minutes=15)

    assert codes[0] in (3, 69, 75)
    assert codes[1:] == [0] * 7
    assert len(set(asked[:6])) == 1
    assert stored(operator) == titles_of(entries(20))


def test_a_feed_that_fails_again_and_again_is_asked_less_and_less(operator: Operator, site: FeedServer) -> None:
    site.faults.add(Fault("not there", lambda request: Answer(404)), times=None)
    for _ in range(40):
        operator.ingest()
        later(operator, site, minutes=15)

    assert len(site.log) == 6


def test_a_feed_that_moved_for_good_is_asked_there_after_days_and_no_sooner(
    operator: Operator, site: FeedServer, other: FeedServer
) -> None:
    other.add(entries(3))
    operator.environment["FEEDS"] = f"{site.url}/rss.xml,{other.url}/rss.xml"
    moved = Answer(301, b"", {"location": f"{other.url}/rss.xml"})
    site.faults.add(Fault("moved", lambda request: moved), times=None)
    asked = []
    for _ in range(6):
        operator.ingest()
        asked.append(len(site.log))
        later(operator, site, other, days=1)

    assert asked == [1, 2, 3, 3, 3, 3]
    assert stored(operator) == titles_of(entries(3))


def test_a_feed_that_moved_is_asked_where_it_was_when_it_is_not_where_it_said(
    operator: Operator, site: FeedServer, other: FeedServer
) -> None:
    operator.environment["FEEDS"] = f"{site.url}/rss.xml,{other.url}/rss.xml"
    moved = Answer(301, b"", {"location": f"{other.url}/rss.xml"})
    site.faults.add(Fault("moved", lambda request: moved))
    for _ in range(2):
        operator.ingest()
        later(operator, site, other, days=4)
    other.faults.add(Fault("not there", lambda request: Answer(404)), times=None)

    operator.ingest(sources=["feeds"])

    assert stored(operator) == titles_of(entries(20))


def test_a_redirect_into_a_private_network_is_refused(operator: Operator, site: FeedServer, other: FeedServer) -> None:
    other.add([feed_entry(NOW, "of the inside")])
    inside = Answer(302, b"", {"location": f"{other.url}/rss.xml"})
    site.faults.add(Fault("inside", lambda request: inside), times=None)

    result = operator.ingest()

    assert (result.exit_code, other.log, stored(operator)) == (76, [], set())
    assert "redirects into a private network, to 127.0.0.1" in str(result.errors)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://[::1", "", "gopher://a/b", "https:///x"])
def test_a_redirect_to_what_is_no_address_is_refused(operator: Operator, site: FeedServer, target: str) -> None:
    site.faults.add(Fault("odd", lambda request: Answer(302, b"", {"location": target})), times=None)

    result = operator.ingest()

    assert result.exit_code == 76
    assert "redirects to what is no address" in str(result.errors)


def test_a_redirect_into_a_private_network_is_followed_when_its_address_is_named(
    operator: Operator, site: FeedServer, other: FeedServer
) -> None:
    other.add([feed_entry(NOW, "of the inside")])
    inside = Answer(302, b"", {"location": f"{other.url}/rss.xml"})
    site.faults.add(Fault("inside", lambda request: inside), times=None)
    operator.environment["FEEDS"] += f",{other.url}/rss.xml"

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, {"of the inside"})


NO_FEEDS = {
    "a web page": (
        b"<!DOCTYPE html><html><head><link rel='alternate' type='application/rss+xml' href='/news.rss'></head></html>",
        "it is a web page, and no feed",
        "/news.rss",
    ),
    "a page without a feed": (b"<!DOCTYPE html><html><body>hello</body></html>", "it is a web page, and no feed", ""),
    "nothing": (b" ", "the answer is empty", ""),
    "a text": (b"hello", "it is neither RSS nor Atom nor JSON Feed", ""),
    "other JSON": (b'{"a": 1}', "it is JSON, but no JSON Feed", ""),
    "half of JSON": (b'{"version": "https://jsonfeed.org/', "it is JSON that makes no sense", ""),
    "JSON without bottom": (b'{"a":' * 100_000, "it is JSON that makes no sense", ""),
}


@pytest.mark.parametrize("kind", NO_FEEDS)
def test_what_is_no_feed_is_named(operator: Operator, site: FeedServer, kind: str) -> None:
    body, told, named = NO_FEEDS[kind]
    answered(site, body, "text/html")

    result = operator.ingest()

    assert result.exit_code == 76
    assert told in str(result.errors)
    assert named in str(result.errors)


def _rss(item: str) -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{item}</channel></rss>'.encode()


BOMBS = {
    "entities in entities": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 20}">'.encode() for n in range(12))
    + b"]><rss version='2.0'><channel><item><title>&a11;</title></item></channel></rss>",
    "a character that is none": _rss("<item><title>&#1114112;</title></item>"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_feed_that_is_a_bomb_ends_alone(operator: Operator, site: FeedServer, other: FeedServer, kind: str) -> None:
    other.add(entries(2))
    operator.environment["FEEDS"] += f",{other.url}/rss.xml"
    answered(site, BOMBS[kind])

    result = operator.ingest()

    assert result.exit_code in (0, 3)
    assert stored(operator) >= titles_of(entries(2))
    assert result.duration_seconds < 60


def test_a_feed_whose_author_takes_for_ever_to_read_ends_in_its_time() -> None:
    feed = _rss(f"<item><title>t</title><author>{'a' * 200_000}</author></item>")
    began = time.monotonic()

    with pytest.raises(NoFeedError, match="takes too long"):
        read_feed(feed, "application/rss+xml", "https://a.example/", seconds=1)

    assert time.monotonic() - began < 30


def test_a_feed_that_is_too_large_is_refused(operator: Operator, site: FeedServer) -> None:
    answered(site, b"<rss>" + b" " * (9 * 2**20))

    result = operator.ingest()

    assert (result.exit_code, "is larger than" in str(result.errors)) == (76, True)


def test_secrets_of_an_address_are_told_nowhere(operator: Operator, site: FeedServer) -> None:
    operator.environment["FEEDS"] = f"{site.url}/rss.xml?feed={TOKEN}&user=anna_port"
    site.replace([feed_entry(NOW, "mine", link=f"https://r.example/1?feed={TOKEN}", guid=f"https://r.example/{TOKEN}")])
    first = operator.ingest()
    later(operator, site, hours=2)
    site.faults.add(Fault("no", lambda request: json_answer({"error": TOKEN}, 403)), times=None)

    second = operator.ingest()
    shown = operator.command("config", "show").stdout + operator.command("doctor").stdout

    assert (first.exit_code, second.exit_code) == (0, 77)
    assert TOKEN in site.log[0].request.query["feed"]
    written = b"".join(path.read_bytes() for path in operator.home.rglob("*") if path.is_file())
    assert TOKEN not in str(second.errors) + shown
    assert TOKEN.encode() not in written


def test_two_feeds_that_differ_in_what_is_secret_are_two(operator: Operator, site: FeedServer) -> None:
    operator.environment["FEEDS"] = f"{site.url}/rss.xml?token=one-of-two,{site.url}/rss.xml?token=two-of-two"

    operator.ingest()

    assert len(site.log) == 2
    assert len(operator.rows("SELECT query FROM cursors")) == 2


def test_one_bad_feed_stops_no_other(operator: Operator, site: FeedServer, other: FeedServer) -> None:
    other.faults.add(faults.hang(), times=None)
    operator.environment |= {"FEEDS": f"{other.url}/rss.xml,{site.url}/rss.xml", "HTTP_TIMEOUT": "0.4s"}

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (3, titles_of(entries(20)))


def test_health_names_the_one_feed_of_several_that_fails(
    operator: Operator, site: FeedServer, other: FeedServer
) -> None:
    other.faults.add(Fault("no", lambda request: Answer(403)), times=None)
    operator.environment["FEEDS"] = f"{other.url}/rss.xml,{site.url}/rss.xml"
    operator.ingest()

    health = operator.command("health", "--json").json["services"]["feeds"]

    assert health["ok"] is False
    assert "was refused (403)" in health["reason"]


def test_a_clock_that_was_a_year_ahead_once_stops_nothing(operator: Operator, site: FeedServer) -> None:
    operator.later(days=365)
    operator.ingest()
    operator.later(days=-365)
    later(operator, site, minutes=30)
    site.add([feed_entry(operator.now, "new")])

    operator.ingest()

    assert "new" in stored(operator)


REFUSED = ("news.example.org/rss", "feed://news.example.org", "https:///rss", "https://a.example:99999/", "rss")


@pytest.mark.parametrize("value", REFUSED)
def test_what_is_no_address_is_refused_with_what_was_expected(operator: Operator, value: str) -> None:
    done = operator.command("config", "check", environment={"FEEDS": value})

    told = " ".join((done.stdout + done.stderr).split())
    assert done.exit_code == 78
    assert "FEEDS=(secret)" in told
    assert "expected addresses that start with https:// or http://" in told
