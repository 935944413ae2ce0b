"""Names of topics: what a person would choose, once, and no word twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from trendspark_cli.ranking.bursts.labels import LONGEST_LABEL, MOST_PARTS, label_by_strength, label_by_texts
from trendspark_cli.ranking.bursts.term_evidence import TermEvidence

POCKET = [
    "Just finished PocketLoom",
    "This gadget PocketLoom is great",
    "tried PocketLoom today",
    "PocketLoom arrived",
    "I love my new PocketLoom gadget",
]
STRIKE = [
    "#TramStrike drivers walk out",
    "heard TramStrike today",
    "I heard of #TramStrike, drivers walk away",
    "Because of TramStrike drivers walk",
]
VERDICT = [
    "George Zimmerman is not guilty",
    "so George Zimmerman is guilty or not",
    "Verdict: George Zimmerman not guilty",
    "Zimmerman not guilty",
]
FOOLS = ["the April Fools joke", "an April Fools prank", "best of April Fools", "no April Fools here", "we are fools"]
DERBY = ["the Derby on Monday", "our Derby Monday", "a Derby again", "see the Derby Monday night"]
SHOUTED = ["STORM HITS HARBOUR", "we saw a storm at the harbour", "a storm again", "there is a storm"]


def listed(*terms: str, posts: int = 9) -> list[TermEvidence]:
    """Terms, the strongest first, each of so many posts."""
    return [
        TermEvidence(
            term=term,
            score=9.0 - place,
            observed=5.0,
            expected=0.1,
            window_seconds=3600,
            posts=posts,
            baseline=0.0,
            dispersion=0.0,
            hour_factor=1.0,
            enough=3,
        )
        for place, term in enumerate(terms)
    ]


@pytest.mark.parametrize(
    ("terms", "texts", "label"),
    [
        (("finished pocketloom", "pocketloom", "gadget pocketloom", "tried pocketloom"), POCKET, "PocketLoom"),
        (("tramstrike drivers", "tramstrike", "heard tramstrike", "drivers"), STRIKE, "TramStrike drivers walk"),
        (("zimmerman", "george zimmerman", "zimmerman guilty", "guilty"), VERDICT, "George Zimmerman, guilty"),
        (("monday", "harbour"), ["Monday at the harbour", "on Monday the harbour", "harbour, Monday"], "harbour"),
        (("april", "fools"), FOOLS, "April Fools"),
        (("derby", "monday"), DERBY, "Derby"),
        (("storm", "harbour"), SHOUTED, "storm, harbour"),
        (
            ("harbour bridge", "harbourbridge"),
            ["the Harbour Bridge #harbourbridge", "a Harbour Bridge"],
            "Harbour Bridge",
        ),
        (("example.org/news", "bridge"), ["bridge https://example.org/news", "a bridge"], "bridge"),
    ],
)
def test_a_topic_is_called_as_a_person_would_call_it(terms: Sequence[str], texts: Sequence[str], label: str) -> None:
    assert label_by_texts(listed(*terms), texts) == label


def test_a_label_says_no_word_twice_and_is_never_long() -> None:
    texts = [f"Uncharacteristically {word} Bridge disproportionately {word}" for word in ("Alpha", "Beta")] * 3
    terms = listed("bridge", "uncharacteristically", "disproportionately", "alpha", "beta", "alpha bridge")

    label = label_by_texts(terms, [f"{text} {n}00" for n, text in enumerate(texts)])

    words = label.replace(",", "").lower().split()
    assert len(words) == len(set(words))
    assert (len(label) <= LONGEST_LABEL, len(label.split(", ")) <= MOST_PARTS) == (True, True)


def test_without_texts_the_strongest_term_comes_first_and_a_rare_pair_is_none() -> None:
    terms = [*listed("pocketloom", posts=20), *listed("tried pocketloom", posts=4), *listed("gadget", posts=6)]

    assert label_by_strength(terms) == "pocketloom, gadget"


def test_without_texts_a_pair_that_most_posts_have_is_the_name() -> None:
    assert label_by_strength(listed("volcano", "eruption", "volcano eruption")) == "volcano eruption"


def test_texts_without_any_of_the_terms_give_no_label() -> None:
    assert label_by_texts(listed("bridge"), ["nothing of it"]) == ""
