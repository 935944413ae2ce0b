"""What `scripts/eval` switches off is there to be switched off, and what parts share is what each would have found."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import ablation

from tests.ranking.streams import START_TICK, background, post, said
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_HOUR

HOURS = 44
PARTS = (
    ablation.WHOLE,
    "what a rush takes",
    "pairs of words",
    "unevenness",
    "hours of the words of a pair",
    "an author counts once",
    "copies of a text are one",
    "order by size",
    "window of 60 min",
    "dates and tags tell nothing",
)


def stream(folder: Path) -> Path:
    """A file of some days: everyday posts, a story, a date, one author's flood and a copied text."""
    everyday = background(START_TICK, HOURS * TICKS_PER_HOUR)
    late = START_TICK * TICK_SECONDS + (HOURS - 2) * 3600
    bursts = [
        *said("Quibbleton burning", 14, late),
        *said("Friday", 14, late),
        *said("Wobbleford", 14, late, authors=("one",)),
        *[post("buy the Zanthor lamp", late + 30 * number, f"shop{number}") for number in range(8)],
    ]
    rows = sorted([*everyday, *bursts], key=lambda row: row.created_at)
    target = folder / "posts.ndjson.gz"
    with gzip.open(target, "wt", encoding="utf-8") as file:
        for number, row in enumerate(rows):
            at = datetime.fromtimestamp(row.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            line = {"id": f"p{number}", "source": row.source, "created_at": at, "author": row.author, "text": row.text}
            file.write(json.dumps({**line, "community": row.community or None}) + "\n")
    return target


def test_each_part_of_the_ranking_that_is_switched_off_has_its_name() -> None:
    gone = [
        (part, name)
        for part, switches in ablation.PARTS.items()
        for module, name, _ in switches
        if not hasattr(module, name)
    ]
    assert len(ablation.PARTS) > 15
    assert gone == []


def test_parts_that_are_ranked_together_find_what_each_finds_alone(tmp_path: Path) -> None:
    posts, since = stream(tmp_path), datetime.fromtimestamp(START_TICK * TICK_SECONDS + (HOURS - 3) * 3600, UTC)

    def ranked(name: str, parts: tuple[str, ...]) -> dict[str, str]:
        files = {part: tmp_path / f"{name}-{ablation.steps_left_alone(part)}-{len(part)}" for part in parts}
        ablation.rank_without_each(posts, since, lambda part: files[part], parts)
        return {part: file.read_text(encoding="utf-8") for part, file in files.items()}

    together = ranked("together", PARTS)
    alone = {part: lines for part in PARTS for lines in ranked("alone", (part,)).values()}

    assert together == alone
    assert len(set(together.values())) > len(PARTS) / 2, "parts that change nothing here show nothing"
    assert {ablation.steps_left_alone(part) for part in PARTS} == {0, 1, 2, 3}
