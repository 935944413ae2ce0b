"""What lies beside a text counts: pages that posts lead to, and who wrote them, by whatever name a file knows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import in_lines, own_line
from tests.ingest.operator import Operator
from tests.ranking.streams import background
from tests.servers import reddit_post, x_post
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.links import links_of

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
TICK = int(NOW.timestamp()) // 900
PAGE = "https://news.example/2026/10/bridge-closed"
SAID = [
    "down again for my whole street",
    "no signal since breakfast here",
    "my dad cannot call the clinic",
    "store line goes round the block",
    "is anybody else offline tonight",
    "three bars and nothing loads",
    "they say nine hours to mend",
    "switched to wifi calling at work",
    "emergency services fail in our town",
    "refund please for this month",
    "router fine but phone dead",
    "two towers dark near the lake",
]
MOMENTS = [NOW - timedelta(seconds=1700 - 130 * place) for place in range(len(SAID))]


def own(moment: datetime, text: str, author: str, source_id: str) -> dict[str, Any]:
    return own_line(source_id, created_at=to_text(moment), text=text, author=author)


SOURCES = ("x", "reddit", "mastodon", "bluesky")
QUIET = [
    own_line(
        f"q{row.id}",
        source=SOURCES[place % 4],
        created_at=to_text(from_epoch(row.created_at)),
        text=row.text,
        author=f"90{row.id}",
    )
    for place, row in enumerate(background(TICK - 3 * 96, 3 * 96, per_tick=8))
]


def tweets(text: str = "{}", author: str = "{}", *, links: bool = False, names: bool = False) -> dict[str, Any]:
    """A page of X: what twelve posts say, by one author each or by two."""
    posts = [
        x_post(moment, text.format(said), author_id=author.format(900 + place), sequence=7)
        for place, (moment, said) in enumerate(zip(MOMENTS, SAID, strict=True))
    ]
    if links:
        for place, each in enumerate(posts):
            each["text"] += f" https://t.co/q{place}Zk{place}"
            each["entities"] = {
                "urls": [{"url": f"https://t.co/q{place}Zk{place}", "unwound_url": f"{PAGE}?utm_source={place}"}]
            }
    page = {"data": posts, "meta": {"result_count": len(posts)}}
    users = {"users": [{"id": "77", "username": "anna_port"}, {"id": "78", "username": "ben_quay"}]}
    return page | ({"includes": users} if names else {})


def of_reddit() -> list[dict[str, Any]]:
    return [
        {"id": f"zq{place}", "title": said, "is_self": False, "url": PAGE, "author": f"a{place}", "subreddit": "port"}
        | {"created_utc": int(moment.timestamp())}
        for place, (moment, said) in enumerate(zip(MOMENTS, SAID, strict=True))
    ]


def of_mastodon() -> list[dict[str, Any]]:
    return [
        {"uri": f"https://town.example/{place}", "content": f"<p>{said}</p>", "created_at": to_text(moment)}
        | {"account": {"acct": f"a{place}@town.example"}, "card": {"url": PAGE}}
        for place, (moment, said) in enumerate(zip(MOMENTS, SAID, strict=True))
    ]


def of_jetstream() -> list[dict[str, Any]]:
    def event(place: int, moment: datetime, said: str) -> dict[str, Any]:
        link = {"$type": "app.bsky.richtext.facet#link", "uri": PAGE}
        facet = {"facets": [{"features": [link]}]}
        card = {"embed": {"$type": "app.bsky.embed.external", "external": {"uri": PAGE}}}
        record = {"text": said, "createdAt": to_text(moment)} | (facet if place % 2 else card)
        commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3k{place}", "record": record}
        time_us = int(moment.timestamp() * 1e6)
        return {"did": f"did:plc:a{place}", "time_us": time_us, "kind": "commit", "commit": commit}

    return [event(place, moment, said) for place, (moment, said) in enumerate(zip(MOMENTS, SAID, strict=True))]


def of_old_api() -> list[dict[str, Any]]:
    return [
        {"id_str": str(10**15 + place), "full_text": f"{said} https://t.co/a{place}", "created_at": to_text(moment)}
        | {"user": {"id_str": f"{place}", "screen_name": f"a{place}"}, "entities": {"urls": [{"expanded_url": PAGE}]}}
        for place, (moment, said) in enumerate(zip(MOMENTS, SAID, strict=True))
    ]


def in_own_form() -> list[dict[str, Any]]:
    return [
        own(moment, f"{said} {PAGE}", f"a{place}", f"o{place}")
        for place, (moment, said) in enumerate(zip(MOMENTS, SAID, strict=True))
    ]


FORMS = {
    "X": [tweets(links=True)],
    "X, the older API": of_old_api(),
    "Reddit": of_reddit(),
    "Mastodon": of_mastodon(),
    "Jetstream": of_jetstream(),
    "our own": in_own_form(),
}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an operator with three quiet days behind them."""
    folder = tmp_path_factory.mktemp("quiet")
    operator = Operator(folder / "home", now=NOW)
    (folder / "quiet").write_bytes(in_lines(*QUIET))
    assert operator.ingest(file=str(folder / "quiet")).exit_code == 0
    return folder / "home"


