"""Each recipe for contributors names at most three places, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.toys import ADDED
from tests.docs.project import PROJECT, page

MOST_PLACES = 3


def recipes() -> dict[str, list[str]]:
    """Return the first path of each step of each recipe."""
    chapter = page("docs/contributing.md").partition("## What to touch")[2].partition("\n## ")[0]
    found = {}
    for section in chapter.split("\n### ")[1:]:
        title, _, text = section.partition("\n")
        if steps := re.findall(r"^\d\. `([\w/.]+)`", text, re.MULTILINE):
            found[title] = steps
        assert len(steps) == len(re.findall(r"^\d\. ", text, re.MULTILINE)), f"{title}: a step without a path"
    return found


def test_there_is_a_recipe_for_all_that_is_added_often() -> None:
    often = {"A setting", "A source", "A channel", "A job", "A metric", "A column"}

    assert set(recipes()) == {*often, "What a term is"}


@pytest.mark.parametrize("title", recipes())
def test_a_recipe_names_at_most_three_places(title: str) -> None:
    assert len(recipes()[title]) <= MOST_PLACES


@pytest.mark.parametrize("title", recipes())
def test_what_a_recipe_names_is_there(title: str) -> None:
    places = [Path(PROJECT, place) for place in recipes()[title]]

    missing = [place for place in places if not (place.parent if place.stem == "NAME" else place).exists()]

    assert missing == []


@pytest.mark.parametrize("title", ADDED)
def test_a_recipe_says_all_that_it_takes(title: str) -> None:
    touched = {place.replace(name, "NAME") for name, places in [ADDED[title]] for place in places}

    assert touched <= {place.removeprefix("trendspark_cli/") for place in recipes()[title]}
