"""What ranking reads of a post: its text, and the links beside it."""

import re
from collections.abc import Sequence

from trendspark_cli.ranking.text.words import LONGEST_TEXT

LONGEST_RANKED_LINK = 220  # characters; a longer one is no term
_REPOST = re.compile(r"rt @", re.IGNORECASE)


def linked_text(text: str, links: Sequence[str]) -> str:
    """Return a text with the links that are not in it: before it, since of long texts the end is not read.

    They follow a text that tells of a repost, since that must come first to be known. Of a text, 2,000 characters are
    read. The queries of the store make the same of the same post.
    """
    beside = [link for link in sorted(links) if len(link) <= LONGEST_RANKED_LINK and link not in text] if links else []
    if not beside:
        return text[:LONGEST_TEXT]
    if _REPOST.match(text):
        return "\n".join([text[:LONGEST_TEXT], *beside])
    return "\n".join([*beside, text[:LONGEST_TEXT]])