@pytest.fixture
def experienced(quiet: Path) -> Path:
    return quiet


def read(operator: Operator, *values: Any) -> None:
    file = operator.home / "given"
    file.write_bytes(in_lines(*values))
    assert operator.ingest(file=str(file)).exit_code == 0


def labels(operator: Operator) -> list[str]:
    trends = operator.rank().extra["trends"]
    assert isinstance(trends, list)
    return [trend["label"] for trend in trends]


@pytest.mark.parametrize(
    ("link", "stored"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example/", "https://a.example/"),
        ("https://a.example/x/", "https://a.example/x"),
        ("https://a.example//x//", "https://a.example//x"),
        ("https://A.example/X", "https://a.example/X"),
        ("http://a.example:80/x", "http://a.example/x"),
        ("https://anna:pw@a.example/x?s=1&id=2#top", "https://a.example/x?id=2"),
        ("https://t.co/x", None),
        ("https://www.bit.ly/x", None),
        ("https://bit.ly/x/", None),
        (f"https://a.example/{'x' * 482}", f"https://a.example/{'x' * 482}"),
        (f"https://a.example/{'x' * 483}", None),
        ("https://a.example/x y", None),
        ("ftp://a.example/x", None),
    ],
)
def test_a_link_has_one_form_whatever_is_around_it(link: str, stored: str | None) -> None:
    assert links_of([link]) == ((stored,) if stored is not None else ())


@pytest.mark.parametrize("form", FORMS)
def test_twelve_people_who_share_a_page_are_a_trend_whatever_they_say_of_it(operator: Operator, form: str) -> None:
    read(operator, *FORMS[form])

    assert labels(operator) == ["news.example/2026/10/bridge-closed"]


@pytest.mark.parametrize("form", FORMS)
def test_a_backtest_finds_the_page_they_share_too(operator: Operator, form: str) -> None:
    file = operator.home / "all"
    file.write_bytes(in_lines(*QUIET, *FORMS[form]))

    found = operator.command("backtest", str(file), "--json").json

    assert [trend["label"] for trend in found["trends"]] == ["news.example/2026/10/bridge-closed"]


def test_explain_shows_the_page_that_posts_share(operator: Operator) -> None:
    read(operator, tweets(links=True))
    operator.rank()

    shown = operator.command("trends", "explain", "1")

    assert f"12 posts lead to {PAGE}" in shown.stdout
    assert operator.command("trends", "explain", "1", "--json").json["links"] == [{"url": PAGE, "posts": 12}]


def test_a_link_of_x_itself_is_never_kept(operator: Operator) -> None:
    read(operator, tweets("{} https://t.co/abc"), own(NOW, "see https://t.co/abcd", "a", "9"))

    assert operator.rows("SELECT * FROM post_links") == []


def by_two(*, names: bool) -> dict[str, Any]:
    """Twelve posts of two accounts that say one word."""
    page = tweets("Quibbleton {}", names=names)
    for place, each in enumerate(page["data"]):
        each["author_id"] = str(77 + place % 2)
    return page


