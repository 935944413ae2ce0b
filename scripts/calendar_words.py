#!/usr/bin/env python3
"""Write trendspark_cli/ranking/text/calendar_words.py: names of days and months from CLDR, as babel has them.

    pip install babel==2.19.0 && scripts/calendar_words.py

Languages are those with a list of stop words, and English. Of a name of several words the pair is taken, if it is two.
Left out are words of other things, and names of people: those that English posts use so (counted over 615,165).
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel import Locale, UnknownLocaleError

sys.path.insert(0, str(Path(__file__).parent))
from stop_words import LANGUAGES

from trendspark_cli.ranking.text.stop_words import STOP_WORDS
from trendspark_cli.ranking.text.words import UNSPACED_RUN, chunks_of, words_of_chunk

TARGET = Path(__file__).parent.parent / "trendspark_cli" / "ranking" / "text" / "calendar_words.py"
HEAD = '''"""Names of days and months from CLDR (Unicode License v3), as terms; written by scripts/calendar_words.py."""

# A language a line: its code, then its names, "_" between the words of a pair.
LISTS = """
'''
# Days beside today, and parts of the week: CLDR has them, babel leaves them out. The lists of stop words have
# some already; and the cases of Slavic names, which stand in dates.
FURTHER = {
    "es": "hoy ayer mañana anteayer",
    "fr": "aujourd'hui demain",
    "de": "heute gestern morgen übermorgen wochenende",
    "it": "oggi ieri domani",
    "pt": "hoje ontem amanhã",
    "nl": "vandaag gisteren morgen weekend",
    "tr": "bugün yarın",
    "el": "σήμερα χθες αύριο",
    "ar": "اليوم أمس غدا",
    "fa": "امروز دیروز فردا",
    "hi": "आज कल",
    "en": "today tonight tomorrow yesterday weekend weekends mondays tuesdays wednesdays thursdays fridays saturdays"
    " sundays",
    "ru": "сегодня вчера завтра среду пятницу субботу воскресенья понедельника вторника среды четверга пятницы субботы",
    "uk": "середу п'ятницю суботу неділю понеділка вівторка четверга",
    "pl": "dziś dzisiaj wczoraj jutro środę sobotę niedzielę soboty niedzieli środy czwartku piątku poniedziałku",
    "cs": "středu sobotu neděli pátku",
    "sk": "stredu sobotu nedeľu",
    "hr": "srijedu subotu nedjelju",
    "bg": "петъка събота неделя",
    "zh": "周一 周二 周三 周四 周五 周六 周日 周末 今天 明天 昨天",
    "ja": "今日 明日 昨日 週末",
}
LONGEST_UNSPACED = 3  # characters: the pieces of longer names, such as those of Thai, are everyday syllables
_OTHERS = """
    march mars mart marc marco marta mayo maggio semi jun jul juli julie julio julius avril janeiro augusta augustus
    reede adar ilon pazar
"""
OTHERS = frozenset(_OTHERS.split())


def names_of(language: str) -> list[str]:
    """Return the names of days and months of a language, inside a date and alone; none where CLDR has none."""
    try:
        locale = Locale.parse(language)
    except UnknownLocaleError:
        return []
    return [
        name for kind in (locale.days, locale.months) for form in kind for name in dict(kind[form]["wide"]).values()
    ]


def terms_of(name: str) -> set[str]:
    """Return a name as terms: a word, a pair of words, or the pieces of a script without spaces."""
    words = [word for chunk in chunks_of([name])[:-1] for word in words_of_chunk(chunk)]
    if UNSPACED_RUN.search(name):
        return {word for word in words if word and len(name) <= LONGEST_UNSPACED}
    return {"_".join(map(str, words))} if None not in words and len(words) in (1, 2) else set()


def words_of(language: str) -> set[str]:
    """Return the names of a language as terms, without what other things are called."""
    names = [*names_of(language), *FURTHER.get(language, "").split()]
    found = {term for name in names for term in terms_of(name)}
    return {term for term in found if not set(term.split("_")) & (STOP_WORDS | OTHERS)}


def main() -> None:
    """Write the file."""
    lists = {language: words_of(language) for language in ["en", *LANGUAGES]}
    lines = [f"{language} {' '.join(sorted(words))}" for language, words in lists.items() if words]
    TARGET.write_text(HEAD + "\n".join(lines) + '\n"""\n', encoding="utf-8")
    print(f"{TARGET}: {len(lines)} languages, {len(set().union(*lists.values()))} terms")


if __name__ == "__main__":
    main()
