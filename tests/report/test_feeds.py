"""Feeds to follow: valid, with ids that last; a reader sees each trend once, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.ingest.operator import Operator
from tests.installation import Installation
from tests.rank.test_rank_job import write_posts
from tests.ranking.streams import background, said
from tests.report.reader import Made, report
from tests.tools.made_week import STORIES, fill_week, labels
from trendspark_cli.base.clock import from_text
from trendspark_cli.store.sqlite.store import SqliteStore

ATOM = "{http://www.w3.org/2005/Atom}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
FEED_PARTS = {"id": 1, "title": 1, "updated": 1, "author": 1}  # how often RFC 4287 wants them
ENTRY_PARTS = {"id": 1, "title": 1, "updated": 1, "published": 1, "content": 1, "summary": 1}
MORNING = datetime(2026, 11, 6, tzinfo=UTC)


@pytest.fixture
def week(workplace: Installation) -> Made:
    with closing(workplace.store()) as store, store.transaction():
        fill_week(store, workplace.now)
    return report(workplace)


def count_parts(element: ElementTree.Element, wanted: dict[str, int]) -> dict[str, int]:
    return {name: len(element.findall(ATOM + name)) for name in wanted}


def test_the_atom_feed_has_all_that_the_standard_asks_for(week: Made) -> None:
    feed = ElementTree.parse(week.folder / "trends.atom").getroot()
    entries = feed.findall(f"{ATOM}entry")

    assert feed.tag == f"{ATOM}feed"
    assert count_parts(feed, FEED_PARTS) == FEED_PARTS
    assert all(count_parts(entry, ENTRY_PARTS) == ENTRY_PARTS for entry in entries)
    times = [e.text for name in ("updated", "published") for e in feed.iter(ATOM + name)]
    assert all(TIME.fullmatch(str(text)) for text in times)
    ids = [str(e.text) for e in feed.iter(f"{ATOM}id")]
    assert len(set(ids)) == len(ids) == len(entries) + 1
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", each) for each in ids)
    assert {link.get("rel") for link in feed.findall(f"{ATOM}link")} == {"self", "alternate"}


def test_a_feed_reader_has_no_complaint_and_finds_each_trend(week: Made) -> None:
    feed = week.atom

    titles = {entry.title.removesuffix(" (over)") for entry in feed.entries}
    assert feed.bozo == 0
    assert feed.version == "atom10"
    assert titles >= labels()
    assert all(entry.content[0].type == "text/html" for entry in feed.entries)
    assert [e.updated for e in feed.entries] == sorted((e.updated for e in feed.entries), reverse=True)


def test_the_json_feed_keeps_to_its_standard(week: Made) -> None:
    feed = week.json

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert set(feed) <= {"version", "title", "authors", "items", "description"}
    assert isinstance(feed["title"], str)
    assert feed["authors"] == [{"name": "TrendSpark"}]
    for item in feed["items"]:
        problems = problems_of_item(item)
        assert problems == []
    assert len({item["id"] for item in feed["items"]}) == len(feed["items"])


def problems_of_item(item: dict[str, Any]) -> list[str]:
    """Return what JSON Feed 1.1 would not have."""
    forms: dict[str, Callable[[Any], object]] = {
        "id": lambda value: isinstance(value, str) and value,
        "content_html": lambda value: isinstance(value, str),
        "title": lambda value: isinstance(value, str),
        "summary": lambda value: isinstance(value, str),
        "external_url": lambda value: str(value).startswith(("http://", "https://")),
        "date_published": lambda value: TIME.fullmatch(value),
        "date_modified": lambda value: TIME.fullmatch(value),
        "tags": lambda value: all(isinstance(tag, str) for tag in value),
        "_trendspark": lambda value: isinstance(value, dict),
    }
    wrong = [name for name, value in item.items() if name not in forms or not forms[name](value)]
    return wrong + [name for name in ("id", "content_html") if name not in item]


def test_both_feeds_tell_of_the_same_trends_under_the_same_ids(week: Made) -> None:
    in_atom = [(entry.id, entry.title) for entry in week.atom.entries]

    assert [(item["id"], item["title"]) for item in week.json["items"]] == in_atom


def test_each_entry_leads_to_its_place_on_the_page(week: Made) -> None:
    places = {article["id"] for article in week.page.all("article")}

    links = [str(entry.link).rpartition("#")[2] for entry in week.atom.entries]

    assert set(links) == places


class Town(Operator):
    """An operator of a town in which something happens at noon."""

    def live(self, until: datetime) -> None:
        """Read and rank what was posted until then."""
        noon = int((MORNING + timedelta(hours=12)).timestamp())
        rows = [
            *background(int(MORNING.timestamp()) // 900 - 2 * 96, 3 * 96 - 40, per_tick=6),
            *said("volcano eruption", 60, noon, every=60),
        ]
        rows = [row._replace(id=number + 1) for number, row in enumerate(rows)]
        self.now = until
        said_by_then = [row for row in rows if row.created_at < until.timestamp()]
        self.ingest(file=str(write_posts(self.home / "posts.ndjson", said_by_then)))
        assert self.rank().exit_code == 0


def told_by(town: Town) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in report(town).json["items"]}


def at(hours: float) -> datetime:
    return MORNING + timedelta(hours=hours)


def test_a_trend_keeps_its_id_while_it_grows_and_ends_and_its_update_moves_on(tmp_path: Path) -> None:
    town = Town(tmp_path / "home", now=MORNING)
    seen = []
    for hours in (12.5, 13.25, 23):
        town.live(at(hours))
        seen.append(told_by(town))

    [found], [grown], [over] = seen
    states = [one[name]["_trendspark"]["state"] for one, name in zip(seen, (found, grown, over), strict=True)]
    moved = [from_text(one[name]["date_modified"]) for one, name in zip(seen, (found, grown, over), strict=True)]
    assert found == grown == over
    assert states == ["open", "open", "closed"]
    assert moved[0] < moved[1] < moved[2]
    assert len({one[found]["date_published"] for one in seen}) == 1
    assert seen[2][over]["title"].endswith("(over)")


def test_a_database_made_anew_gives_the_same_ids(tmp_path: Path) -> None:
    first, anew = Town(tmp_path / "a" / "home", now=MORNING), Town(tmp_path / "b" / "home", now=MORNING)
    with closing(anew.store()) as store, store.transaction():
        fill_week(store, MORNING - timedelta(days=30))  # so that its rows have other numbers
    for town in (first, anew):
        town.live(at(12.5))

    assert len(told_by(first)) == 1
    assert set(told_by(first)) < set(told_by(anew))
    assert first.values("SELECT max(id) FROM trends") != anew.values("SELECT max(id) FROM trends")


def test_a_trend_that_begins_again_is_the_same_entry_with_a_later_update(workplace: Installation) -> None:
    with closing(workplace.store()) as store, store.transaction():
        fill_week(store, workplace.now)
    before = {item["title"]: item for item in report(workplace).json["items"]}
    reopen(workplace, "ferry strike")

    after = {item["title"]: item for item in report(workplace).json["items"]}

    over, again = before["ferry strike (over)"], after["ferry strike"]
    assert over["id"] == again["id"]
    assert over["date_modified"] < again["date_modified"]


def reopen(workplace: Installation, label: str) -> None:
    """Let a trend that was over go on."""
    with closing(workplace.store()) as store, store.transaction():
        trend = trend_of(store, label)
        store.trends.save(replace(trend, state=type(trend.state).OPEN, closed_at=None, last_strong_at=workplace.now))


def trend_of(store: SqliteStore, label: str) -> Any:
    return next(trend for trend in store.trends.listing(100) if trend.label == label)


def test_a_mark_is_an_update(week: Made) -> None:
    marked = {item["title"]: item for item in week.json["items"]}["tap water (over)"]

    began = next(story.began for story in STORIES if story.label == "tap water")
    assert from_text(marked["date_modified"]) > from_text(marked["date_published"]) + timedelta(hours=began / 2)


def test_places_and_profiles_have_feeds_of_their_own(workplace: Installation) -> None:
    workplace.environment["KEYWORDS"] = "ferry"
    ids = [
        report(workplace, output=str(workplace.home.parent / place), profile=profile).atom.feed.id
        for place, profile in (("a", ""), ("b", ""), ("b", "default"), ("a", ""))
    ]

    assert len(set(ids)) == 3
    assert ids[0] == ids[3]
