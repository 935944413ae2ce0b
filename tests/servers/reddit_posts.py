"""Reddit submissions as the API's JSON."""

from __future__ import annotations

import zlib
from datetime import datetime

from .messages import JsonObject

BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
FIRST_ID = 36**6  # ids of 2026 have seven characters


def reddit_post(
    created_at: datetime,
    title: str,
    *,
    subreddit: str = "python",
    selftext: str = "",
    author: str = "some_author",
    post_id: str | None = None,
    score: int = 1,
    num_comments: int = 0,
    url: str | None = None,
    edited_at: datetime | None = None,
    over_18: bool = False,
) -> JsonObject:
    """Return a submission with the fields the real API answers.

    Give `url` for a link post and `selftext` for a text post. Without `post_id` (base36) it is
    derived from the time and the title, so that the same call always makes the same id.
    """
    created = created_at.timestamp()
    if post_id is None:
        post_id = base36(FIRST_ID + int(created) * 97 + zlib.crc32(title.encode()) % 97_000_000)
    permalink = f"/r/{subreddit}/comments/{post_id}/{_slug(title)}/"
    is_gone = author == "[deleted]"
    return {
        "approved_at_utc": None,
        "author": author,
        **({} if is_gone else {"author_fullname": f"t2_{base36(zlib.crc32(author.encode()))}"}),
        "banned_at_utc": None,
        "created": created,
        "created_utc": created,
        "domain": "example.com" if url else f"self.{subreddit}",
        "downs": 0,
        "edited": edited_at.timestamp() if edited_at else False,
        "hidden": False,
        "hide_score": False,
        "id": post_id,
        "is_robot_indexable": True,
        "is_self": url is None,
        "is_video": False,
        "likes": None,
        "link_flair_text": None,
        "locked": False,
        "media": None,
        "name": f"t3_{post_id}",
        "num_comments": num_comments,
        "num_crossposts": 0,
        "over_18": over_18,
        "permalink": permalink,
        "pinned": False,
        "removed_by_category": None,
        "score": score,
        "selftext": selftext,
        "selftext_html": None,
        "spoiler": False,
        "stickied": False,
        "subreddit": subreddit,
        "subreddit_id": f"t5_{base36(zlib.crc32(subreddit.lower().encode()))}",
        "subreddit_name_prefixed": f"r/{subreddit}",
        "thumbnail": "self",
        "title": title,
        "ups": score,
        "upvote_ratio": 0.9,
        "url": url or f"https://www.reddit.com{permalink}",
        "view_count": None,
    }


def deleted_by_author(post: JsonObject) -> JsonObject:
    """Return what a look-up shows of a post its author deleted."""
    remains = {name: value for name, value in post.items() if name != "author_fullname"}
    gone = {"author": "[deleted]", "selftext": "[deleted]", "removed_by_category": "deleted"}
    return {**remains, **gone, "is_robot_indexable": False}


def removed_by_moderator(post: JsonObject) -> JsonObject:
    """Return what a look-up shows of a post a moderator removed."""
    gone = {"selftext": "[removed]", "removed_by_category": "moderator"}
    return {**post, **gone, "is_robot_indexable": False}


def html_escaped(post: JsonObject) -> JsonObject:
    """Return the post as Reddit writes it without raw_json=1."""
    escaped = dict(post)
    for name in ("title", "selftext"):
        text = str(post[name])
        escaped[name] = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped


def base36(number: int) -> str:
    """Return *number* in Reddit's digits."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = BASE36[digit] + digits
    return digits or "0"


def _slug(title: str) -> str:
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in title.lower()).split()
    return "_".join(words)[:50] or "_"
