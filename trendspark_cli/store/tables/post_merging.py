"""What becomes of a stored post when it comes again: the same, in whatever order its versions and counters come."""

from __future__ import annotations

from typing import NamedTuple

from trendspark_cli.base.models import Post

_SECOND = 19  # characters of a time up to its second
_COUNTERS = ("likes", "replies", "reposts", "quotes", "views")


class Standing(NamedTuple):
    """What a later arrival may change of a stored post. `is_named`: its author is known by name only."""

    id: int
    source_id: str
    author: str | None
    community: str | None
    text: str
    url: str | None
    lang: str | None
    created_at: str
    likes: int | None
    replies: int | None
    reposts: int | None
    quotes: int | None
    views: int | None
    edits: int
    observed_at: str
    is_named: int

    @property
    def counters(self) -> tuple[int | None, ...]:
        """Return its counters."""
        return self[8:13]

    @property
    def version(self) -> tuple[int, str]:
        """Return what tells its versions apart."""
        return self.edits, self.text


def is_another(row: Standing, post: Post) -> bool:
    """Tell whether this is another post under the same id: of another second, with another text, and no version of it.

    Of a stand-in nothing is known for sure, and of an edited post not each form knows that it was.
    """
    return (
        row.edits == post.edits >= 0 and row.text != post.text and row.created_at[:_SECOND] != post.created_at[:_SECOND]
    )


def merged(row: Standing, post: Post, now: str) -> Standing:
    """Return a stored post after it came again at *now*.

    Its text is that of the last version, of which a longer text tells more: some forms cut it. What only one arrival
    tells is kept. An author's id is worth more than a name.
    """
    is_newer = (post.edits, len(post.text), post.text) > (row.edits, len(row.text), row.text)
    likes, replies, reposts, quotes, views, observed_at = _counters(row, post, now)
    gives_author = post.author is not None and (row.author is None or (bool(row.is_named) and not is_named(post)))
    first, second = (post, row) if is_newer else (row, post)
    return Standing(
        row.id,
        row.source_id,
        post.author if gives_author else row.author,
        row.community if row.community is not None else post.community,
        first.text,
        first.url if first.url is not None else second.url,
        first.lang if first.lang is not None else second.lang,
        post.created_at if row.edits < 0 <= post.edits else row.created_at,
        likes,
        replies,
        reposts,
        quotes,
        views,
        first.edits,
        observed_at,
        int(is_named(post)) if gives_author else row.is_named,
    )


def is_named(post: Post) -> bool:
    """Tell whether the author of a post that is being stored is a name of which no id is known."""
    return post.author is not None and post.author == post.author_name


def _counters(
    row: Standing, post: Post, now: str
) -> tuple[int | None, int | None, int | None, int | None, int | None, str]:
    """Return the counters that were read last, and when.

    At a stated time, else now, when it is of no earlier version: what an old version had was read before the edit. Of
    one moment nobody knows which is later, so the larger ones stay. A post without counters was never read.
    """
    read_at = post.observed_at or now
    told, known = post[8:13], row.counters
    if not any(count is not None for count in told):
        is_later = post.observed_at is not None and read_at > row.observed_at
    elif not any(count is not None for count in known):
        return (*told, read_at)
    elif post.observed_at is not None:
        is_later = read_at > row.observed_at
    else:
        is_later = post.edits > row.edits or (post.edits == row.edits and read_at > row.observed_at)
    pairs = zip(told, known, strict=True)
    if is_later:
        kept = [new if new is not None else old for new, old in pairs]
    elif read_at == row.observed_at and (post.observed_at is not None or post.edits == row.edits):
        kept = [
            max(new, old) if new is not None and old is not None else new if old is None else old for new, old in pairs
        ]
    else:
        kept = [old if old is not None else new for new, old in pairs]
    says_something = post.observed_at is not None or tuple(kept) != known
    return (*kept, max(read_at, row.observed_at) if is_later and says_something else row.observed_at)  # type: ignore[return-value]
