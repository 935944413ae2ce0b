"""The live demo: a minute of a public stream, and which words more people use now than some minutes ago. No key."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from trendspark_cli.app.adapters.opening import opening_of
from trendspark_cli.app.installation import Installation
from trendspark_cli.app.job_bodies import stream_body
from trendspark_cli.app.run import run
from trendspark_cli.app.with_store import read_only
from trendspark_cli.base.clock import duration_words, utc_now
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.demo.run import command_here, install
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.surprisal import NUMBERS, surprisal
from trendspark_cli.ranking.text.stop_words import STOP_WORDS
from trendspark_cli.ranking.text.words import is_telling, plain_words
from trendspark_cli.store.protocol import Store

NOW = timedelta(minutes=5)  # what is compared with the time before it
LEAST_BEFORE = timedelta(minutes=5)
LEAST_PEOPLE = 4  # who use a word now
MOST_WORDS = 8
LEAST_SCORE = 2.0  # -log10 of the chance of so many
OVERDISPERSION = 0.1  # words come in clumps
BATCH = 5000
PASSED_ON = ("BLUESKY_HOSTS", "BLUESKY_API_BASE_URL", "LANGUAGES", "HTTP_TIMEOUT")  # of the surroundings, when set
SETTINGS = {
    "BLUESKY_INGEST_ENABLED": "true",
    "BLUESKY_MODE": "all",
    "BLUESKY_FIRST_RUN_LOOKBACK": "20m",
    "LANGUAGES": "en",
}


class Rising(NamedTuple):
    """A word, how many people use it now, and how many did in as long a time before; None when nobody knows."""

    word: str
    people: int
    before: float | None
    score: float


class Heard(NamedTuple):
    """What was heard."""

    posts: int
    people: int
    span: timedelta
    rising: tuple[Rising, ...]


def run_live(
    folder: Path,
    *,
    seconds: int,
    given: Mapping[str, str],
    is_json: bool = False,
    is_verbose: bool = False,
    prefix: str = "",
) -> int:
    """Listen for so long with an installation in *folder*, say what rises, and return the exit code.

    *given* are settings of the surroundings, of which those of `PASSED_ON` are taken.
    """
    output = Output(is_json=is_json, is_verbose=is_verbose, is_terminal=sys.stdout.isatty())
    own = {**SETTINGS, **{name: given[name] for name in PASSED_ON if given.get(name)}}
    try:
        installation = install(folder, output, clock=utc_now, settings=own)
        kind = next(kind for kind in SOURCES.values() if kind.stream and kind.is_configured(installation.settings))
        told = str(load(kind.check)(opening_of(installation.settings, lambda call: None)))
    except TrendSparkError as error:
        output.failure(error, where="demo", exit_code=error.exit_code)
        return error.exit_code
    if not is_json:
        output.prose(f"{told}; listening for {seconds} s ...")
        sys.stdout.flush()
    quiet = replace(installation, output=Output(is_quiet=True, is_verbose=is_verbose))
    code = run(quiet, "stream", stream_body(max_runtime=timedelta(seconds=seconds)))
    if code:
        return code
    return read_only(installation, "demo", lambda store: _show(store, installation, folder, prefix))


def heard(posts: Iterable[PostRow]) -> Heard:
    """Return what posts say: how many of how many people, and the words that more of them use at the end."""
    found = list(posts)
    if not found:
        return Heard(0, 0, timedelta(0), ())
    end, begin = max(post.created_at for post in found), min(post.created_at for post in found)
    since = end - NOW.total_seconds()
    before_seconds = since - begin
    knows_before = before_seconds >= LEAST_BEFORE.total_seconds()
    now: dict[str, set[str]] = defaultdict(set)
    before: dict[str, set[tuple[int, str]]] = defaultdict(set)  # each person once in as long a time
    for post in found:
        slots_ago = int((since - post.created_at) // NOW.total_seconds())
        for word in set(plain_words(post.text).split()):
            if is_telling(word) and word not in STOP_WORDS and "/" not in word and not word.isdigit():
                if post.created_at >= since:
                    now[word].add(post.author or "")
                else:
                    before[word].add((slots_ago, post.author or ""))
    rising = []
    for word, people in now.items():
        if len(people) < LEAST_PEOPLE:
            continue
        usual = len(before[word]) * NOW.total_seconds() / before_seconds if knows_before else None
        if usual is not None and len(people) <= usual:
            continue
        score = surprisal(float(len(people)), max(usual, 0.5), OVERDISPERSION, NUMBERS) if usual is not None else 0.0
        if usual is not None and score < LEAST_SCORE:
            continue
        rising.append(Rising(word, len(people), usual, score))
    rising.sort(key=lambda one: (one.score, one.people, one.word), reverse=True)
    people_of_all = {post.author for post in found}
    return Heard(len(found), len(people_of_all), timedelta(seconds=end - begin), tuple(rising[:MOST_WORDS]))


def _all_posts(store: Store) -> Iterator[PostRow]:
    last, settled = 0, store.posts.settled_id()
    while batch := store.posts.arrived(last, settled, BATCH):
        yield from batch
        last = batch[-1].id


def _show(store: Store, installation: Installation, folder: Path, prefix: str) -> None:
    output, found = installation.output, heard(_all_posts(store))
    if output.is_json:
        rising = [
            {"word": one.word, "people_now": one.people, "people_before": one.before, "score": round(one.score, 2)}
            for one in found.rising
        ]
        seconds = math.floor(found.span.total_seconds())
        output.data({"posts": found.posts, "people": found.people, "span_seconds": seconds, "rising": rising})
        return
    languages = ", ".join(installation.settings.languages)
    output.prose(
        f"{found.posts} posts by {found.people} people in {duration_words(found.span)}, in {languages}: "
        "what more people say in the last 5 min than before"
    )
    rows = [
        (one.word, one.people, "not known yet" if one.before is None else f"{one.before:.1f}") for one in found.rising
    ]
    output.table(("word", "people now", "before, in 5 min"), rows, nothing="no word rises right now")
    output.prose("What is usual at this hour is known after a day of posts: from then on, what is not is a trend.")
    command = command_here(folder, prefix)
    output.line(f"go on     {command} stream")
    output.prose("or each quarter of an hour, from cron:")
    for job in ("ingest", "rank"):
        output.line(f"          {command} {job}")
