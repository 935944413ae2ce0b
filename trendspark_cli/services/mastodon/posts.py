"""A post of Mastodon as its statuses tell it: in files of them, and in timelines.

The same post has another `id` on every server, so its `uri` is what names it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.links import links_in, links_of
from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_text, is_placeholder
from trendspark_cli.services.field_values import JsonObject, counter, identifier, moment, text_or_none
from trendspark_cli.services.post_files.json_values import members


def post_of(status: JsonObject, place: str) -> Post | Rejection:
    """Return the post of a status, or why there is none."""
    name, content = status.get("uri") or status.get("url"), status.get("content")
    if name is None or status.get("created_at") is None or not isinstance(content, str):
        return Rejection("missing_field", place)
    source_id = identifier(name)
    if source_id is None:
        return Rejection("bad_id", place)
    warning = status.get("spoiler_text")
    from trendspark_cli.services.html_texts import text_of_html  # here, so that other files start without a parser

    text = text_of_html(content)
    if isinstance(warning, str) and warning:
        text = f"{warning}\n\n{text}" if text else warning
    if is_placeholder(text):
        return Rejection("placeholder", place)
    try:
        created_at = moment(status["created_at"])
        edited = status.get("edited_at")
        version = int(from_text(moment(edited)).timestamp()) if edited else 0
    except (ValueError, OverflowError, OSError):
        return Rejection("bad_time", place)
    try:
        likes, replies = counter(status.get("favourites_count")), counter(status.get("replies_count"))
        reposts, quotes = counter(status.get("reblogs_count")), counter(status.get("quotes_count"))
    except ValueError:
        return Rejection("bad_counter", place)
    url, lang = status.get("url"), status.get("language")
    return Post(
        source="mastodon",
        source_id=source_id,
        author=_author(members(status.get("account"))),
        community=None,
        text=clean_text(text),
        url=clean_text(url) if isinstance(url, str) and url else source_id,
        lang=clean_text(lang) or None if isinstance(lang, str) else None,
        created_at=created_at,
        likes=likes,
        replies=replies,
        reposts=reposts,
        quotes=quotes,
        views=None,
        edits=version,
        observed_at=None,
        links=links_of((members(status.get("card")).get("url"), *links_in(text))),
    )


def _author(account: JsonObject) -> str | None:
    """Return an account as `name@host`; an account of the server that was asked is given without its host."""
    try:
        name = text_or_none(account.get("acct"))
    except ValueError:
        return None
    url = account.get("url") or account.get("uri")
    if name is None or "@" in name or not isinstance(url, str):
        return name
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return name
    return f"{name}@{clean_text(host)}" if host else name
