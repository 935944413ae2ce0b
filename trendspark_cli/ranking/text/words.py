"""Cutting texts into words, in two steps, as one regular expression over everything costs five times as much.

Many texts at once are cut at spaces into chunks; each different chunk is then cut into words only once (terms.py).
"""

import re
import unicodedata
from collections.abc import Sequence

TEXT_END = "\0"
GAP = "\1"
LONGEST_TEXT = (
    2_000  # characters read of one text, some 300 words; only floods are longer, and each new word costs memory
)
LONGEST_WORD = 60  # characters; longer ones are keys, hashes and noise
LONGEST_CHUNK = 120  # characters without a space; leaves room for a row of hashtags
LONGEST_LINK = 200
_LINK = re.compile(r"https?://(?:(?:www|m|mobile|amp)\.)?([^/?#\s@]+)([^?#\s]*)(?:\?([^#\s]*))?", re.IGNORECASE)
# Every post has a link of its own there, so that no two share one.
_SHORTENERS = frozenset(("t.co", "bit.ly", "tinyurl.com", "ow.ly", "buff.ly", "dlvr.it", "goo.gl", "is.gd"))
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|igshid|mc_\w+|ref(?:_\w+)?|source|feature|si|s|t)=", re.IGNORECASE)
_TEXT_JOINT = f"\n{TEXT_END}\n"


def _marks() -> str:
    """Return the combining marks as a regex class: \\w leaves out the vowel signs of Hindi, Thai and others."""
    ranges: list[list[int]] = []
    for code in range(0x300, 0x1F000):
        if unicodedata.category(chr(code)) in ("Mn", "Mc"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


# Han, Kana, Thai, Lao, Burmese, Khmer: written without spaces between words.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
WRITTEN_WORD = re.compile(rf"[#@$]?[^\W_][\w'’\-\u200c\u200d{_marks()}]*")
# Soft hyphens, joiners, marks of direction, variants of emoji, and what only stretches Arabic: no other word by these.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u0640\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_LATIN = re.compile("[A-Za-z]")
# Cyrillic and Greek letters nobody tells from Latin ones.
_LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTYXaesijopcyxhdqwABEZHIKMNOPTYXo"
)
EDGES = "#.,:;!?\"'()[]{}<>*-_~|/\\"  # `#` too: a tag counts as its word
_REPOST_PREFIX = re.compile(r"\0\s+[Rr][Tt] @\w+:?")


def chunks_of(texts: Sequence[str]) -> list[str]:
    """Return the pieces between spaces of all texts in order, each text ended by TEXT_END.

    Repost prefixes ("RT @name:") are off; a run of a script without spaces is cut into overlapping two-character
    pieces with GAPs around them. At most 2,000 characters of a text are read, those no reader sees left out.
    """
    joined = _REPOST_PREFIX.sub(TEXT_END, _join([_beginning(text) for text in texts]))
    if not joined.isascii():
        joined = UNSPACED_RUN.sub(_two_character_pieces, _INVISIBLE.sub("", joined))
    return joined.split()[1:]  # the first TEXT_END is there only to anchor the repost prefix


def words_of_chunk(chunk: str) -> list[str | None]:
    """Return the words of a piece of text without spaces, None where two words are parted; a link is one word."""
    if "://" in chunk:
        return [None, link_of(chunk), None]
    if len(chunk) > LONGEST_CHUNK:
        return []
    return [canonical_word(word) for word in WRITTEN_WORD.findall(chunk)]


def link_of(chunk: str) -> str | None:
    """Return where a link leads, as "host/path?query" in lower case: posts that share it speak of one story.

    None for what is no link to a page: a site's front page, a shortened link, an endless one. What only says where a
    reader came from is off.
    """
    found = _LINK.search(chunk)
    if found is None:
        return None
    host, path, query = found[1].lower(), found[2].rstrip("/.,;:!?'\"()[]<>*_"), found[3] or ""
    kept = "&".join(part for part in query.rstrip(".,;:!?'\")]>").split("&") if part and not _TRACKING.match(part))
    if host in _SHORTENERS or not (path or kept):
        return None
    link = f"{host}{path or '/'}{'?' if kept else ''}{kept}".lower()
    return link if len(link) <= LONGEST_LINK else None


def visible(text: str) -> str:
    """Return *text* without what nobody sees: soft hyphens, joiners, marks of direction, tags."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def is_link(word: str) -> bool:
    """Tell a link from other words: these have no slash."""
    return "/" in word


def is_number(word: str) -> bool:
    """Tell whether a word is a number, such as 4821 or 555-0199."""
    return word.replace("-", "").isdecimal()


def is_unspaced(word: str) -> bool:
    """Tell whether a word is a piece of a script without spaces."""
    return not word.isascii() and UNSPACED_RUN.fullmatch(word) is not None


def canonical_word(token: str) -> str | None:
    """Return the one form under which a token is counted, or None when it says nothing by itself.

    Lower case, compatibility forms unified, no possessive, no apostrophes; "#tag" is "tag", "$TSLA" stays "$tsla".
    """
    word = without_possessive(token.lower() if token.isascii() else _as_it_looks(token))
    word = word.replace("'", "").replace("’", "").strip("-")
    if word[:1] == "#" or (word[:1] == "$" and not word[1:2].isalpha()):
        word = word[1:]
    return word if is_telling(word) else None


def _as_it_looks(token: str) -> str:
    """Return a word in lower case, compatibility forms unified, nothing invisible; in Latin, without others' letters.

    "раypаl" with three Cyrillic letters is "paypal". A word that keeps a letter of another alphabet is left as it is.
    """
    word = _INVISIBLE.sub("", unicodedata.normalize("NFKC", token)).replace(" ", "")
    if not word.isascii() and _LATIN.search(word):
        latin = word.translate(_LOOKALIKES)
        word = latin if latin.isascii() else word
    return word.lower().replace("i\u0307", "i")  # what Python makes of the Turkish capital


def without_possessive(word: str) -> str:
    """Return "Boston" for "Boston's", with either apostrophe."""
    return word[:-2] if word[-2:] in ("'s", "’s", "'S", "’S") else word.rstrip("'’")


def is_telling(word: str) -> bool:
    """Tell whether a word is more than a single character or a short number, and not endless."""
    length = len(word)
    if 3 <= length < LONGEST_WORD:
        return length > 3 or word[0] not in "@$" or len(word.lstrip("@$")) > 1
    return length == 2 and word[0] not in "@$" and not word.isdigit()


def _beginning(text: str) -> str:
    """Return what is read of a text: a long one ends with a whole word, lest many end with the same half."""
    if len(text) < LONGEST_TEXT:
        return text
    text = text[:LONGEST_TEXT]
    return text.rpartition(" ")[0] or text


def _join(texts: list[str]) -> str:
    """Return the texts with a TEXT_END before the first and after each; control marks inside them are blanked."""
    joined = _TEXT_JOINT.join(["", *texts, ""])
    if joined.count(TEXT_END) != len(texts) + 1 or GAP in joined:
        clean = [text.replace(TEXT_END, " ").replace(GAP, " ") for text in texts]
        joined = _TEXT_JOINT.join(["", *clean, ""])
    return joined


def _two_character_pieces(run: re.Match[str]) -> str:
    """Return "abcd" as "ab", "bc", "cd" with GAPs around each."""
    characters = run.group()
    pieces = [characters[start : start + 2] for start in range(max(1, len(characters) - 1))]
    gap = f" {GAP} "
    return gap + gap.join(pieces) + gap