def half(page: dict[str, Any], which: int) -> dict[str, Any]:
    return {**page, "data": [each for place, each in enumerate(page["data"]) if place // 2 % 2 == which]}


def by_name() -> list[dict[str, Any]]:
    posts = zip(by_two(names=False)["data"], SAID, MOMENTS, strict=True)
    return [
        own(moment, each["text"], ["anna_port", "@Ben_Quay"][place % 2], each["id"])
        for place, (each, _, moment) in enumerate(posts)
    ]


def on_reddit(*, ids: bool) -> list[dict[str, Any]]:
    """The same on Reddit, as listings have it, or as files do that tell no ids of accounts."""
    posts = [
        reddit_post(moment, f"Quibbleton {said}", author=["anna_port", "ben_quay"][place % 2], post_id=f"zq{place}")
        for place, (moment, said) in enumerate(zip(MOMENTS, SAID, strict=True))
    ]
    return [{name: value for name, value in each.items() if ids or name != "author_fullname"} for each in posts]


MIXTURES: dict[str, list[Any]] = {
    "of Reddit, with ids": on_reddit(ids=True),
    "of Reddit, without": on_reddit(ids=False),
    "of Reddit, names, then ids": [*on_reddit(ids=False)[::3], *on_reddit(ids=True)],
    "of Reddit, ids, then names": [*on_reddit(ids=True)[::5], *on_reddit(ids=False)],
    "ids alone": [by_two(names=False)],
    "half with names": [half(by_two(names=True), 0), half(by_two(names=False), 1)],
    "half without, first": [half(by_two(names=False), 1), half(by_two(names=True), 0)],
    "names from a file, then ids": [*by_name()[::3], by_two(names=True)],
    "ids, then names from a file": [half(by_two(names=True), 0), *by_name()],
    "names from a file alone": by_name(),
}


@pytest.mark.parametrize("mixture", MIXTURES)
def test_two_accounts_are_two_authors_by_whatever_they_are_known(operator: Operator, mixture: str) -> None:
    for value in MIXTURES[mixture]:
        read(operator, value)

    assert labels(operator) == []
    assert operator.values("SELECT count(DISTINCT author) FROM posts WHERE text LIKE 'Quibbleton%'") == [2]


@pytest.mark.parametrize("mixture", MIXTURES)
def test_they_are_two_authors_of_a_backtest_too(operator: Operator, mixture: str) -> None:
    file = operator.home / "all"
    file.write_bytes(in_lines(*QUIET, *MIXTURES[mixture]))

    assert operator.command("backtest", str(file), "--json").json["trends"] == []


def test_people_read_the_name_of_an_author_and_scripts_its_id_too(operator: Operator) -> None:
    read(operator, by_two(names=True))
    post_id = by_two(names=True)["data"][0]["id"]

    found = operator.command("posts", "why", f"x:{post_id}", "--json").json

    assert (found["author"], found["author_id"], found["is_stand_in"]) == ("anna_port", "77", False)
    assert "author: anna_port" in operator.command("posts", "why", f"x:{post_id}").stdout


@pytest.mark.parametrize("said", ["t2_7", "anna_port"])
def test_an_account_of_reddit_is_shown_by_name_and_forgotten_by_both(operator: Operator, said: str) -> None:
    anna, of_file, ben = on_reddit(ids=True)[0], on_reddit(ids=False)[2], on_reddit(ids=True)[1]
    read(operator, anna | {"author_fullname": "t2_7"}, of_file, ben)
    shown = operator.command("posts", "why", "reddit:zq2", "--json").json

    operator.command("posts", "forget", "--source", "reddit", "--author", said)

    assert (shown["author"], shown["author_id"]) == ("anna_port", "t2_7")
    left = operator.rows("SELECT source_id, author FROM posts WHERE text LIKE 'Quibbleton%'")
    assert left == [{"source_id": "zq1", "author": ben["author_fullname"]}]


def test_the_examples_of_a_trend_show_who_wrote_them(operator: Operator) -> None:
    page = tweets("Quibbleton {}")
    page["includes"] = {
        "users": [{"id": each["author_id"], "username": f"n{each['author_id']}"} for each in page["data"]]
    }
    read(operator, page)
    operator.rank()

    [trend] = operator.command("trends", "list", "--json").json["trends"]

    assert {post["author"][:2] for post in trend["posts"]} == {"n9"}
    assert f"[x] {trend['posts'][0]['author']}: " in operator.command("trends", "explain", "1").stdout


@pytest.mark.parametrize("said", ["77", "anna_port", "ANNA_PORT"])
def test_forgetting_an_author_takes_the_id_and_the_name(operator: Operator, said: str) -> None:
    read(operator, half(by_two(names=True), 0))

    operator.command("posts", "forget", "--source", "x", "--author", said)

    again = operator.home / "again"
    again.write_bytes(in_lines(half(by_two(names=False), 1), *by_name()))
    operator.ingest(file=str(again))
    left = operator.values("SELECT DISTINCT author FROM posts WHERE text LIKE 'Quibbleton%'")
    assert left == ["78"]
    assert operator.rows("SELECT id FROM authors") == [{"id": "78"}]


def test_forgetting_the_last_post_of_an_author_takes_their_name(operator: Operator) -> None:
    page = by_two(names=True)
    read(operator, {**page, "data": page["data"][:2]})

    operator.command("posts", "forget", "--source", "x", "--id", page["data"][0]["id"])

    assert operator.rows("SELECT id FROM authors") == [{"id": "78"}]


def test_series_of_sources_that_files_name_are_no_more_than_thirty_two(operator: Operator) -> None:
    lines = [own_line("1", source=f"forum{number}") for number in range(40)]

    read(operator, *lines)
    read(operator, *[{**line, "source_id": "2"} for line in lines])

    series = {name: n for name, n in operator.series().items() if name.startswith("trendspark_ingest_items_total")}
    assert (len(series), sum(n for name, n in series.items() if "forum" in name or "other" in name)) == (33, 80)
    assert series['trendspark_ingest_items_total{source="forum3"}'] == 2
