"""The labels of `scripts/eval`: of the dated events that are found, how many are called by their keyword.

Rules of the scorers: an event is found by the first topic over the threshold of so many alerts a day that has one of
its keywords, within a day; alerts are topics of successive ticks that share one of their first three terms.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from trendspark_cli.ranking.bursts.labels import LONGEST_LABEL, MOST_PARTS

ALERTS_A_DAY = 4
SAME_STORY = 12 * 3600  # seconds
EARLY, LATE = 900, 86400  # seconds around the start of an event
GOALS = "≥ 0.95 / ≥ 0.80"


@dataclass
class Alert:
    """A trend of successive ticks: its largest score, and (time, score, label, terms) of each new height."""

    largest: float
    last: int
    heights: list[tuple[int, float, str, Sequence[str]]]

    def at(self, threshold: float) -> tuple[int, float, str, Sequence[str]] | None:
        """Return when it first reached a threshold."""
        return next((height for height in self.heights if height[1] >= threshold), None)


def label_table(scorer: ModuleType, events: Path, lines: Path) -> list[str]:
    """Return the figures of one split as rows of a table."""
    asked: dict[str, Any] = json.loads(events.read_text(encoding="utf-8"))
    since = scorer.epoch(asked["score_from"])
    ticks = list(scorer.ticks(lines, since))
    alerts = _alerts(ticks)
    scores = sorted((alert.largest for alert in alerts), reverse=True)
    threshold = scores[min(len(scores) - 1, int(ALERTS_A_DAY * (ticks[-1][0] - since) / 86400))]
    found = list(_labels_of_events(scorer, asked["events"], ticks, threshold))
    named = sum(scorer.hit(label.split(", "), keywords) for label, keywords in found)
    first = sum(scorer.hit(label.split(", ")[:1], keywords) for label, keywords in found)
    shown = [height[2] for alert in alerts if (height := alert.at(threshold))]
    faulty = [label for label in shown if not is_well_formed(label)]
    shares = f"{named / len(found):.2f} / {first / len(found):.2f}"
    return [
        f"| label holds the keyword / its first part does, of {len(found)} events | {GOALS} | {shares} |",
        f"| of {len(shown)} labels, with a word twice or too long | 0 | {len(faulty)} |",
    ]


def is_well_formed(label: str) -> bool:
    """Tell whether a label has no word twice, and at most so many parts and characters."""
    words = Counter(label.lower().replace(",", " ").split())
    return max(words.values()) == 1 and len(label) <= LONGEST_LABEL and label.count(", ") < MOST_PARTS


def _alerts(ticks: Iterable[tuple[int, list[dict[str, Any]]]]) -> list[Alert]:
    alerts: list[Alert] = []
    living: dict[str, Alert] = {}
    for at, trends in ticks:
        for trend in trends:
            terms = trend["terms"][:3]
            known = (living[term] for term in terms if term in living and at - living[term].last <= SAME_STORY)
            alert = next(known, None)
            if alert is None:
                alert = Alert(0.0, at, [])
                alerts.append(alert)
            alert.last = at
            if trend["score"] > alert.largest:
                alert.largest = trend["score"]
                alert.heights.append((at, trend["score"], trend["label"], trend["terms"]))
            living.update(dict.fromkeys(terms, alert))
    return alerts


def _labels_of_events(
    scorer: ModuleType,
    events: Sequence[dict[str, Any]],
    ticks: Sequence[tuple[int, list[dict[str, Any]]]],
    threshold: float,
) -> Iterator[tuple[str, list[str]]]:
    """Yield the label of each event that is found, with its keywords."""
    for event in events:
        start = scorer.epoch(event["start"])
        around = (trends for at, trends in ticks if start - EARLY < at <= start + LATE)
        labels = (
            trend["label"]
            for trends in around
            for trend in trends
            if trend["score"] >= threshold and scorer.hit(trend["terms"], event["keywords"])
        )
        label = next(labels, None)
        if label is not None:
            yield label, event["keywords"]
