"""Interest in `scripts/eval`: what names and marks change of recall and of the share of alerts that were wanted.

Each split is ranked once, with the posts of each topic kept, and then ordered again and again by what a name or a mark
would have done at each tick, through the classes of `rank` and `backtest --interest`. Names are those of one operator,
who cares about news. Marks are made of the alerts of the *other* split at four a day: good is what is of a listed
event, one in ten is wrong; shuffled marks stand beside them. A split of 90 days or more is also marked by itself, in
its first 60 days, and scored after them.
"""

from __future__ import annotations

import gzip
import json
import random
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from trendspark_cli.backtests.post_lines import past_posts
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.bursts.thresholds import SURE
from trendspark_cli.ranking.interest.judging import moved
from trendspark_cli.ranking.interest.marks import DatedMark, Mark
from trendspark_cli.ranking.interest.post_words import place_of
from trendspark_cli.ranking.interest.subjects import Subject
from trendspark_cli.ranking.interest.vectors import Vectors
from trendspark_cli.ranking.past.past_interest import PastInterest, PastVectors
from trendspark_cli.ranking.past.replay import Replay
from trendspark_cli.ranking.past.tick_reports import line_of, report_ticks
from trendspark_cli.services.post_files.reading import PostFile

NAMES = {"`r/news`": ("r/news",), "five words": ("police killed court president government",)}
MARKS = (20, 60, 120, 240)
SEEDS = (1, 2, 3)
WRONG = 0.1
MARKED_A_DAY = 4
RATES = (1, 2, 4, 8)
HORIZONS = {"1 h": 60, "3 h": 180, "24 h": 1440}  # minutes
SAME_STORY = 12 * 3600  # seconds
EARLY, LATE = 900, 86400
RESAMPLES = 2000
MARKED_DAYS, LEAST_DAYS = 60, 90
KEPT_FROM = SURE - 2.0  # scores of topics whose posts are kept


class Seen(NamedTuple):
    """A topic at one tick."""

    terms: tuple[str, ...]
    score: float
    subject: Subject


@dataclass
class Ranked:
    """A split as it was ranked: the topics of each tick, and what was learned of the posts until then."""

    scorer: ModuleType
    events: list[dict[str, Any]]
    since: int
    ticks: list[tuple[int, list[Seen]]]
    vectors: list[tuple[int, Vectors]]  # from when on each counts

    def starts(self) -> list[int]:
        """Return when each event began."""
        return [self.scorer.epoch(event["start"]) for event in self.events]


def keep_topics(posts: Path, target: Path) -> Path:
    """Rank posts once and keep the ids of each topic's posts; return the file of its lines."""
    if not target.exists():
        unfinished, file, replayed = target.with_suffix(".unfinished"), PostFile(str(posts)), Replay()
        rows = past_posts((post for page in file.pages() for post in page.posts), str(posts))
        with unfinished.open("w", encoding="utf-8") as lines:
            for end, reported in report_ticks(rows, replayed):
                line = json.loads(line_of(end, reported, replayed.posts))
                for trend, one in zip(line["trends"], reported, strict=True):
                    if one.topic.score >= KEPT_FROM:
                        trend["all"] = [replayed.posts[number].name for number in one.topic.post_ids]
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        unfinished.rename(target)
    return target


def read_ranked(scorer: ModuleType, posts: Path, events: Path, lines: Path) -> Ranked:
    """Return a split with what could be learned at each day of it."""
    asked = json.loads(events.read_text(encoding="utf-8"))
    places: dict[str, str] = {}
    learning, vectors = PastVectors(), list[tuple[int, Vectors]]()
    for end, rows in _rows_by_tick(scorer, posts, places):
        learning.advance(end, rows)
        if learning.vectors is not None and (not vectors or vectors[-1][1] is not learning.vectors):
            vectors.append((end, learning.vectors))
    ticks = []
    with lines.open(encoding="utf-8") as file:
        for line in map(json.loads, file):
            seen = [_seen(trend, places) for trend in line["trends"]]
            ticks.append((scorer.epoch(line["tick"]), seen))
    return Ranked(scorer, asked["events"], scorer.epoch(asked["score_from"]), ticks, vectors)


