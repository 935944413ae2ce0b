"""X API v2 answers to posts. Decoding is on the hot path: msgspec structs with only the fields we keep."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from trendspark_cli.base.clock import from_epoch, from_text, to_text
from trendspark_cli.base.links import links_of
from trendspark_cli.base.models import STAND_IN, Post, Rejection
from trendspark_cli.base.texts import clean_text
from trendspark_cli.services.post_texts import MAX_COUNTER, stored_time, without_entities

Counter = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNTER)] | None
SNOWFLAKE_EPOCH_MS = 1288834974657
LONGEST_EDITING = timedelta(hours=2)  # from the first version on; X takes edits for one
FIRST_SNOWFLAKE = 10**15  # smaller ids do not carry their time
TWEET_FIELDS = (
    "created_at",
    "author_id",
    "lang",
    "public_metrics",
    "referenced_tweets",
    "edit_history_tweet_ids",
    "note_tweet",
    "entities",
)
_OF_MEDIA = re.compile(r"https?://(?:[\w-]+\.)?(?:x|twitter)\.com/\S+/(?:photo|video)/\d+", re.IGNORECASE)


class Metrics(msgspec.Struct):
    """Counters; any may be missing."""

    like_count: Counter = None
    reply_count: Counter = None
    retweet_count: Counter = None
    quote_count: Counter = None
    impression_count: Counter = None


class Reference(msgspec.Struct):
    """A post this one points to."""

    type: str
    id: str


class Entities(msgspec.Struct):
    """What stands in a text beside words. Nothing is refused for what is wrong in it."""

    urls: Any = None


class Note(msgspec.Struct):
    """The whole text of a long post."""

    text: str = ""
    entities: Entities | None = None


class Tweet(msgspec.Struct):
    """One post as the API gives it; the newest API spec renames some fields, so both names are read."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    text: str
    author_id: str | None = None
    created_at: str | None = None
    lang: str | None = None
    public_metrics: Metrics | None = None
    referenced_tweets: list[Reference] | None = None
    referenced_posts: list[Reference] | None = None
    edit_history_tweet_ids: list[str] | None = None
    edit_history_post_ids: list[str] | None = None
    note_tweet: Note | None = None
    entities: Entities | None = None


class StandIn(Tweet):
    """What a repost shows of a post that did not come with it: the beginning of its text, and nobody's counters."""


class User(msgspec.Struct):
    """An author, when their expansion was asked for."""

    id: str
    username: str


class Includes(msgspec.Struct):
    """Objects the posts of a page refer to."""

    tweets: list[Tweet] | None = None
    users: list[User] | None = None


class Meta(msgspec.Struct):
    """Where the page stands in the listing."""

    newest_id: str | None = None
    oldest_id: str | None = None
    next_token: str | None = None
    result_count: int = 0


class Problem(msgspec.Struct):
    """A partial error beside data: deleted authors and the like."""

    title: str = ""
    detail: str = ""


class Answer(msgspec.Struct):
    """A page of recent search."""

    data: list[Tweet] | None = None
    includes: Includes | None = None
    meta: Meta | None = None
    errors: list[Problem] | None = None


_decoder = msgspec.json.Decoder(Answer)


class Decoded(msgspec.Struct):
    """What an answer held: posts in its order, what was refused, and the rest as it came."""

    posts: list[Post]
    rejections: list[Rejection]
    fetched: int
    meta: Meta
    notes: list[str]
    ids: tuple[str, ...]  # as delivered and billed: of a repost and of a later version its own


