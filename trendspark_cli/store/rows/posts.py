"""Posts as they leave the store."""

from typing import NamedTuple

from trendspark_cli.store.rows.column_kinds import Gathered, GatheredTexts, Time, Word


class SharedLink(NamedTuple):
    """A page that posts lead to, and how many of them do."""

    url: str
    posts: int


class StoredPost(NamedTuple):
    """A post with all that is stored of it, live or archived. Counters are None when not told.

    With archived posts only come `metrics` (JSON: one object for each time its counters were read), `trend_ids` (JSON:
    the trends that rest on it) and `links` (the pages it leads to; None: not told, by files of release 0.1).
    """

    id: int
    source: Word
    source_id: str
    author: Word | None
    community: Word | None
    text: str
    url: str | None
    lang: Word | None
    created_at: Time
    likes: int | None
    replies: int | None
    reposts: int | None
    quotes: int | None
    views: int | None
    edits: int
    observed_at: Time
    collected_at: Time
    metrics: Gathered | None = None
    trend_ids: Gathered | None = None
    links: GatheredTexts | None = None

    @property
    def is_stand_in(self) -> bool:
        """Tell whether only reposts of it came: the text is the beginning they show, and no counter is known."""
        return self.edits < 0