def _rows_by_tick(scorer: ModuleType, posts: Path, places: dict[str, str]) -> Iterator[tuple[int, list[PostRow]]]:
    """Yield the posts of each tick that has any, with its end; note where each post is."""
    tick, rows = 0, list[PostRow]()
    with gzip.open(posts, "rt", encoding="utf-8") as lines:
        for number, post in enumerate(map(json.loads, lines)):
            at = scorer.epoch(post["created_at"])
            if at // TICK_SECONDS != tick:
                yield (tick + 1) * TICK_SECONDS, rows
                tick, rows = at // TICK_SECONDS, []
            rows.append(PostRow(number, post["source"], post["author"], post["community"], at, post["text"], ""))
            if post["community"]:
                places[post["id"]] = place_of(post["source"], post["community"])


def _seen(trend: dict[str, Any], places: dict[str, str]) -> Seen:
    communities = Counter(places[post] for post in trend.get("all", ()) if post in places)
    return Seen(tuple(trend["terms"]), trend["score"], Subject(communities, tuple(trend["terms"])))


@dataclass
class Story:
    """Topics of successive ticks that share a term: one alert, however often it is seen."""

    largest: float = 0.0
    last: int = 0
    heights: list[tuple[int, float, Subject]] = field(default_factory=list)  # each new one
    is_wanted: bool = False


def ordered(ranked: Ranked, names: Sequence[str], marks: Sequence[Mark] = ()) -> Iterator[tuple[int, list[Seen]]]:
    """Yield each tick with its topics' scores moved by what was named and marked, as `backtest --interest` does."""
    interest = PastInterest((tuple(names),) if names else (), [DatedMark(0, mark) for mark in marks])
    stories, living, coming = 0, dict[str, tuple[int, int]](), list(ranked.vectors)
    vectors: Vectors | None = None
    for end, topics in ranked.ticks:
        while coming and coming[0][0] <= end:
            vectors = coming.pop(0)[1]
        result = []
        for topic in topics:
            if topic.score < SURE:
                result.append(topic)
                continue
            points = interest.pull(vectors, end, topic.subject).points
            result.append(topic._replace(score=moved(topic.score, points)))
        for topic in topics:
            if topic.score < SURE:
                continue
            found = (living[term] for term in topic.terms[:3] if term in living and end - living[term][1] <= SAME_STORY)
            number = next((number for number, _ in found), None)
            if number is None:
                stories += 1
                number = stories
            interest.know(number, end, topic.subject)
            living.update(dict.fromkeys(topic.terms[:3], (number, end)))
        yield end, result


class Outcome(NamedTuple):
    """For each rate and horizon the chance that each event is found; for each rate the share of alerts of an event."""

    found: dict[tuple[int, str], list[float]]
    wanted: dict[int, float]


def outcome_of(ranked: Ranked, ticks: Iterator[tuple[int, list[Seen]]]) -> Outcome:
    """Return what is found at equal alerts a day, by the rules of compare_topics.py."""
    stories, matches, last = read_stories(ranked, ticks, ranked.since)
    days = (last - ranked.since) / 86400
    largest = sorted((story.largest for story in stories), reverse=True)
    found: dict[tuple[int, str], list[float]] = {}
    wanted: dict[int, float] = {}
    for rate in RATES:
        threshold = largest[min(len(largest) - 1, int(rate * days))]
        above, tied = sum(one > threshold for one in largest), sum(one == threshold for one in largest)
        share = max(0.0, min(1.0, (rate * days - above) / tied))
        for name, minutes in HORIZONS.items():
            found[rate, name] = [
                _chance(match, start, threshold, share, minutes * 60)
                for match, start in zip(matches, ranked.starts(), strict=True)
            ]
        counted = [(story.largest > threshold) + share * (story.largest == threshold) for story in stories]
        wanted[rate] = sum(one for one, story in zip(counted, stories, strict=True) if story.is_wanted) / sum(counted)
    return Outcome(found, wanted)