def decode_answer(body: bytes, *, is_listing: bool = False) -> Decoded:
    """Return the posts of an answer; one bad item does not spoil the others.

    Raises ValueError when the whole is not an answer of this API, or, of a listing, does not say where it stands:
    without that, older posts would be taken for read.
    """
    try:
        answer = _decoder.decode(body)
        rejections: list[Rejection] = []
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer, rejections = _decode_leniently(json.loads(body))
    tweets = answer.data or []
    posts = posts_of(tweets, answer.includes, rejections)
    notes = list(dict.fromkeys(p.title or p.detail or "error without a title" for p in answer.errors or []))
    is_all_gone = bool(answer.errors) and not is_listing  # a look-up of posts that are all deleted
    if answer.data is None and answer.meta is None and not rejections and not is_all_gone:
        raise ValueError("; ".join(notes) or "neither data nor meta in the answer")
    fetched = len(tweets) + sum(r.reason != "bad_time" for r in rejections)
    if is_listing and answer.meta is None:
        raise ValueError("no meta in the answer")
    if is_listing and answer.meta is not None and answer.meta.result_count and not fetched:
        raise ValueError(f"{answer.meta.result_count} posts announced and none given")
    ids = tuple([tweet.id for tweet in tweets])
    if rejections:
        ids += tuple(r.item for r in rejections if r.item.isdecimal() and r.reason != "bad_time")
    return Decoded(posts, rejections, fetched, answer.meta or Meta(), notes, ids)


def posts_of(tweets: Iterable[Tweet], includes: Includes | None, rejections: list[Rejection]) -> list[Post]:
    """Return posts to store; what has no usable time is added to *rejections*."""
    originals = {tweet.id: tweet for tweet in (includes.tweets if includes else None) or ()}
    names = {user.id: user.username for user in (includes.users if includes else None) or ()}
    posts = []
    for tweet in tweets:
        try:
            if tweet.referenced_tweets or tweet.referenced_posts:
                tweet = _original(tweet, originals)
            posts.append(_post(tweet, names))
        except ValueError:
            rejections.append(Rejection("bad_time", tweet.id))
    return posts


def snowflake_time(post_id: str) -> datetime | None:
    """Return when a post was made, from its id; None for ids that do not carry it."""
    number = int(post_id) if post_id.isdecimal() and len(post_id) < 20 else 0
    return from_epoch(((number >> 22) + SNOWFLAKE_EPOCH_MS) / 1000) if number >= FIRST_SNOWFLAKE else None


def snowflake_at(moment: datetime) -> str:
    """Return the smallest id a post made at *moment* can have."""
    milliseconds = (moment - from_epoch(0)) // timedelta(milliseconds=1)
    return str(max(0, milliseconds - SNOWFLAKE_EPOCH_MS) << 22)


def _post(tweet: Tweet, names: Mapping[str, str]) -> Post:
    """Return the post as stored. Every call here is paid for each post read, so there are few."""
    note = tweet.note_tweet
    text = note.text if note is not None and note.text else tweet.text
    if "&" in text:
        text = without_entities(text)
    if not text.isprintable():
        text = clean_text(text)
    versions = tweet.edit_history_tweet_ids or tweet.edit_history_post_ids or (tweet.id,)
    created_at = stored_time(tweet.created_at) if tweet.created_at is not None else _time_of_id(tweet.id)
    if len(versions) > 1:
        created_at = _first_made(versions[0], created_at)
    author = tweet.author_id or None
    metrics = tweet.public_metrics or _NO_METRICS
    values = (
        "x",
        versions[0],
        author,
        None,
        text,
        "https://x.com/i/status/" + tweet.id,
        tweet.lang,
        created_at,
        metrics.like_count,
        metrics.reply_count,
        metrics.retweet_count,
        metrics.quote_count,
        metrics.impression_count,
        _version(tweet.id, versions) if len(versions) > 1 else STAND_IN if type(tweet) is StandIn else 0,
        None,
        names.get(author) if names and author else None,
        _links(tweet) if tweet.entities is not None or note is not None else (),
    )
    return tuple.__new__(Post, values)  # the constructor of a named tuple would do the same, slower


_NO_METRICS = Metrics()


def _links(tweet: Tweet) -> tuple[str, ...]:
    """Return where a post leads: X puts a link of its own in place of each in the text."""
    notes = tweet.note_tweet.entities if tweet.note_tweet is not None else None
    return links_beside(
        [url for entities in (tweet.entities, notes) if entities is not None for url in _listed(entities.urls)],
        tweet.id,
    )


