"""What profiles are about, looked for in texts by ourselves: for services that cannot search.

Words are compared as the ranking counts them (ranking/text/words.py), so that all spellings of one match. Each
text costs a look-up for each of its words, however many keywords there are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.collecting.expressions import LONGEST_TEXT, is_expression, read_expression
from trendspark_cli.ranking.text.words import is_unspaced, plain_words

_TAG = re.compile(r"#[\w-]+")
_TAG_IN_TEXT = re.compile(r"(?<!\w)#(\w[\w-]*)")


class _Terms:
    """Keywords of one kind of use, each with the numbers of the profiles that named it."""

    def __init__(self) -> None:
        self._by_word: dict[str, list[tuple[str, int]]] = {}  # by its longest word: the whole of it, blanks around
        self._tags: dict[str, set[int]] = {}
        self._signs: dict[str, set[int]] = {}  # what holds no word, such as an emoji, is looked for as it stands
        self._expressions: list[tuple[re.Pattern[str], int]] = []

    def add(self, keyword: str, profile: int) -> None:
        """Take in a keyword; raise ConfigError for one that cannot be looked for."""
        if is_expression(keyword):
            try:
                self._expressions.append((read_expression(keyword), profile))
            except ValueError as error:
                told = f"keyword {keyword!r} is a regular expression that is not looked for: {error}"
                raise ConfigError(told, hint="see docs/explanation/collecting.md, or write words") from error
            return
        words = plain_words(keyword)
        if not words or (len(words) == 1 and is_unspaced(words)):
            self._signs.setdefault(keyword.strip().strip('"'), set()).add(profile)
        elif _TAG.fullmatch(keyword.strip()):
            self._tags.setdefault(words, set()).add(profile)
        else:
            entries = self._by_word.setdefault(max(words.split(), key=len), [])
            entries.append((f" {words} ", profile))

    def profiles_in(self, text: str, words: str, tags: Collection[str]) -> set[int]:
        """Return the profiles one of whose keywords stands in a text; *words* are its plain words, blanks around."""
        found: set[int] = set()
        for word in self._by_word.keys() & set(words.split()):
            found.update(profile for phrase, profile in self._by_word[word] if phrase in words)
        for tag in tags:
            found |= self._tags.get(tag, set())
        for sign, profiles in self._signs.items():
            if sign in text:
                found |= profiles
        beginning = text[:LONGEST_TEXT]
        found.update(profile for expression, profile in self._expressions if expression.search(beginning))
        return found

    @property
    def has_tags(self) -> bool:
        """Tell whether tags of texts matter."""
        return bool(self._tags)


class Matcher:
    """All keywords of all profiles at once. Raises ConfigError when there is none, or for one it cannot look for."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self._wanted, self._unwanted = _Terms(), _Terms()
        self._languages = [frozenset(language.lower() for language in profile.languages) for profile in profiles]
        for number, profile in enumerate(profiles):
            for keyword in profile.keywords:
                self._wanted.add(keyword, number)
            for keyword in profile.exclude_keywords:
                self._unwanted.add(keyword, number)
        if not any(profile.keywords for profile in profiles):
            raise ConfigError("there are no keywords to look for", hint="set KEYWORDS, or `trendspark profiles add`")

    def matches(self, text: str, languages: Iterable[str] = (), tags: Iterable[str] = ()) -> bool:
        """Tell whether a profile wants a text; one that names no language may be in any."""
        return bool(self.wanting(text, languages, tags))

    def wanting(self, text: str, languages: Iterable[str] = (), tags: Iterable[str] = ()) -> set[int]:
        """Return the numbers of the profiles that want a text; one that names no language may be in any."""
        words = f" {plain_words(text)} "
        plain_tags: set[str] = set()
        if self._wanted.has_tags or self._unwanted.has_tags:
            plain_tags = {plain_words(tag) for tag in (*tags, *_TAG_IN_TEXT.findall(text))}
        found = self._wanted.profiles_in(text, words, plain_tags)
        if not found:
            return found
        spoken = main_languages(languages)
        found = {number for number in found if _fits(spoken, self._languages[number])}
        return found and found - self._unwanted.profiles_in(text, words, plain_tags)


def main_languages(languages: Iterable[str]) -> set[str]:
    """Return languages without their countries: `pt` for `pt-BR`."""
    return {language.partition("-")[0].lower() for language in languages}


def _fits(spoken: set[str], wanted: Collection[str]) -> bool:
    return not spoken or not wanted or not spoken.isdisjoint(wanted)