def read_stories(
    ranked: Ranked, ticks: Iterator[tuple[int, list[Seen]]], since: int
) -> tuple[list[Story], list[list[tuple[int, float, int]]], int]:
    """Return the stories after a time, (time, score, story) of what is of each event, and the last tick."""
    stories, living, last = list[Story](), dict[str, Story](), since
    numbers: dict[int, int] = {}
    starts, matches = ranked.starts(), [list[tuple[int, float, int]]() for _ in ranked.events]
    for end, topics in ticks:
        if end <= since:
            continue
        last = end
        near = [number for number, start in enumerate(starts) if start - EARLY < end <= start + LATE]
        for topic in sorted(topics, key=lambda one: -one.score)[:10]:
            known = (living[term] for term in topic.terms[:3] if term in living)
            story = next((one for one in known if end - one.last <= SAME_STORY), None)
            if story is None:
                story = Story()
                numbers[id(story)] = len(stories)
                stories.append(story)
            story.last = end
            if topic.score > story.largest:
                story.largest = topic.score
                story.heights.append((end, topic.score, topic.subject))
            living.update(dict.fromkeys(topic.terms[:3], story))
            for number in near:
                if ranked.scorer.hit(topic.terms, ranked.events[number]["keywords"]):
                    matches[number].append((end, topic.score, numbers[id(story)]))
                    story.is_wanted = True
    return stories, matches, last


def _chance(match: Sequence[tuple[int, float, int]], start: int, threshold: float, share: float, within: int) -> float:
    """Return the chance that an event is found in time when tied stories share what is left of the alerts."""
    in_time = [(score, story) for at, score, story in match if at - start <= within]
    if any(score > threshold for score, _ in in_time):
        return 1.0
    tied = {story for score, story in in_time if score == threshold}
    return float(1.0 - (1.0 - share) ** len(tied))


def marks_of(ranked: Ranked, until: int | None = None) -> list[Mark]:
    """Return the alerts of a split, or of its ticks until a time, at four a day, oldest first.

    Good are those of a listed event.
    """
    since = ranked.ticks[0][0] + 3 * 86400
    stories, _, last = read_stories(ranked, (tick for tick in ranked.ticks if until is None or tick[0] <= until), since)
    largest = sorted((story.largest for story in stories), reverse=True)
    threshold = largest[min(len(largest) - 1, int(MARKED_A_DAY * (last - since) / 86400))]
    found = [
        (*next(height for height in story.heights if height[1] >= threshold), story.is_wanted)
        for story in stories
        if story.largest >= threshold
    ]
    return [Mark(subject, wanted) for _, _, subject, wanted in sorted(found, key=lambda one: one[0])]


def spoilt(marks: Sequence[Mark], seed: int, *, is_shuffled: bool) -> list[Mark]:
    """Return marks of which one in ten is wrong, or all of which are of other topics."""
    chance = random.Random(seed)
    said = [mark.is_good != (chance.random() < WRONG) for mark in marks]
    if is_shuffled:
        chance.shuffle(said)
    return [mark._replace(is_good=good) for mark, good in zip(marks, said, strict=True)]


