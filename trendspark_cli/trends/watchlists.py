"""Whether a trend is about a term that somebody watches."""

from __future__ import annotations

from collections.abc import Collection

from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.ranking.text.words import plain_words


def is_watched(trend: AnyTrend, watchlist: Collection[str]) -> bool:
    """Tell whether a trend's label or one of its terms holds a term of *watchlist*, as whole words."""
    wanted = [words for term in watchlist if (words := plain_words(term))]
    if not wanted:
        return False
    texts = [f" {plain_words(text)} " for text in (trend.label, *trend.story.terms)]
    return any(f" {term} " in text for term in wanted for text in texts)
