"""Topics: terms that burst together, grouped, named and explained."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, WINDOW_TICKS
from trendspark_cli.ranking.bursts.communities import is_of_one_place
from trendspark_cli.ranking.bursts.evidence import ScoredTerms, WindowSnapshot, name_terms, score_terms, snapshot_of
from trendspark_cli.ranking.bursts.labels import are_common_words, label_by_strength
from trendspark_cli.ranking.bursts.occurrences import Occurrences
from trendspark_cli.ranking.bursts.post_columns import PostColumns
from trendspark_cli.ranking.bursts.scoring import Floats, enough_observed
from trendspark_cli.ranking.bursts.telling import MOST_TEXTS, says_what, words_of_date
from trendspark_cli.ranking.bursts.term_evidence import TermEvidence
from trendspark_cli.ranking.bursts.thresholds import DEFAULT_THRESHOLD, SURE
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.text.calendar_terms import is_calendar_term
from trendspark_cli.ranking.text.keys import Integers
from trendspark_cli.ranking.text.words import canonical_word, is_link

MOST_TERMS = 8
JOINING_SHARE = 0.5  # of the smaller of two sets of posts: two terms that share less are two stories
MATCHED_TERMS = 3  # the strongest: by these, two topics are known as one
MOST_NAMING = 100  # posts: enough to see how people write it
MOST_EXAMPLES = 3
MOST_POST_IDS = 500
MOST_TOPICS = 50
_SCORE_PER_TENFOLD_OF_FURTHER_TERMS = 5.0


class Topic(NamedTuple):
    """One topic of the longest window, described by its strongest term's posts.

    `score` is that of the strongest term, and more for what further sure ones bring; of what lies above SURE, half
    where it counts half. `observed`, `expected`, `window_seconds` are those of the strongest term; `authors`, `sources`
    (posts by source) and `first_seen` (epoch seconds) are of that window; `last_seen` and `post_ids` (newest 500) of
    the whole one; `named_by`: the newest posts of all its terms, which say how it is called; `says_what`: False for
    dates and tags alone, which open no trend. `of_date`: what else belongs to the date among its terms.
    """

    label: str
    terms: tuple[TermEvidence, ...]
    score: float
    observed: float
    expected: float
    window_seconds: int
    authors: int
    sources: Mapping[str, int]
    first_seen: int
    last_seen: int
    post_ids: tuple[int, ...]
    example_ids: tuple[int, ...]
    named_by: tuple[int, ...] = ()
    says_what: bool = True
    of_date: tuple[str, ...] = ()

    @property
    def term_names(self) -> tuple[str, ...]:
        """Return its terms, strongest first, and after those it is known by the other words of a date."""
        names = [term.term for term in self.terms]
        return tuple(dict.fromkeys([*names[:MATCHED_TERMS], *self.of_date, *names[MATCHED_TERMS:]]))


def find_topics(
    window: Window,
    now: int,
    history: TermHistory,
    sources: Mapping[str, SourceState],
    *,
    threshold: float = DEFAULT_THRESHOLD,
    floor: float | None = None,
    limit: int = MOST_TOPICS,
) -> list[Topic]:
    """Return the topics of the eight hours before `now` (a tick end, epoch seconds), strongest first.

    `floor` (default: `threshold`) lists weaker topics too. Posts created at or after `now` are ignored.
    """
    snapshot = snapshot_of(window, now, sources)
    scored, names = name_terms(window, score_terms(snapshot, history, threshold if floor is None else floor))
    scores = scored.score
    groups = group_terms(scored.occurrences, scores, names, limit)
    of_topics = [_telling_terms(scores, group, threshold) for group in groups]
    evidence = _evidence(
        scored, names, [term for terms in of_topics for term in terms], threshold, snapshot.volume_surge
    )
    found = []
    for group, terms in zip(groups, of_topics, strict=True):
        topic = _topic(snapshot, scored, group, tuple(evidence[term] for term in terms))
        if topic.score >= max(threshold, SURE) and _counts_half(window, snapshot, scored, topic, group[0]):
            topic = topic._replace(score=(SURE + topic.score) / 2.0)
        found.append(_told(window, scored, names, topic, terms, threshold))
    return sorted(found, key=lambda topic: -topic.score)


def group_terms(found: Occurrences, scores: Floats, names: Sequence[str], limit: int) -> list[list[int]]:
    """Return groups of term numbers, strongest first; a term joins the first group that shares half its posts.

    Half of the smaller of its own posts and those of the group's strongest term: measured against the growing union
    of a group, one loose term would pull in the next. A tag made of a group's words joins it whatever it shares:
    people write `#harbourbridge` instead of the words, not beside them.
    """
    order = sorted(range(len(found)), key=lambda term: (-scores[term], -len(names[term]), names[term]))
    groups: list[list[int]] = []
    heads: list[set[int]] = []
    closed_up: list[set[str]] = []
    for term in order:
        own, name = set(found.posts_of(term).tolist()), without_spaces(names[term])
        for group, head, spelled in zip(groups, heads, closed_up, strict=True):
            if name in spelled or len(own & head) >= JOINING_SHARE * min(len(own), len(head)):
                group.append(term)
                spelled.add(name)
                break
        else:
            if len(groups) < limit:
                groups.append([term])
                heads.append(own)
                closed_up.append({name})
    return groups


@lru_cache(10_000)
def without_spaces(term: str) -> str:
    """Return the form in which a phrase and the tag made of it are equal, and a term as an earlier version kept it."""
    return term if is_link(term) else "".join(canonical_word(word) or word for word in term.split(" "))


def _telling_terms(scores: Floats, group: Sequence[int], threshold: float) -> list[int]:
    """Return the terms that describe a group; of one over the threshold, only those that are so too."""
    return ([term for term in group if scores[term] >= threshold] or list(group))[:MOST_TERMS]


def _told(
    window: Window,
    scored: ScoredTerms,
    names: Sequence[str],
    topic: Topic,
    terms: Sequence[int],
    threshold: float,
) -> Topic:
    """Return a topic of these terms, with whether it is news and a date told in full.

    Of one below the threshold no texts are read.
    """

    @cache  # a date's are asked for twice
    def texts_of(place: int) -> list[str]:
        if scored.score[terms[0]] < threshold:
            return []
        newest = scored.occurrences.posts_of(terms[place])[-MOST_TEXTS:]
        return list(window.texts(window.columns().ids[newest].tolist()).values())

    called = [names[term] for term in terms]
    date = next((place for place, name in enumerate(called) if is_calendar_term(name)), None)
    of_date = () if date is None else words_of_date(called, texts_of(date))
    return topic._replace(
        label=", ".join([topic.label, *of_date]), says_what=says_what(called, texts_of), of_date=of_date
    )


def _counts_half(window: Window, snapshot: WindowSnapshot, scored: ScoredTerms, topic: Topic, strongest: int) -> bool:
    """Tell whether a topic is the matter of one community, or common words, of which some always meet by chance."""
    own, communities = scored.occurrences.posts_of(strongest), snapshot.posts.communities
    if is_of_one_place(communities, own, snapshot.inside[-1]):
        return True
    texts = window.texts(topic.named_by)
    named_by = [texts[number] for number in topic.named_by if number in texts]
    return are_common_words([term.term for term in topic.terms], named_by)


def _topic(
    snapshot: WindowSnapshot, scored: ScoredTerms, group: Sequence[int], evidence: tuple[TermEvidence, ...]
) -> Topic:
    """Return a group of terms, strongest first, as a topic."""
    head, posts = group[0], snapshot.posts
    own = scored.occurrences.posts_of(head)
    inside = snapshot.inside[int(scored.surprisals[:, head].argmax())]
    counted = own[inside[own]]
    by_source = np.bincount(posts.sources[counted], minlength=len(posts.source_names))
    created = posts.created[own]
    newest = own[np.argsort(created, kind="stable")][-MOST_POST_IDS:]
    return Topic(
        label=label_by_strength(evidence),
        terms=evidence,
        score=evidence[0].score + _worth_of_further_terms(scored, group, posts.authors),
        observed=evidence[0].observed,
        expected=evidence[0].expected,
        window_seconds=evidence[0].window_seconds,
        authors=int(np.unique(posts.authors[counted]).size),
        sources={name: int(n) for name, n in zip(posts.source_names, by_source, strict=True) if n},
        first_seen=int(posts.created[counted].min()),
        last_seen=int(created.max()),
        post_ids=tuple(posts.ids[newest].tolist()),
        example_ids=_examples(posts, scored, group, newest),
        named_by=_newest_of_all(posts, scored, group[: len(evidence)]),
    )


def _newest_of_all(posts: PostColumns, scored: ScoredTerms, terms: Sequence[int]) -> tuple[int, ...]:
    """Return the ids of the newest posts that have any of these terms."""
    own = np.unique(np.concatenate([scored.occurrences.posts_of(term) for term in terms]))
    return tuple(posts.ids[own[np.argsort(posts.created[own], kind="stable")][-MOST_NAMING:]].tolist())


def _worth_of_further_terms(scored: ScoredTerms, group: Sequence[int], authors: Integers) -> float:
    """Return the score that further terms add to a topic's strongest one: half of the lift in authors they bring.

    Only terms that are sure by themselves count: loose ones make anything large. People who write about one thing
    choose different words, so the strongest has but a part of the people.
    """
    sure = [term for term in group if scored.surprisals[:, term].max() >= SURE]
    if group[0] not in sure:
        return 0.0
    own = scored.occurrences.posts_of(group[0])
    together = np.concatenate([scored.occurrences.posts_of(term) for term in sure])
    times = np.unique(authors[together]).size / np.unique(authors[own]).size
    return _SCORE_PER_TENFOLD_OF_FURTHER_TERMS * float(np.log10(times))


def _evidence(
    scored: ScoredTerms, names: Sequence[str], terms: Sequence[int], threshold: float, volume_surge: float
) -> dict[int, TermEvidence]:
    """Return the evidence of these terms, each in its best window."""
    if not terms:
        return {}
    rows = scored.surprisals[:, terms].argmax(axis=0)
    largest = scored.lifts[:, terms].argmax(axis=0)
    sure = min(threshold, SURE) + volume_surge
    enough = enough_observed(scored.expected[rows, terms], scored.overdispersion[rows, terms], sure)
    return {
        term: TermEvidence(
            term=names[term],
            score=float(scored.score[term]),
            observed=float(scored.observed[row, term]),
            expected=float(scored.expected[row, term]),
            window_seconds=WINDOW_TICKS[row] * TICK_SECONDS,
            posts=int(scored.counts[row, term]),
            baseline=float(scored.baseline[term]),
            dispersion=float(scored.dispersion[term]),
            hour_factor=float(scored.hour_factor[term]),
            enough=int(needed),
            surprise=float(scored.surprisals[row, term]),
            lift=float(scored.lifts[where, term]),
            lift_seconds=WINDOW_TICKS[where] * TICK_SECONDS,
            breadth=float(scored.community_dispersion[where, term]),
        )
        for term, row, where, needed in zip(terms, rows.tolist(), largest.tolist(), enough.tolist(), strict=True)
    }


def _examples(posts: PostColumns, scored: ScoredTerms, group: Sequence[int], own: Integers) -> tuple[int, ...]:
    """Return the ids of up to three posts with most of the topic's terms, one per author and per text."""
    shared = sum(np.isin(own, scored.occurrences.posts_of(term)).astype(np.int64) for term in group[:MOST_TERMS])
    order = np.lexsort((posts.created[own], -np.asarray(shared)))
    chosen: list[int] = []
    taken: set[tuple[str, int]] = set()
    for post in own[order].tolist():
        signs = {("author", int(posts.authors[post])), ("text", int(scored.texts[post]))}
        if not signs & taken:
            taken |= signs
            chosen.append(int(posts.ids[post]))
            if len(chosen) == MOST_EXAMPLES:
                break
    return tuple(chosen)
