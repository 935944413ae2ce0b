"""Make an archive of years of invented posts, by the product's own writer: for measuring what history costs.

    scripts/past_archive.py URL --days 730 --posts-a-day 27400      URL as in ARCHIVE_URL; credentials from the settings

The same posts on each run, whatever the number of days: everything comes from the number of a day. Volume follows the
hours of a day, words follow Zipf's law, and every other day has a story of an hour and a half, some across midnight.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trendspark_cli.app.adapters.archives import archive_destinations
from trendspark_cli.archiving.destination import Destination
from trendspark_cli.archiving.manifests import manifest_key, part_key, write_manifest
from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.durable_files import sha256_of
from trendspark_cli.base.settings import load_settings
from trendspark_cli.store.rows.archived import POSTS
from trendspark_cli.store.rows.archives import Manifest
from trendspark_cli.store.rows.posts import StoredPost

FIRST = date(2024, 1, 1)
DAY_MS = 86_400_000
WORDS, SHORTEST_TEXT, LONGEST_TEXT = 30_000, 3, 9  # different words; words of a text
STORY_POSTS, STORY_MS = 70, 5_400_000
SHARES = {"x": 0.6, "reddit": 0.4}
COMMUNITIES = [f"community{number}" for number in range(40)]
ROWS_AT_ONCE = 10_000
COUNTED = 20  # one post of so many has counters, as where `refresh` has a budget
_SYLLABLES = (
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ka",
    "le",
    "mi",
    "no",
    "pu",
    "ra",
    "se",
    "ti",
    "vo",
    "zu",
    "an",
    "er",
    "os",
)
_Times = npt.NDArray[np.int64]


def invented_words(count: int, seed: int, syllables: int) -> list[str]:
    """Return so many different words that nobody uses."""
    chance, found = random.Random(seed), dict[str, None]()
    while len(found) < count:
        found["".join(chance.choices(_SYLLABLES, k=chance.randint(2, syllables)))] = None
    return list(found)


class Posts:
    """The posts of each day and source."""

    def __init__(self, a_day: int) -> None:
        self._a_day = a_day
        self._words = np.array(invented_words(WORDS, 1, 4), object)
        weights = 1.0 / (np.arange(WORDS) + 4.0)
        self._often = np.cumsum(weights) / weights.sum()
        hours = 1.0 + 0.6 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)  # busiest at 15:00 UTC
        self._until_hour = np.concatenate(([0.0], np.cumsum(hours) / hours.sum()))

    def of(self, day: int, source: str) -> Iterator[list[StoredPost]]:
        """Yield the posts of a day (a number) and source, in the order of time, some at a time."""
        chance = np.random.default_rng((day, len(source)))
        count = int(self._a_day * SHARES[source])
        times, texts = self._chatter(day, count, chance)
        if source == "x":
            for story in (day - 1, day):
                told, said = _story(story)
                is_today = told // DAY_MS == day
                times = np.concatenate((times, told[is_today]))
                texts += [text for text, here in zip(said, is_today.tolist(), strict=True) if here]
        order = np.argsort(times, kind="stable").tolist()
        likes = np.minimum(chance.pareto(1.1, len(order)) * 2, 50_000).astype(int).tolist()
        authors = np.minimum(chance.pareto(0.7, len(order)) * 40, 400_000).astype(int).tolist()
        created, seen, settled = (_texts(times + later) for later in (0, 300_000, 2 * DAY_MS))
        for start in range(0, len(order), ROWS_AT_ONCE):
            yield [
                _post(day, source, number, texts[n], (created[n], seen[n], settled[n]), authors[n], likes[n])
                for number, n in enumerate(order[start : start + ROWS_AT_ONCE], start)
            ]

    def _chatter(self, day: int, count: int, chance: np.random.Generator) -> tuple[_Times, list[str]]:
        of_day = np.interp(chance.random(count), self._until_hour, np.linspace(0, DAY_MS, 25)).astype(np.int64)
        words = self._words[np.searchsorted(self._often, chance.random(count * LONGEST_TEXT))]
        lengths = chance.integers(SHORTEST_TEXT, LONGEST_TEXT + 1, count).tolist()
        texts = [" ".join(words[n * LONGEST_TEXT : n * LONGEST_TEXT + length]) for n, length in enumerate(lengths)]
        return day * DAY_MS + np.minimum(of_day, DAY_MS - 1), texts


def _story(day: int) -> tuple[_Times, list[str]]:
    """Return when the posts of the story that begins on a day were made, and what they say; none on odd days."""
    if day % 2:
        return np.zeros(0, np.int64), []
    chance = np.random.default_rng((day, 7))
    name = " ".join(invented_words(2, day + 100, 7))
    rest = invented_words(3 * STORY_POSTS, day + 100_000, 3)
    begins = day * DAY_MS + (DAY_MS - STORY_MS // 2 if day % 10 == 0 else int(chance.integers(0, DAY_MS - STORY_MS)))
    texts = [f"{name} {' '.join(rest[3 * n : 3 * n + 3])}" for n in range(STORY_POSTS)]
    return begins + np.sort(chance.integers(0, STORY_MS, STORY_POSTS)), texts


def _texts(times: _Times) -> list[str]:
    found: list[str] = np.datetime_as_string(times.astype("datetime64[ms]"), unit="ms").tolist()
    return [f"{time}Z" for time in found]


def _post(
    day: int, source: str, number: int, text: str, times: tuple[str, str, str], author: int, likes: int
) -> StoredPost:
    """Return a post; one of COUNTED has counters, read when it came and two days later."""
    created, seen, settled = times
    is_counted = number % COUNTED == 0
    name = day * 1_000_000 + number
    early = {"observed_at": seen, "likes": likes // 10, "replies": 0, "reposts": 0, "quotes": 0, "views": likes * 5}
    return StoredPost(
        id=2 * name + (source == "x"),
        source=source,
        source_id=str(name),
        author=f"author{author}",
        community=None if source == "x" else COMMUNITIES[author % len(COMMUNITIES)],
        text=text,
        url=f"https://example.org/{source}/{name}",
        lang="en",
        created_at=created,
        likes=likes if is_counted else None,
        replies=likes // 20 if is_counted else None,
        reposts=likes // 10 if is_counted else None,
        quotes=0 if is_counted else None,
        views=likes * 50 if is_counted else None,
        edits=0,
        observed_at=settled if is_counted else seen,
        collected_at=seen,
        metrics=json.dumps([early]) if is_counted else None,
        links=(),
    )


def write_day(place: Destination, folder: Path, posts: Posts, day: int) -> int:
    """Write a day's files with their manifests, as `archive` leaves them, and return how many posts are in them."""
    date_of_day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date()
    written = 0
    for source in SHARES:
        part = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{source}/{day}"))
        form = POSTS.form(source)
        path = folder / "part"
        writer = FORMATS["parquet"].create(path, form)
        rows, times = 0, list[str]()
        for batch in posts.of(day, source):
            writer.write(batch)
            rows += len(batch)
            times += [batch[0].created_at, batch[-1].created_at]
        writer.close()
        manifest = Manifest(
            id=part,
            table_name=POSTS.name,
            source=source,
            day=f"{date_of_day}",
            format="parquet",
            url=place.url,
            key=part_key(form, f"{date_of_day}", part, "parquet"),
            state="done",
            created_at=to_text(datetime.combine(date_of_day, datetime.min.time(), UTC) + timedelta(days=45)),
            rows=rows,
            bytes=path.stat().st_size,
            sha256=sha256_of(path),
            min_time=times[0],
            max_time=times[-1],
        )
        place.put(manifest.key, path, str(manifest.sha256))
        write_manifest(manifest, folder / "manifest")
        place.put(manifest_key(part), folder / "manifest", sha256_of(folder / "manifest"))
        written += rows
    return written


def write_archive(place: Destination, days: int, posts_a_day: int) -> int:
    """Write so many days from FIRST on, and return how many posts they have."""
    posts = Posts(posts_a_day)
    first = (FIRST - date(1970, 1, 1)).days
    with tempfile.TemporaryDirectory(prefix="trendspark-") as folder:
        return sum(write_day(place, Path(folder), posts, first + number) for number in range(days))


def main() -> None:
    """Write the archive that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="where to: file:///FOLDER, which must be there, or s3://BUCKET/PREFIX")
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--posts-a-day", type=int, default=27_400)
    asked = parser.parse_args()
    place = archive_destinations(load_settings(), lambda call: None)(asked.url)
    print(f"{write_archive(place, asked.days, asked.posts_a_day):,} posts")


if __name__ == "__main__":
    main()
