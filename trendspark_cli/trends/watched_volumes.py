"""Whose volume is watched: each keyword, each profile of several, and each place that is read whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.volume_series import ROW_SECONDS, Known, Rows, rows_of
from trendspark_cli.store.rows.volumes import ReadQuery

MOST_WATCHED = 1_000  # series: beyond that, the first ones
MOST_TERMS = 12  # of a trend, as of topics
DAY = timedelta(days=1)
ARRIVAL_DELAY = timedelta(minutes=1)  # until a service finds a post that was made

log = logging.getLogger(__name__)


class Finder(Protocol):
    """What finds keywords in texts."""

    def wanting(self, text: str) -> set[int]:
        """Return the numbers of the profiles that want a text."""


class LookedFor(NamedTuple):
    """What profiles look for; `finder` makes what finds it, or raises ConfigError for what cannot be looked for."""

    profiles: Sequence[Profile]
    finder: Callable[[Sequence[Profile]], Finder]


class Watched(NamedTuple):
    """One thing that is watched. `related`: keys of those whose posts are partly the same.

    `is_place`: a query that is read whole; of other things posts are known by their words. `numbers`: of its keywords.
    """

    key: str
    name: str
    terms: tuple[str, ...]
    profiles: frozenset[str]
    numbers: frozenset[int] = frozenset()
    related: frozenset[str] = frozenset()
    place: tuple[str, str] | None = None

    @property
    def is_place(self) -> bool:
        """Tell whether it is a place, and no word."""
        return self.place is not None


class Coverage(NamedTuple):
    """Of which time all posts of a series are known, and what of it was counted in place of posts of sources *without*.

    `is_whole`: nothing that it rests on is left out, as what was not read for a day is.
    """

    known: Known
    counted: Rows
    without: frozenset[str]
    is_whole: bool


class WatchedVolumes:
    """What is watched under these profiles, and which posts are of what."""

    def __init__(self, looked_for: LookedFor | None, reads: Sequence[ReadQuery]) -> None:
        self._reads = reads
        self._finder: Finder | None = None
        words = _keywords(looked_for) if looked_for is not None else {}
        profiles = looked_for.profiles if looked_for is not None else ()
        self.all = [*_places(reads), *_of_words(profiles, words)][:MOST_WATCHED]
        self._by_number: dict[int, list[str]] = {}
        for one in self.all:
            for number in one.numbers:
                self._by_number.setdefault(number, []).append(one.key)
        self._places = [(*one.place, one.key) for one in self.all if one.place is not None]
        if looked_for is not None and words:
            self._finder = looked_for.finder([profile for profile, _ in words.values()])

    def of_post(self, post: PostRow) -> set[str]:
        """Return the keys of the series that a post belongs to."""
        found = {
            key
            for source, query, key in self._places
            if source == post.source and post.community and is_of(query, post.community)
        }
        if self._finder is not None:
            for number in self._finder.wanting(post.text):
                found.update(self._by_number.get(number, ()))
        return found

    def coverage(self, watched: Watched, now: datetime) -> Coverage | None:
        """Return of which time a series is known; None when nothing it rests on was read within a day."""
        live, counted, without, is_whole = [], Rows(), set[str](), True
        for read in self._rests_on(watched):
            if read.read_until > now + ARRIVAL_DELAY or read.read_until < now - DAY:
                is_whole = False
            elif read.counts is None:
                live.append(Known(_epoch(read.whole_since), _epoch(read.read_until - ARRIVAL_DELAY)))
            elif len(watched.numbers) == 1 and not self._is_alone(watched):
                without.add(read.source)  # the counts are of other words, too
                is_whole = False
            else:
                without.add(read.source)
                live.append(Known(_epoch(read.whole_since), _epoch(read.read_until)))
                for row, posts in rows_of(read.counts, read.source).items():
                    of_row = counted.setdefault(row, {})
                    of_row[read.source] = of_row.get(read.source, 0.0) + posts[read.source]
        live = [one for one in live if one.since <= one.until]
        if not live:
            return None
        known = Known(max(one.since for one in live), min(one.until for one in live) // ROW_SECONDS * ROW_SECONDS)
        return Coverage(known, counted, frozenset(without), is_whole)

    def _rests_on(self, watched: Watched) -> Iterator[ReadQuery]:
        for read in self._reads:
            if watched.place is not None:
                if (read.source, read.query) == watched.place:
                    yield read
            elif read.profile in watched.profiles or read.profile == DEFAULT:
                yield read

    def _is_alone(self, watched: Watched) -> bool:
        """Tell whether a keyword is the only one of its profiles, so that counts of their queries are its own."""
        return not watched.related


def is_of(query: str, community: str) -> bool:
    """Tell whether a community is what a query reads."""
    wanted = community.casefold()
    return query.casefold() == wanted or wanted in query.casefold().split("/")


def _keywords(looked_for: LookedFor) -> Mapping[str, tuple[Profile, int]]:
    """Return the keywords that can be looked for, each with a profile of it alone and its number."""
    found: dict[str, tuple[Profile, int]] = {}
    for profile in looked_for.profiles:
        for keyword in profile.keywords:
            alone = Profile(profile.name, (keyword,), profile.exclude_keywords)
            if keyword.casefold() not in found and _can_be_found(alone, looked_for):
                found[keyword.casefold()] = alone, len(found)
    return found


def _can_be_found(profile: Profile, looked_for: LookedFor) -> bool:
    try:
        looked_for.finder([profile])
    except ConfigError as error:
        log.warning("the volume of %r is not watched: %s", profile.keywords[0], error)
        return False
    return True


def _of_words(profiles: Sequence[Profile], words: Mapping[str, tuple[Profile, int]]) -> Iterable[Watched]:
    several = {
        profile.name: names
        for profile in profiles
        if len(names := [word for word in dict.fromkeys(map(str.casefold, profile.keywords)) if word in words]) > 1
    }
    for word, (profile, number) in words.items():
        of = [other.name for other in profiles if word in map(str.casefold, other.keywords)]
        yield Watched(
            f"keyword:{word}",
            profile.keywords[0].strip().strip('"'),
            profile.keywords,
            frozenset(of),
            frozenset((number,)),
            frozenset(f"profile:{name}" for name in of if name in several),
        )
    for name, names in several.items():
        yield Watched(
            f"profile:{name}",
            name,
            tuple(words[word][0].keywords[0] for word in names[:MOST_TERMS]),
            frozenset((name,)),
            frozenset(words[word][1] for word in names),
            frozenset(f"keyword:{word}" for word in names),
        )


def _places(reads: Collection[ReadQuery]) -> Iterator[Watched]:
    """Yield the queries that are read whole and are about one community: of these, posts are known."""
    for read in reads:
        kind = SOURCES.get(read.source)
        if read.profile == DEFAULT and kind is not None and not kind.searches_profiles:
            name = read.query if "." in read.query else read.query.rpartition("/")[0] or read.query
            yield Watched(f"place:{read.source}:{read.query}", name, (), frozenset(), place=(read.source, read.query))


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())
