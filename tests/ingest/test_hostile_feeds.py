"""`ingest` against feeds that mean harm, or are written as if they did."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ingest.operator import NOW, Operator
from tests.servers import Answer, Fault, FeedServer, faults, feed_entry
from trendspark_cli.services.feeds.parsing import NoFeedError, read_feed


@pytest.fixture
def site() -> Iterator[FeedServer]:
    """A site whose feed has one entry."""
    with FeedServer([feed_entry(NOW, "The ferry is late")], clock=NOW.timestamp) as server:
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


def later(operator: Operator, *sites: FeedServer, **time: float) -> None:
    """Move the clocks on."""
    operator.later(**time)
    for site in sites:
        site.clock = operator.now.timestamp


def stored(operator: Operator) -> set[str]:
    """What all stored posts say."""
    return {row["text"] for row in operator.rows("SELECT text FROM posts WHERE source = 'feeds'")}


def test_broken_html_in_an_entry_costs_no_other_entry(operator: Operator, site: FeedServer) -> None:
    site.add([feed_entry(NOW - timedelta(hours=1), "Boats <![1 here", text="<![ ]>")])

    result = operator.ingest()

    assert (result.exit_code, len(stored(operator))) == (0, 2)


@pytest.mark.parametrize("name", ["id", "url", "title", "summary", "content_html", "content_text", "language"])
def test_a_field_of_a_json_feed_is_bounded(name: str) -> None:
    item = {"id": "1", name: "x" * 100_000}
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [item]}

    [entry] = read_feed(json.dumps(feed).encode(), "", "https://a.example/").entries

    assert max(len(value) for value in entry if isinstance(value, str)) == 20_000


def test_a_body_that_names_a_file_reads_no_file(tmp_path: Path) -> None:
    file = tmp_path / "private.xml"
    file.write_text('<rss version="2.0"><channel><item><title>private</title></item></channel></rss>')

    with pytest.raises(NoFeedError, match="neither RSS nor Atom"):
        read_feed(str(file).encode(), "application/rss+xml", "https://a.example/")


@pytest.mark.parametrize("kind", ["text/xml\0", "text/xml\r\n x", "text/xml\x85", "ä"])
def test_a_content_type_that_no_program_takes_is_as_none(kind: str) -> None:
    body = b'<rss version="2.0"><channel><item><title>late</title></item></channel></rss>'

    assert [entry.title for entry in read_feed(body, kind, "https://a.example/").entries] == ["late"]


def test_a_reader_that_does_not_start_is_told_and_stops_no_other_feed(
    operator: Operator, site: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.environment["FEEDS"] = f"{site.url}/rss.xml,{site.url}/feed.json"
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (3, {"The ferry is late"})
    assert "what reads it does not start: No such file" in str(result.errors)


def test_validators_that_are_not_plain_are_not_sent_back(operator: Operator, site: FeedServer) -> None:
    site.has_validators = False
    site.headers = {"etag": '"a\x01b"', "last-modified": "Sun\xe9"}
    operator.ingest()
    later(operator, site, hours=2)
    site.add([feed_entry(operator.now, "new")])

    result = operator.ingest()

    assert (result.exit_code, "new" in stored(operator)) == (0, True)
    assert {"if-none-match", "if-modified-since"}.isdisjoint(site.log[1].headers)


def test_entries_that_all_link_to_one_page_are_all_read(operator: Operator, site: FeedServer) -> None:
    page = "https://harbour.example/notices"
    site.replace([feed_entry(NOW, "The ferry is late", link=page)])
    operator.ingest()
    later(operator, site, hours=2)
    site.replace([feed_entry(operator.now, "The ferry sails", link=page)])

    operator.ingest()

    assert stored(operator) == {"The ferry is late", "The ferry sails"}


def test_an_entry_that_gets_another_id_and_time_does_not_come_again(operator: Operator, site: FeedServer) -> None:
    link = "https://harbour.example/1"
    site.replace([feed_entry(NOW, "The ferry is late", link=link)])
    operator.ingest()
    later(operator, site, hours=2)
    site.replace([feed_entry(operator.now, "The ferry is late", link=link)])

    assert operator.ingest().counts["new"] == 0


def test_two_entries_of_one_id_are_no_edits_of_each_other(operator: Operator, site: FeedServer) -> None:
    items = [{"id": "1", "title": title, "date_published": NOW.isoformat()} for title in ("late", "later")]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
    spaces = iter(range(9))
    fault = Fault("twice", lambda request: Answer(200, body + b" " * next(spaces)))
    site.faults.add(fault, times=None)
    operator.ingest()
    updated = []
    for _ in range(2):
        later(operator, site, hours=2)
        updated.append(operator.ingest().counts["updated"])

    assert (updated, stored(operator)) == ([0, 0], {"late"})


def test_a_redirect_to_another_path_of_a_named_private_host_is_refused(
    operator: Operator, site: FeedServer, other: FeedServer
) -> None:
    other.add([feed_entry(NOW, "of the inside")])
    operator.environment["FEEDS"] += f",{other.url}/atom.xml"
    inside = Answer(302, b"", {"location": f"{other.url}/rss.xml"})
    site.faults.add(Fault("inside", lambda request: inside), times=None)

    result = operator.ingest()

    assert (result.exit_code, [entry.request.path for entry in other.log]) == (3, ["/atom.xml"])
    assert "redirects into a private network, to 127.0.0.1" in str(result.errors)


PLACES = {
    "does not answer": faults.connection_reset(),
    "is a page": Fault("page", lambda request: Answer(200, b"<html>parked</html>", {"content-type": "text/html"})),
    "is private": None,
}


@pytest.mark.parametrize("kind", PLACES)
def test_a_feed_comes_back_when_the_place_it_moved_to(
    operator: Operator, site: FeedServer, other: FeedServer, kind: str
) -> None:
    feeds = operator.environment["FEEDS"]
    moved = Answer(301, b"", {"location": f"{other.url}/rss.xml"})
    site.faults.add(Fault("moved", lambda request: moved))
    operator.environment["FEEDS"] = f"{feeds},{other.url}/rss.xml"
    operator.ingest()
    later(operator, site, other, days=4)
    fault = PLACES[kind]
    if fault is None:
        operator.environment["FEEDS"] = feeds
    else:
        other.faults.add(fault, times=None)

    operator.ingest()

    assert stored(operator) == {"The ferry is late"}
    assert "moved_to" not in _state(operator)


def test_a_feed_whose_both_places_fail_is_asked_at_both_again(
    operator: Operator, site: FeedServer, other: FeedServer
) -> None:
    moved = Answer(301, b"", {"location": f"{other.url}/rss.xml"})
    site.faults.add(Fault("moved", lambda request: moved))
    site.faults.add(faults.not_found(), times=None)
    operator.environment["FEEDS"] += f",{other.url}/rss.xml"
    operator.ingest()
    later(operator, site, other, days=4)
    other.faults.add(faults.not_found(), times=2)
    operator.ingest()
    later(operator, site, other, hours=2)
    other.add([feed_entry(operator.now, "The ferry sails")])

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, {"The ferry sails"})


def test_a_new_place_that_asks_for_the_secret_of_the_old_one_is_not_remembered(
    operator: Operator, site: FeedServer, other: FeedServer
) -> None:
    target = f"{other.url}/rss.xml?q={{0}}"
    operator.environment["FEEDS"] = f"{site.url}/rss.xml?token=f00dfeed5ecret0f7ests,{target}"
    moved = Answer(301, b"", {"location": target})
    site.faults.add(Fault("moved", lambda request: moved))

    operator.ingest()

    assert "moved_to" not in _state(operator)


def _state(operator: Operator) -> str:
    """What is known of the first feed."""
    return str(operator.values("SELECT newest_id FROM cursors ORDER BY query")[0])
