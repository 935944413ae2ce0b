"""`backtest` as it is printed: a line for each tick or observation, or a summary of what would have fired."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.backtests.past_counters import Watched, archived_posts_and_observations, stored_observations
from trendspark_cli.backtests.past_posts import stored_posts
from trendspark_cli.backtests.post_lines import past_posts, tick_lines_of_posts
from trendspark_cli.backtests.simulating import Outcome, Question, SimulationPlan, simulate
from trendspark_cli.base.console import Output, row_progress
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.models import Post
from trendspark_cli.base.settings import Settings
from trendspark_cli.collecting.matching import Matcher
from trendspark_cli.ranking.past.post_simulation import FiredPost
from trendspark_cli.ranking.past.replay import ReplayPost
from trendspark_cli.screens.past_export import tell_outcome
from trendspark_cli.services.post_files.reading import PostFile
from trendspark_cli.store.protocol import Store
from trendspark_cli.trends.rank_rules import Experience, experience
from trendspark_cli.trends.watched_volumes import LookedFor


def print_lines(lines: Iterable[str]) -> int:
    """Print lines, each before the next one is asked for, until whoever reads has had enough; return the exit code."""
    try:
        for line in lines:
            sys.stdout.buffer.write(f"{line}\n".encode())
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except TrendSparkError as error:
        Output().failure(error, where="backtest", exit_code=error.exit_code)
        return error.exit_code
    return 0


def file_lines(path: str, interest: Sequence[str] = ()) -> Iterator[str]:
    """Yield a line for each tick of the posts of a file. Raises in the end when some of it could not be read.

    `interest`: names of what matters.
    """
    file = PostFile(path)
    yield from tick_lines_of_posts(_posts(file), path, interest)
    file.check()


def sum_up_file(path: str, asked: Question, settings: Settings, output: Output) -> int:
    """Print which topics of the posts of a file would have fired, and return the exit code."""
    try:
        plan = asked.plan(settings, Experience(), are_posts_forecast=False)
        end = None if plan.until is None else int(plan.until.timestamp())
        file = PostFile(path)
        posts = (post for post in past_posts(_posts(file), path) if end is None or post.row.created_at < end)
        tell_outcome(_simulated(posts, 0, plan, output), plan, output)
        file.check()
    except TrendSparkError as error:
        output.failure(error, where="backtest", exit_code=error.exit_code)
        return error.exit_code
    return 0


def _posts(file: PostFile) -> Iterator[Post]:
    return (post for page in file.pages() for post in page.posts)


def sum_up_database(store: Store, asked: Question, settings: Settings, output: Output, now: datetime) -> None:
    """Print what would have fired of the posts of the database, and of their counters."""
    plan = asked.plan(settings, experience(store))
    first, end = plan.read_from, plan.until or now
    posts = store.posts.count_between(int(first.timestamp()), int(end.timestamp()))
    outcome = _simulated(stored_posts(store, first, end), posts, plan, output, stored_observations(store, first, end))
    tell_outcome(with_names(outcome, store), plan, output)


def sum_up_archive(archive: ArchivedPosts, plan: SimulationPlan, output: Output, now: datetime) -> None:
    """Print what would have fired of archived posts, and of the counters that are in the same files."""
    posts = sum(part.rows for part in archive.manifests)
    ranked, watched = archived_posts_and_observations(archive, plan.read_from, plan.until or now)
    tell_outcome(_simulated(ranked, posts, plan, output, watched), plan, output)


def _simulated(
    posts: Iterable[ReplayPost], about: int, plan: SimulationPlan, output: Output, watched: Watched | None = None
) -> Outcome:
    """Rank *about* so many posts again."""
    with row_progress(output) as progress:
        progress.begin("posts", about)
        looked_for = LookedFor(plan.profiles, Matcher)
        has_lives = plan.export is not None
        return simulate(posts, plan.rules, plan.since, progress, watched, looked_for=looked_for, has_lives=has_lives)


def with_names(outcome: Outcome, store: Store) -> Outcome:
    """Return an outcome with the names of people who wrote single posts, where these are known."""
    stories = [fired.trend.story for some in outcome.fired_posts for fired in some]
    names = store.authors.names({(story.source, story.author) for story in stories if story.author is not None})

    def named(fired: FiredPost) -> FiredPost:
        story = fired.trend.story
        name = names.get((story.source, story.author or ""), story.author)
        return replace(fired, trend=replace(fired.trend, story=replace(story, author=name)))

    return replace(outcome, fired_posts=tuple(tuple(map(named, some)) for some in outcome.fired_posts))