def links_beside(urls: Iterable[Any], post_id: str) -> tuple[str, ...]:
    """Return where these objects of a post's `urls` lead, those to its own pictures and to itself left out."""
    found = []
    for url in urls:
        if isinstance(url, Mapping):
            unwound = url.get("unwound")
            within = unwound.get("url") if isinstance(unwound, Mapping) else None
            leads = next(
                (u for u in (url.get("unwound_url"), within, url.get("expanded_url")) if isinstance(u, str)), ""
            )
            if not _OF_MEDIA.match(leads) and not leads.endswith(f"/status/{post_id}"):
                found.append(leads)
    return links_of(found)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _version(post_id: str, versions: Sequence[str]) -> int:
    """Return the place of a version in its chain of edits, 0 for the first."""
    return versions.index(post_id) if post_id in versions else len(versions) - 1


def _first_made(first_id: str, created_at: str) -> str:
    """Return when the first version of an edited post was made: each later one says when it was edited."""
    first = snowflake_time(first_id)
    if first is None or not timedelta(0) <= from_text(created_at) - first.replace(microsecond=0) <= LONGEST_EDITING:
        return created_at
    return to_text(first.replace(microsecond=0))  # as the API tells times


def _time_of_id(post_id: str) -> str:
    moment = snowflake_time(post_id)
    if moment is None:
        raise ValueError("no created_at, and the id does not carry it")
    return to_text(moment.replace(microsecond=0))  # as the API tells times


def _original(tweet: Tweet, originals: Mapping[str, Tweet]) -> Tweet:
    """Return what a repost points to: a repost is one more spread of that post, not a post of its own."""
    for reference in tweet.referenced_tweets or tweet.referenced_posts or ():
        if reference.type == "retweeted":
            found = originals.get(reference.id)
            if found is not None:
                return found
            text = tweet.text.partition(": ")[2] if tweet.text.startswith("RT @") else tweet.text
            return StandIn(id=reference.id, text=text, lang=tweet.lang, entities=tweet.entities)
    return tweet


def _decode_leniently(answer: Any) -> tuple[Answer, list[Rejection]]:
    """Decode item by item, so that a bad one is refused alone."""
    if not isinstance(answer, dict):
        raise ValueError(f"a JSON {type(answer).__name__} where an object was expected")
    items = answer.get("data")
    if not isinstance(items, list | None):
        raise ValueError(f"`data` is a JSON {type(items).__name__} where a list was expected")
    tweets: list[Tweet] = []
    rejections: list[Rejection] = []
    for index, item in enumerate(items or []):
        decoded = tweet_from_object(item, str(index))
        if isinstance(decoded, Tweet):
            tweets.append(decoded)
        else:
            rejections.append(decoded)
    rest = {name: _storable(answer.get(name)) for name in ("includes", "meta", "errors")}
    try:
        whole = msgspec.convert(rest, Answer)
    except msgspec.ValidationError:
        # Only the paging information is needed to go on.
        whole = Answer(meta=msgspec.convert(rest["meta"], Meta) if isinstance(rest["meta"], dict) else None)
    whole.data = tweets if items is not None else None
    return whole, rejections


def tweet_from_object(item: Any, place: str) -> Tweet | Rejection:
    """Return the post in a decoded JSON object, or why there is none; *place* names it when it has no id."""
    try:
        return msgspec.convert(_storable(item), Tweet)
    except msgspec.ValidationError as error:
        if "$.entities" in str(error) or "$.note_tweet.entities" in str(error):  # links are not worth a post
            note = item.get("note_tweet")
            whole = {"text": note.get("text", "")} if isinstance(note, dict) else None
            return tweet_from_object({**item, "entities": None, "note_tweet": whole}, place)
        found = item.get("id") if isinstance(item, dict) else None
        name = clean_text(found)[:40] if isinstance(found, str) else f"item {place}"
        return Rejection(rejection_reason(str(error)), name)
    except RecursionError:
        return Rejection("not_a_post", f"item {place}")


def rejection_reason(problem: str) -> str:
    """Return the short reason for what msgspec says of an item."""
    if "missing required field" in problem:
        return "missing_field"
    if "_count" in problem:
        return "bad_counter"
    if "$.id" in problem or "$.source_id" in problem:
        return "bad_id"
    if "created_at" in problem:
        return "bad_time"
    return "not_a_post"


def _storable(value: Any) -> Any:
    """Clean every string of a decoded JSON value: lone surrogates would be refused as a whole later."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): _storable(item) for key, item in value.items()}
    return value