def interest_tables(
    scorer: ModuleType, splits: Sequence[str], data: Path, work: Path, named: Sequence[str] = ()
) -> list[str]:
    """Return the tables of names and of marks; `named`: other names than those of the table."""
    chosen = {", ".join(named): tuple(named)} if named else NAMES
    ranked = {}
    for split in splits:
        posts = data / f"{split}_posts.ndjson.gz"
        lines = keep_topics(posts, work / f"{split}.topics.out")
        ranked[split] = read_ranked(scorer, posts, data / f"{split}_events.json", lines)
    tables: list[str] = []
    plain = {split: outcome_of(one, iter(one.ticks)) for split, one in ranked.items()}
    for split, one in ranked.items():
        rows = {name: [outcome_of(one, ordered(one, names))] for name, names in chosen.items()}
        tables += ["", *_table(f"{split}, named", plain[split], rows)]
    for split, other in zip(splits, reversed(splits), strict=True):
        if split != other:
            rows = _marked(ranked[split], marks_of(ranked[other]))
            tables += ["", *_table(f"{split}, marks of {other}", plain[split], rows)]
    for split, one in ranked.items():
        if one.ticks[-1][0] - one.since >= LEAST_DAYS * 86400:
            later = after(one, one.ticks[0][0] + MARKED_DAYS * 86400)
            rows = _marked(later, marks_of(one, later.since))
            what = f"{split}, its {len(later.events)} events after {MARKED_DAYS} days of marks"
            tables += ["", *_table(what, outcome_of(later, iter(later.ticks)), rows)]
    return tables


def after(ranked: Ranked, since: int) -> Ranked:
    """Return a split of which only what comes after a time is scored."""
    events = [event for event in ranked.events if ranked.scorer.epoch(event["start"]) >= since]
    return replace(ranked, events=events, since=since)


def _marked(ranked: Ranked, marks: Sequence[Mark]) -> dict[str, list[Outcome]]:
    """Return the outcomes under more and more marks, of which some or none are wrong, and under shuffled ones."""
    numbers = [number for number in MARKS if number < len(marks)] + [len(marks)]

    def under(number: int, *, is_shuffled: bool) -> list[Outcome]:
        return [
            outcome_of(ranked, ordered(ranked, (), spoilt(marks[:number], seed, is_shuffled=is_shuffled)))
            for seed in SEEDS
        ]

    rows = {f"{number} marks": under(number, is_shuffled=False) for number in numbers}
    rows |= {f"{number}, none wrong": [outcome_of(ranked, ordered(ranked, (), marks[:number]))] for number in numbers}
    return rows | {f"{number} shuffled": under(number, is_shuffled=True) for number in numbers}


def _table(what: str, plain: Outcome, rows: dict[str, list[Outcome]]) -> list[str]:
    """Return recall and wanted share, and under each row the difference to no interest with its 90 % interval."""
    heads = [f"{what}: within 1 h / 3 h / 24 h, share wanted", *(f"{rate} a day" for rate in RATES)]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " --- |" * len(RATES)]
    lines.append(_line("none", [plain]))
    for name, outcomes in rows.items():
        lines.append(_line(name, outcomes))
        for horizon in HORIZONS:
            cells = [_difference(plain, outcomes, rate, horizon) for rate in RATES]
            lines.append(f"| {horizon}, {name} less none | " + " | ".join(cells) + " |")
    return lines


def _line(name: str, outcomes: Sequence[Outcome]) -> str:
    cells = []
    for rate in RATES:
        recall = "/".join(
            f"{statistics.mean(statistics.mean(one.found[rate, horizon]) for one in outcomes):.2f}"
            for horizon in HORIZONS
        )
        wanted = statistics.mean(one.wanted[rate] for one in outcomes)
        cells.append(f"{recall}, {wanted:.2f}")
    return f"| {name} | " + " | ".join(cells) + " |"


def _difference(plain: Outcome, outcomes: Sequence[Outcome], rate: int, horizon: str) -> str:
    """Return the paired difference over events, resampled."""
    of_events = [
        statistics.mean(values) - before
        for *values, before in zip(
            *(one.found[rate, horizon] for one in outcomes), plain.found[rate, horizon], strict=True
        )
    ]
    chance = random.Random(1)
    sums = sorted(statistics.mean(chance.choices(of_events, k=len(of_events))) for _ in range(RESAMPLES))
    return f"{statistics.mean(of_events):+.2f} [{sums[RESAMPLES // 20]:+.2f}, {sums[-RESAMPLES // 20]:+.2f}]"
