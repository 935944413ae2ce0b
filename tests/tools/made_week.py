"""A week of trends as an operator might have had it: topics that rose and fell, single posts, what people said."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.builders import post, post_trend, topic_trend
from trendspark_cli.base.clock import to_text
from trendspark_cli.ranking.bursts.term_evidence import TermEvidence
from trendspark_cli.ranking.lifecycle.trends import TopicTrend, TrendState
from trendspark_cli.store.rows.trend_history import TrendCount
from trendspark_cli.store.rows.trends import TrendBrief
from trendspark_cli.store.sqlite.store import SqliteStore
from trendspark_cli.trends.verdicts import keep_verdict

TICK = timedelta(minutes=15)


@dataclass(frozen=True)
class Told:
    """A story of the week: when it began (hours before now), how long it went on, how many posts at its height."""

    label: str
    terms: tuple[str, ...]
    began: float
    hours: float
    height: int
    sources: tuple[str, ...]
    communities: tuple[str, ...]
    texts: tuple[str, ...]
    usual: float = 0.2


STORIES = (
    Told(
        "Harbour Bridge",
        ("Harbour Bridge", "closed", "crane", "tailback", "northbound"),
        3.4,
        99,
        19,
        ("x", "reddit", "bluesky"),
        ("cityscience", "harbourtown", "commuting"),
        (
            "Harbour Bridge closed in both directions, a crane has hit the northern pylon. Avoid the area.",
            "Stuck on the Harbour Bridge approach for fifty minutes now, nobody tells us anything",
            "Drone picture of the crane on the Harbour Bridge: the arm is through the railing",
        ),
        0.6,
    ),
    Told(
        "северное сияние",
        ("северное сияние", "сияние", "мурманск"),
        2.1,
        99,
        8,
        ("x",),
        (),
        ("Северное сияние над Мурманском прямо сейчас, выходите смотреть!", "Такого сияния не было лет десять"),
    ),
    Told(
        "ferry strike",
        ("ferry strike", "union", "picket", "Kattegat"),
        26,
        14,
        24,
        ("x", "reddit", "hackernews"),
        ("ferries", "scandinavia"),
        (
            "The ferry strike begins at six tomorrow, says the union; all Kattegat lines",
            "Picket line at pier 4 this morning. Ferry strike holds.",
            "Anybody know whether the ferry strike hits the night boats too?",
        ),
        1.8,
    ),
    Told(
        "tap water",
        ("tap water", "boil", "chlorine", "district 9"),
        52,
        9,
        31,
        ("reddit", "x"),
        ("harbourtown", "askscience"),
        (
            "Boil your tap water in district 9 until further notice, the works have found coliforms",
            "Tap water smells of chlorine like a swimming pool. Is that the boil notice?",
            "They are handing out bottled water at the sports hall",
        ),
        2.4,
    ),
    Told(
        "libfoo 4.2",
        ("libfoo 4.2", "regression", "segfault", "rollback"),
        75,
        20,
        12,
        ("hackernews", "bluesky", "x"),
        (),
        (
            "libfoo 4.2 segfaults on every second start with more than 64 cores",
            "Rolled back to libfoo 4.1 across the fleet, pages stopped",
            "The regression in libfoo 4.2 is a one-line fix, release tonight",
        ),
    ),
    Told(
        "night market",
        ("night market", "lanterns", "old town"),
        99,
        7,
        14,
        ("x", "bluesky"),
        (),
        ("The night market is back, three streets of lanterns in the old town", "Night market dumplings!"),
        3.2,
    ),
    Told(
        "power cut",
        ("power cut", "substation", "dark"),
        121,
        4,
        38,
        ("x", "reddit", "bluesky"),
        ("harbourtown", "electricians"),
        (
            "Power cut from the station to the university, all dark here",
            "Substation fire behind the stadium, that explains the power cut",
            "Power is back in the west after 70 minutes",
        ),
        0.9,
    ),
    Told(
        "marathon route",
        ("marathon route", "ring road", "runners"),
        146,
        11,
        17,
        ("x", "reddit"),
        ("running", "harbourtown"),
        ("New marathon route avoids the ring road, runners are not amused", "The marathon route map is out"),
        4.1,
    ),
)


def fill_week(store: SqliteStore, now: datetime, *, times: int = 1) -> None:
    """Give a database the stories of a week, *times* over; call inside a transaction."""
    chance = random.Random(7)
    for turn in range(times):
        for number, story in enumerate(STORIES):
            label = story.label if turn == 0 else f"{story.label} {turn}"
            terms = story.terms if turn == 0 else (label, *story.terms[1:])
            shifted = replace(story, label=label, terms=terms, began=story.began + turn * 0.013)
            save_topic(store, now, shifted, f"{turn}-{number}", chance)
        save_single(store, now, turn)


def save_topic(store: SqliteStore, now: datetime, story: Told, name: str, chance: random.Random) -> TopicTrend:
    """Store one story: its posts, its trend, its curve; some have a brief, some a mark."""
    began = now - timedelta(hours=story.began)
    began = began.replace(minute=began.minute // 15 * 15, second=11, microsecond=0)
    over = min(now, began + timedelta(hours=story.hours))
    is_open = over == now
    posts = [
        post(
            f"{name}-{place}",
            source=story.sources[place % len(story.sources)],
            text=text,
            author=f"t2_{name}{place}",
            community=story.communities[place % len(story.communities)] if story.communities else None,
            url=f"https://{story.sources[place % len(story.sources)]}.example/posts/{name}-{place}",
            created_at=to_text(began + place * timedelta(minutes=4)),
        )
        for place, text in enumerate(story.texts)
    ]
    store.posts.save(posts, now)
    ids = [found.id for one in posts if (found := store.posts.find(one.source, one.source_id)) is not None]
    counts, peak, total = curve(story, began, over, chance), 0, 0
    by_tick: dict[str, int] = {}
    for count in counts:
        total += count.posts
        by_tick[count.tick] = by_tick.get(count.tick, 0) + count.posts
    ticks = list(by_tick.values())
    peak = max(sum(ticks[start : start + 8]) for start in range(len(ticks)))
    sources = {source: sum(c.posts for c in counts if c.source == source) for source in story.sources}
    shown = {source: max(1, round(posts * peak / max(1, total))) for source, posts in sources.items()}
    evidence = tuple(
        TermEvidence(term, 9.0 - place, 20.0, 0.4, 7200, max(2, peak - 5 * place), 3.0, 1.2, 1.0, 4)
        for place, term in enumerate(story.terms[:4])
    )
    trend = topic_trend(
        began,
        terms=story.terms,
        observed=peak * 0.9,
        expected=story.usual,
        window=timedelta(hours=2),
        authors=max(2, round(peak * 0.93)),
        sources=shown,
        post_ids=tuple(ids),
        example_ids=tuple(ids),
        evidence=evidence,
    )
    found_at = began + timedelta(minutes=19 + chance.randrange(20))
    trend = replace(
        trend,
        label=story.label,
        score=6.0 + math.log(peak) * 2,
        opened_at=began + timedelta(minutes=15),
        detected_at=found_at,
        peak_at=min(now, began + timedelta(hours=2)),
        last_strong_at=over,
        last_seen=over,
        state=TrendState.OPEN if is_open else TrendState.CLOSED,
        closed_at=None if is_open else over,
        posts_now=ticks[-1] + ticks[-2] if is_open else 0,
        posts_peak=peak,
        posts_total=total,
    )
    saved = store.trends.save(trend)
    store.trend_history.save_counts([count._replace(trend_id=saved.stored_id) for count in counts])
    store.connection.execute("UPDATE trends SET posts_total = ? WHERE id = ?", (total, saved.stored_id))
    if story.label == "Harbour Bridge":
        told = (
            "A crane struck the northern pylon; the bridge is closed both ways and traffic backs up to the ring road."
        )
        brief = TrendBrief(saved.stored_id, "Bridge closed", told, tuple(ids), "gpt-5-mini", 10.0, to_text(now))
        store.briefs.save(brief)
    if story.label in ("tap water", "night market"):
        verdict, note = ("good", "page one") if story.label == "tap water" else ("noise", "every autumn")
        keep_verdict(store, saved.stored_id, verdict, note, now - timedelta(hours=1), "desk")
    return saved


def curve(story: Told, began: datetime, over: datetime, chance: random.Random) -> list[TrendCount]:
    """Return a quick rise and a slow fall, in ticks and sources."""
    ticks = max(3, (over - began) // TICK)
    found = []
    for tick in range(ticks):
        level = story.height * (tick + 1) / 5 if tick < 4 else story.height * math.exp(-(tick - 4) / (ticks / 2.2))
        usual = story.usual / 8 * (1 + 0.5 * math.sin(tick / 9))
        at = to_text((began + tick * TICK).replace(second=0))
        for place, source in enumerate(story.sources):
            posts = round(level / (1.6 + place) * chance.uniform(0.6, 1.25))
            if posts:
                found.append(TrendCount(0, at, source, posts, max(1, posts - 1), usual / (place + 1)))
    return found


def save_single(store: SqliteStore, now: datetime, turn: int) -> None:
    """Store a single post that goes far."""
    began = now - timedelta(hours=5.2, seconds=turn)
    text = "My grandfather's radio was silent for forty years, today it plays again"
    source_id = f"radio-{turn}"
    store.posts.save(
        [
            post(
                source_id,
                source="reddit",
                text=text,
                author="t2_radio",
                community="radios",
                url="https://reddit.example/r/radios/1",
                created_at=to_text(began),
            )
        ],
        now,
    )
    found = store.posts.find("reddit", source_id)
    assert found is not None
    trend = post_trend(began)
    story = replace(
        trend.story, post_id=found.id, source="reddit", engagement=1150, comments=84, forecast=4925.0, usual=17.0
    )
    saved = store.trends.save(replace(trend, label=text, story=story, last_seen=now, score=8.0))
    at = to_text(began.replace(minute=began.minute // 15 * 15, second=0, microsecond=0))
    store.trend_history.save_counts([TrendCount(saved.stored_id, at, "reddit", 1, 1, None)])


def labels(stories: Sequence[Told] = STORIES) -> set[str]:
    """Return what they are called."""
    return {story.label for story in stories}
