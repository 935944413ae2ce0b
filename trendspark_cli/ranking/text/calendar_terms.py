"""Terms that only say when: names of days and months, numbers of days, years."""

import re
from functools import lru_cache

from trendspark_cli.ranking.text.calendar_words import LISTS

CALENDAR_WORDS = frozenset(
    term.replace("_", " ") for line in LISTS.strip().splitlines() for term in line.split(" ")[1:]
)
_DATE = re.compile(r"(?:[12]?\d|3[01])(?:st|nd|rd|th)|(?:19|20)\d\d")


@lru_cache(10_000)
def is_calendar_term(term: str) -> bool:
    """Tell whether a term says when, and nothing else: "friday", "june 3rd", "2013", "星期"; not "black friday".

    A number that is not said to be that of a day is none: "24" may be a series.
    """
    return term in CALENDAR_WORDS or all(word in CALENDAR_WORDS or _DATE.fullmatch(word) for word in term.split(" "))
