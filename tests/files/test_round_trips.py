"""Files like those of twarc2, PRAW, Pushshift and Mastodon, each optional field there or not: every value compared."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOW, in_lines
from tests.files.reading import contents
from tests.servers import reddit_post, x_post
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Post

AUTHOR = {"id": "77", "name": "Anna", "username": "anna_port", "public_metrics": {"followers_count": 3}}
EMPTY = Post(
    source="",
    source_id="",
    author=None,
    community=None,
    text="",
    url=None,
    lang=None,
    created_at="",
    likes=None,
    replies=None,
    reposts=None,
    quotes=None,
    views=None,
    edits=0,
    observed_at=None,
)


def choices(*names: str) -> list[frozenset[str]]:
    """Return every choice of optional fields."""
    return [
        frozenset(name for name, there in zip(names, them, strict=True) if there)
        for them in product((0, 1), repeat=len(names))
    ]


def named(there: frozenset[str]) -> str:
    """Return how a choice is called."""
    return "-".join(sorted(there)) or "none"


def kept(values: dict[str, Any], optional: dict[str, str], there: frozenset[str]) -> dict[str, Any]:
    """Return *values* without the fields (name: which option they belong to) that are not *there*."""
    return {name: value for name, value in values.items() if name not in optional or optional[name] in there}


X_FIELDS = {
    "author_id": "author",
    "lang": "lang",
    "public_metrics": "counts",
    "created_at": "time",
    "note_tweet": "note",
    "edit_history_tweet_ids": "edits",
    "source": "source",
    "entities": "entities",
    "conversation_id": "source",
    "possibly_sensitive": "source",
}


PAGE = "https://news.example/2026/bridge"


def expected_of_x(tweet: dict[str, Any], there: frozenset[str], name: str | None) -> Post:
    counts = tweet["public_metrics"] if "counts" in there else {}
    return EMPTY._replace(
        source="x",
        source_id=tweet["id"],
        author="77" if "author" in there else None,
        author_name=name if "author" in there else None,
        links=(PAGE,) if "entities" in there else (),
        text="the bridge & the ferry" if "note" not in there else "the bridge & the ferry, at length",
        url=f"https://x.com/i/status/{tweet['id']}",
        lang=tweet["lang"] if "lang" in there else None,
        created_at=to_text(NOW),
        likes=counts.get("like_count"),
        replies=counts.get("reply_count"),
        reposts=counts.get("retweet_count"),
        quotes=counts.get("quote_count"),
        views=counts.get("impression_count"),
    )


@pytest.mark.parametrize(
    "there", choices("author", "lang", "counts", "time", "note", "edits", "source", "entities"), ids=named
)
def test_a_tweet_keeps_every_value_in_a_page_flattened_and_alone(tmp_path: Path, there: frozenset[str]) -> None:
    whole = x_post(NOW, "the bridge & the ferry", author_id="77", sequence=0) | {"source": "Twitter for iPhone"}
    address = {
        "url": "https://t.co/abc",
        "expanded_url": "https://bit.ly/1",
        "unwound_url": f"{PAGE}/?utm_source=x#top",
    }
    whole["entities"] = {"urls": [address, {**address, "unwound_url": f"https://x.com/i/status/{whole['id']}/photo/1"}]}
    whole["note_tweet"] = {"text": "the bridge &amp; the ferry, at length"}
    tweet = kept(whole, X_FIELDS, there)
    page = {"data": [tweet], "includes": {"users": [AUTHOR]}, "meta": {"result_count": 1}, "__twarc": {}}
    flat = {**tweet, "__twarc": {}} | ({"author": AUTHOR} if "author" in there else {})

    found = contents(tmp_path, in_lines(page, flat, {"data": tweet}))

    assert (found.refused, found.skipped) == ([], [])
    assert found.posts == [expected_of_x(whole, there, name) for name in ("anna_port", "anna_port", None)]


REDDIT_FIELDS = {
    "author": "author",
    "author_fullname": "account",
    "selftext": "body",
    "score": "counts",
    "ups": "counts",
    "num_comments": "counts",
    "num_crossposts": "crossposts",
    "permalink": "link",
    "edited": "edited",
    "subreddit": "place",
}


def expected_of_reddit(item: dict[str, Any], there: frozenset[str]) -> Post:
    link = (
        f"https://www.reddit.com{item['permalink']}"
        if "link" in there
        else f"https://www.reddit.com/comments/{item['id']}/"
    )
    return EMPTY._replace(
        source="reddit",
        source_id=item["id"],
        author=item["author_fullname"] if {"author", "account"} <= there else None,
        author_name="anna" if "author" in there else None,
        community="port" if "place" in there else None,
        text="bridge closed\nsince noon" if "body" in there else "bridge closed",
        url=link,
        created_at=to_text(NOW),
        likes=12 if "counts" in there else None,
        replies=3 if "counts" in there else None,
        reposts=2 if "crossposts" in there else None,
        edits=int(NOW.timestamp()) + 60 if "edited" in there else 0,
    )


@pytest.mark.parametrize(
    "there", choices("author", "account", "body", "counts", "crossposts", "link", "edited", "place"), ids=named
)
def test_a_submission_keeps_every_value_in_a_listing_a_dump_and_of_praw(tmp_path: Path, there: frozenset[str]) -> None:
    whole = reddit_post(
        NOW, "bridge closed", subreddit="port", selftext="since noon", author="anna", score=12, num_comments=3
    ) | {"num_crossposts": 2, "edited": NOW.timestamp() + 60}
    item = kept(whole, REDDIT_FIELDS, there)
    thing = {"kind": "t3", "data": item}
    dump = {**item, "created_utc": int(item["created_utc"]), "retrieved_on": 1793530900}
    old_dump = {**item, "created_utc": str(int(item["created_utc"]))}
    praw = {name: item[name] for name in ("id", "title", "created_utc", *REDDIT_FIELDS) if name in item}
    objects = {**praw} | ({"author": {"name": "anna"}} if "author" in there else {})
    if "place" in there:
        objects["subreddit"] = {"display_name": "port"}

    found = contents(
        tmp_path, in_lines({"kind": "Listing", "data": {"children": [thing]}}, thing, dump, old_dump, praw, objects)
    )

    assert (found.refused, found.skipped) == ([], [])
    assert found.posts == [expected_of_reddit(whole, there)] * 6


MASTODON_FIELDS = {
    "language": "lang",
    "url": "link",
    "spoiler_text": "warning",
    "edited_at": "edited",
    "replies_count": "counts",
    "reblogs_count": "counts",
    "favourites_count": "counts",
    "quotes_count": "quotes",
    "reblog": "rest",
    "media_attachments": "rest",
    "card": "rest",
    "visibility": "rest",
}
STATUS = {
    "id": "109",
    "uri": "https://town.example/users/anna/statuses/109",
    "created_at": "2026-11-01T12:00:00.000Z",
    "content": "<p>The bridge &amp; the <a href='https://x.example'>ferry</a></p><p>until<br>nine</p>",
    "account": {"id": "7", "acct": "anna", "username": "anna", "url": "https://town.example/@anna"},
    "language": "en",
    "url": "https://town.example/@anna/109",
    "spoiler_text": "traffic",
    "edited_at": "2026-11-01T12:05:00.000Z",
    "replies_count": 1,
    "reblogs_count": "2",
    "favourites_count": 3.0,
    "quotes_count": 4,
    "reblog": None,
    "media_attachments": [],
    "card": {"url": f"{PAGE}?fbclid=1", "title": "closed"},
    "visibility": "public",
}


@pytest.mark.parametrize("there", choices("lang", "link", "warning", "edited", "counts", "quotes", "rest"), ids=named)
def test_a_status_keeps_every_value_alone_and_boosted(tmp_path: Path, there: frozenset[str]) -> None:
    status = kept(STATUS, MASTODON_FIELDS, there)
    boost = {**status, "id": "110", "uri": "https://other.example/1/activity", "content": "", "reblog": status}
    text = "The bridge & the ferry\n\nuntil\nnine"
    expected = EMPTY._replace(
        source="mastodon",
        source_id=str(STATUS["uri"]),
        author="anna@town.example",
        text=f"traffic\n\n{text}" if "warning" in there else text,
        url=str(STATUS["url" if "link" in there else "uri"]),
        lang="en" if "lang" in there else None,
        created_at="2026-11-01T12:00:00.000Z",
        likes=3 if "counts" in there else None,
        replies=1 if "counts" in there else None,
        reposts=2 if "counts" in there else None,
        quotes=4 if "quotes" in there else None,
        edits=1793534700 if "edited" in there else 0,
        links=(PAGE,) if "rest" in there else (),
    )

    found = contents(tmp_path, in_lines(status, boost, [status]))

    assert found.posts == [expected] * 3


EVENT: dict[str, Any] = {
    "did": "did:plc:abc",
    "time_us": 1793534700250000,
    "kind": "commit",
    "commit": {
        "rev": "3l",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3kabc",
        "cid": "bafy",
        "record": {
            "$type": "app.bsky.feed.post",
            "text": "bridge closed",
            "createdAt": "2026-11-01T12:00:00.123456Z",
            "langs": ["en", "de"],
        },
    },
}


@pytest.mark.parametrize("claimed", ["2026-11-01T12:00:00.123456Z", "2099-01-01T00:00:00Z", "nonsense", None])
@pytest.mark.parametrize("langs", [["en", "de"], [], None])
def test_an_event_keeps_every_value_in_both_versions_of_jetstream(tmp_path: Path, claimed: Any, langs: Any) -> None:
    record = {**EVENT["commit"]["record"], "createdAt": claimed, "langs": langs}
    first = {**EVENT, "commit": {**EVENT["commit"], "record": record}}
    payload = {**first["commit"], "$type": "network.bsky.jetstream.subscribeEvents#commit"}
    payload |= {"did": "did:plc:abc", "seq": 5, "time": "2026-11-01T12:05:00.250Z"}
    expected = EMPTY._replace(
        source="bluesky",
        source_id="at://did:plc:abc/app.bsky.feed.post/3kabc",
        author="did:plc:abc",
        text="bridge closed",
        url="https://bsky.app/profile/did:plc:abc/post/3kabc",
        lang="en" if langs else None,
        created_at="2026-11-01T12:00:00.123Z" if claimed and "2026" in claimed else "2026-11-01T12:05:00.250Z",
    )

    found = contents(tmp_path, in_lines(first, {"$type": "message", "payload": payload}))

    assert found.posts == [expected] * 2
