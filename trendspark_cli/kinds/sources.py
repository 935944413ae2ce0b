"""Where posts come from: one entry for each source. Settings are named in lower case."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from trendspark_cli.kinds.entries import CeilingKind, Costs, Settings, are_set, in_words
from trendspark_cli.kinds.installed import Table

FREE = Costs(unit="requests")  # counted all the same


class SourceKind(NamedTuple):
    """One service that posts are read from. The functions it names take an `Opening` first."""

    name: str  # short and permanent: stored in posts.source and used as a metric label
    make: str  # what returns a list of `collecting.source.Source`; those of `opening.profile` if `searches_profiles`
    check: str  # what asks the service something free and returns what it said, for `doctor`
    needs: tuple[str, ...]  # settings without which it cannot be asked anything; without a key, what switches it on
    title: str = ""  # as people call it, when that is not its name
    needs_key: bool = False  # of an account: `init` asks for those without a key first
    needs_text: str = ""  # these in words, when their names are too many
    reads: tuple[str, ...] = ()  # settings that say what to read; nothing is read while one is empty
    switch: str = ""  # the setting that turns it off
    searches_profiles: bool = False  # it is asked for the topics of each profile; else it is read once, for nobody
    keyword_mode: str = ""  # the setting that says `keywords` when profiles' keywords are looked for in all it reads
    again: str = ""  # of one that searches profiles: what returns the source of (opening, query), to fill its gaps
    stream: str = ""  # of one that replays: what returns the source that reads its posts as they are made, without end
    engagement: str = "engagement"  # what it counts in favour of a post, for people
    addresses: tuple[str, ...] = ()  # regular expressions of a post's addresses; the first group is its id
    example: str = ""  # such an address, for people
    id_prefix: str = ""  # what may stand before an id and is not part of it
    author_id: str = ""  # a regular expression of its authors' ids; "" where their names never change and are the ids
    ids_of_author: str = (
        ""  # what the ids of an author's posts begin with, and no other's: `{author}` is the author's id
    )
    tells_deletions: bool = (
        False  # of posts of any age; which ones are archived is kept, as far as they are not too many
    )
    edits_have_ids: bool = False  # an edited post goes on under another id; the counters of the first one stand still
    costs: Costs = FREE
    reads_metric: str = ""  # what counts billed units by endpoint, and the next what they cost in USD
    cost_metric: str = ""

    @property
    def needs_words(self) -> str:
        """Return the settings it needs, for people."""
        return self.needs_text or in_words(self.needs)

    @property
    def called(self) -> str:
        """Return what people call it."""
        return self.title or self.name.capitalize()

    def can_be_asked(self, settings: Settings) -> bool:
        """Tell whether there are credentials."""
        return are_set(settings, self.needs)

    def is_enabled(self, settings: Settings) -> bool:
        """Tell whether it is switched on."""
        return not self.switch or are_set(settings, (self.switch,))

    def looks_for_keywords(self, settings: Settings) -> bool:
        """Tell whether what is read is kept for the keywords in it."""
        chosen = self.is_configured(settings) and self.keyword_mode
        return bool(chosen) and getattr(settings, self.keyword_mode) == "keywords"

    def is_configured(self, settings: Settings) -> bool:
        """Tell whether `ingest` can read it; what to search for may still be said by profiles."""
        return self.is_enabled(settings) and are_set(settings, (*self.needs, *self.reads))


_ALL = (
    SourceKind(
        name="x",
        make="trendspark_cli.services.x.making:make",
        again="trendspark_cli.services.x.making:search",
        check="trendspark_cli.services.x.making:check",
        needs=("x_bearer_token",),
        needs_key=True,
        switch="x_ingest_enabled",
        searches_profiles=True,
        engagement="likes, reposts and quotes",
        addresses=(r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/[^/]+/status(?:es)?/(\d{1,20})",),
        example="https://x.com/NAME/status/ID",
        author_id=r"\d{1,20}",
        edits_have_ids=True,
        costs=Costs(
            unit="reads",
            ceilings=(CeilingKind("day", "x_max_reads_per_day"), CeilingKind("month", "x_max_reads_per_month")),
            prices=("x_price_per_read_usd",),
            when_reached="what is unread is kept as a gap",
        ),
        reads_metric="trendspark_x_reads_total",
        cost_metric="trendspark_x_cost_usd_total",
    ),
    SourceKind(
        name="reddit",
        make="trendspark_cli.services.reddit.making:make",
        check="trendspark_cli.services.reddit.making:check",
        needs=("reddit_client_id", "reddit_client_secret", "reddit_user_agent"),
        needs_key=True,
        needs_text="the REDDIT_* settings",
        reads=("reddit_subreddits",),
        switch="reddit_ingest_enabled",
        engagement="points",
        addresses=(r"(?:https?://)?(?:(?:\w+\.)?reddit\.com/(?:r/[^/]+/)?comments/|redd\.it/)([a-z0-9]{1,13})",),
        example="https://www.reddit.com/comments/ID",
        id_prefix="t3_",
        author_id="t2_[a-z0-9]{1,13}",
    ),
    SourceKind(
        name="bluesky",
        make="trendspark_cli.services.bluesky.making:make",
        check="trendspark_cli.services.bluesky.making:check",
        stream="trendspark_cli.services.bluesky.making:stream",
        needs=("bluesky_ingest_enabled",),
        needs_text="BLUESKY_INGEST_ENABLED=true",
        keyword_mode="bluesky_mode",
        engagement="likes, reposts and quotes",
        tells_deletions=True,
        addresses=(r"(at://did:[^/]+/app\.bsky\.feed\.post/[^/]+)",),
        example="at://DID/app.bsky.feed.post/KEY",
        author_id=r"did:\S+",
        ids_of_author="at://{author}/",
    ),
    SourceKind(
        name="hackernews",
        make="trendspark_cli.services.hackernews.making:make",
        check="trendspark_cli.services.hackernews.making:check",
        needs=("hackernews_ingest_enabled",),
        title="Hacker News",
        needs_text="HACKERNEWS_INGEST_ENABLED=true",
        keyword_mode="hackernews_mode",
        engagement="points",
        addresses=(r"(?:https?://)?news\.ycombinator\.com/item\?id=(\d{1,12})",),
        example="https://news.ycombinator.com/item?id=ID",
    ),
    SourceKind(
        name="mastodon",
        make="trendspark_cli.services.mastodon.making:make",
        check="trendspark_cli.services.mastodon.making:check",
        needs=("mastodon_timelines",),
        engagement="favourites and boosts",
        addresses=(r"(https?://[^/\s]+/(?:ap/)?users/[^/\s]+/statuses/\d{1,20})",),
        example="https://HOST/users/NAME/statuses/ID",
    ),
    SourceKind(
        name="feeds",
        make="trendspark_cli.services.feeds.making:make",
        check="trendspark_cli.services.feeds.making:check",
        needs=("feeds",),
    ),
)
SOURCES = Table("trendspark.sources", _ALL, SourceKind)


def author_of(source: str, author: str) -> tuple[str | None, str | None]:
    """Return (id, name) of an author that somebody wrote down, one of which is None: `77` or `anna_port` of X."""
    pattern = _author_ids(source)
    if pattern is None or pattern.fullmatch(author):
        return author, None
    return None, author.removeprefix("@") or author


@cache
def _author_ids(source: str) -> re.Pattern[str] | None:
    kind = SOURCES.get(source)
    return re.compile(kind.author_id, re.ASCII) if kind is not None and kind.author_id else None


def engagement_of(source: str) -> str:
    """Return what the numbers of a single post are, on its source: `points on reddit`."""
    kind = SOURCES.get(source)
    return f"{kind.engagement if kind is not None else 'engagement'} on {source}"
