"""Names of topics as people write them: words as they are spelled most, pieces of unspaced scripts put together."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from itertools import groupby

from trendspark_cli.ranking.bursts.labels import label_by_texts
from trendspark_cli.ranking.bursts.topics import Topic
from trendspark_cli.ranking.text.words import (
    LONGEST_TEXT,
    UNSPACED_RUN,
    canonical_word,
    is_unspaced,
    shown_word,
    words_of_chunk,
    written_words,
)

MOST_TEXTS = 100  # the newest: enough to see how people write it
LONGEST_STRETCH = 30  # characters; a whole sentence is no name


def name_topic(topic: Topic, texts: Mapping[int, str]) -> Topic:
    """Return the topic with its label as it is written most in these texts (by post id), pieces put together."""
    topic = spell_topic(topic, texts)
    label = label_by_texts(topic.terms, [texts[post_id] for post_id in topic.named_by if post_id in texts])
    topic = topic._replace(label=label or topic.label)
    pieces = {evidence.term for evidence in topic.terms if is_unspaced(evidence.term)}
    read = [texts[post_id][:LONGEST_TEXT] for post_id in topic.post_ids[-MOST_TEXTS:] if post_id in texts]
    found = Counter(stretch for text in read for stretch in set(_stretches(text, pieces)))
    if not found:
        return topic
    name = max(found, key=lambda stretch: (found[stretch], len(stretch), stretch))
    covered = {word for start in range(len(name) - 1) for word in _words(name[start : start + 2])}
    others = [term for term in topic.label.split(", ") if canonical_word(term) not in covered]
    return topic._replace(label=", ".join([name, *others]))


def spell_topic(topic: Topic, texts: Mapping[int, str]) -> Topic:
    """Return the topic with its label in the spelling seen most in these texts (by post id)."""
    spellings = Counter(
        (canonical, written)
        for post_id in topic.post_ids
        for chunk in texts.get(post_id, "")[:LONGEST_TEXT].split()
        for written in written_words(chunk)
        if (canonical := canonical_word(written)) is not None
    )
    best: dict[str, str] = {}
    for (canonical, written), _ in spellings.most_common():
        best.setdefault(canonical, shown_word(written))
    words = [[best.get(word, word) for word in term.split()] for term in topic.label.split(", ")]
    return topic._replace(label=", ".join(" ".join(term) for term in words))


def _stretches(text: str, pieces: Collection[str]) -> Iterator[str]:
    """Yield the longest stretches of a text in which each character belongs to one of the pieces."""
    for run in UNSPACED_RUN.findall(text) if pieces else ():
        is_covered = [False] * len(run)
        for start in range(len(run) - 1):
            if any(word in pieces for word in _words(run[start : start + 2])):
                is_covered[start] = is_covered[start + 1] = True
        for covered, places in groupby(range(len(run)), key=is_covered.__getitem__):
            if covered:
                stretch = list(places)
                yield run[stretch[0] : stretch[-1] + 1][:LONGEST_STRETCH]


@lru_cache(10_000)
def _words(piece: str) -> tuple[str | None, ...]:
    return tuple(words_of_chunk(piece))
