"""What is said of a trend in one line, on screens, in alerts and in briefs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from trendspark_cli.kinds.sources import engagement_of
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, PostStory, TopicStory

LEAST_AGE = timedelta(minutes=1)  # of a post, as it is said


def why(trend: AnyTrend) -> str:
    """Return in one line why a trend is one: counts, authors, what was expected."""
    match trend.story:
        case PostStory() as story:
            return (
                f"{post_counts(story, trend.age_when_seen)}; {story.enough:,.0f} would have been enough, "
                f"score {trend.score:.1f}; {engagement_of(story.source)}"
            )
        case TopicStory() as story:
            surprisal = story.evidence[0].surprisal if story.evidence else trend.score
            return (
                f"{story.observed:.0f} posts by {story.authors} authors in {window_text(story.window)}, "
                f"{story.expected:.2f} expected, -log10 p {surprisal:.1f}, score {trend.score:.1f}; "
                f"first seen {trend.first_seen:%H:%M}Z; {sources_text(story.sources)}"
            )


def post_counts(story: PostStory, age: timedelta) -> str:
    """Return what is expected of a single post, and what is usual; *age* is how old it was when it was last seen."""
    whose = "this author's usual is" if story.usual_posts >= 1 else "usual here is"
    return (
        f"{story.forecast:,.0f} expected, {whose} {story.usual:,.0f}; "
        f"{story.engagement:,.0f} so far, {window_text(max(LEAST_AGE, age))} after it was posted"
    )


def sources_text(sources: Mapping[str, int]) -> str:
    """Return posts by source in words: `x 12, reddit 3`."""
    return ", ".join(f"{name} {count}" for name, count in sources.items())


def window_text(window: timedelta) -> str:
    """Return a window as `15 min` or `4 h`."""
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    return f"{window // minute} min" if window < hour else f"{window // hour} h"
