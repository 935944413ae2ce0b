"""Cutting texts into words, in two steps, as one regular expression over everything costs five times as much.

Many texts at once are cut at spaces into chunks; each different chunk is then cut into words only once (terms.py).
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from trendspark_cli.ranking.text.folding import INVISIBLE, folded
from trendspark_cli.ranking.text.marks import marks
from trendspark_cli.ranking.text.particles import ELIDED, without_particles

TEXT_END = "\0"
GAP = "\1"
LONGEST_TEXT = (
    2_000  # characters read of one text, some 300 words; only floods are longer, and each new word costs memory
)
LONGEST_WORD = 60  # characters; longer ones are keys, hashes and noise
LONGEST_CHUNK = 120  # characters without a space; leaves room for a row of hashtags
LONGEST_LINK = 200
_LINK = re.compile(r"https?://(?:(?:www|m|mobile|amp)\.)?([^/?#\s@]+)([^?#\s]*)(?:\?([^#\s]*))?", re.IGNORECASE)
# What most links are, in a third of the time.
_PLAIN_LINK = re.compile(r"https?://(?:(?:www|m|mobile|amp)\.)?([a-z0-9.\-]+)(/[A-Za-z0-9/_.\-]*)()")
# Every post has a link of its own there, so that no two share one.
_SHORTENERS = frozenset(("t.co", "bit.ly", "tinyurl.com", "ow.ly", "buff.ly", "dlvr.it", "goo.gl", "is.gd"))
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|igshid|mc_\w+|ref(?:_\w+)?|source|feature|si|s|t)=", re.IGNORECASE)
_TEXT_JOINT = f"\n{TEXT_END}\n"

# Han, Kana, Thai, Lao, Burmese, Khmer: written without spaces between words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
UNSPACED_RUN = re.compile(f"[{UNSPACED}]+")
_ARTICLE = f"(?i:{ELIDED})"
# Names that signs are part of, each told from a word with a sign beside it.
_NAMES = (
    r"\$[A-Za-z]{1,6}\.[A-Za-z]{1,2}(?!\w)",  # $BRK.B
    r"(?<![\w.])\.(?:[A-Z]{2,5}|[Nn]et)(?!\w)",  # .NET
    r"(?<!\w)#?[A-Za-z](?:\+\+\d{0,2}|\#)(?!\w)",  # C++, C++20, C#
    rf"(?<!\w)(?:#|{_ARTICLE})?[^\W_]{{1,3}}(?:&(?:amp;)?[^\W_]{{1,3}})+(?!\w)",  # AT&T, R&B, l'AT&T
    rf"(?<!\w)(?:{_ARTICLE})?(?:[^\W\d_]\.){{2,}}(?:[^\W\d_](?!\w))?(?!\w)",  # U.S.
    r"(?<!\w)[^\W\d_](?:\.[^\W\d_])+(?!\w)",  # U.S
    r"(?<!\w)[#$]?(?:[^\W_][\w\-‐‑－]*?)?\d+(?:\.\d+)+\w*",  # GPT-4.5, 6.8
)
LETTER = rf"[\w{marks()}\u200c\u200d]"
_JOINT = r"(?:['’ʼ＇\u05f3\-‐‑－]|(?<=[\u05d0-\u05ea])[\"\u05f4](?=[\u05d0-\u05ea]))"
_WORD = rf"[#@$]?[^\W_]{LETTER}*(?:{_JOINT}{LETTER}+)*"
WRITTEN_WORD = re.compile("|".join((*_NAMES, _WORD)))
_PLAIN_WORDS = re.compile(_WORD)
_SIGNS_OF_NAMES = re.compile(r"\w\.\w|&|\+\+|\w\#|(?<![\w.])\.[A-Zn]")  # no name without one of these
EDGES = "#.,:;!?\"'()[]{}<>*-_~|/\\"  # `#` too: a tag counts as its word
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])+\.?")
# Written without their full stops, these would be other words, most of them such as say nothing.
_SMALL_WORDS = "us un it am as at be do go he if in is me my no of on or so to up we la le de al id pm"
_OTHER_WORDS = frozenset(_SMALL_WORDS.split())
_HYPHEN = re.compile(r"-(?!(?<=\d-)\d)")  # but between digits
_REPOST_PREFIX = re.compile(r"\0\s+[Rr][Tt] @\w+:?")


def chunks_of(texts: Sequence[str]) -> list[str]:
    """Return the pieces between spaces of all texts in order, each text ended by TEXT_END.

    As `joined_texts` has them, and a run of a script without spaces is cut (`pieces_of`).
    """
    spaced = joined_texts(texts).split()[1:]
    return [piece for chunk in spaced for piece in ((chunk,) if chunk.isascii() else pieces_of(chunk))]


def joined_texts(texts: Sequence[str]) -> str:
    """Return texts in a row, spaces and a TEXT_END before the first and after each.

    Repost prefixes ("RT @name:") are off. At most 2,000 characters of a text are read.
    """
    return _REPOST_PREFIX.sub(TEXT_END, _join([_beginning(text) for text in texts]))  # the first end anchors a prefix


def pieces_of(chunk: str) -> list[str]:
    """Return a chunk cut up: a run of a script without spaces into overlapping two-character pieces, GAPs around each.

    What no reader sees is left out.
    """
    return UNSPACED_RUN.sub(_two_character_pieces, INVISIBLE.sub("", chunk)).split()


def words_of_chunk(chunk: str) -> list[str | None]:
    """Return the words of a piece of text without spaces, None where two words are parted; a link is one word."""
    if "://" in chunk:
        return [None, link_of(chunk), None]
    return [canonical_word(word) for word in written_words(chunk)]


def written_words(chunk: str) -> list[str]:
    """Return the words of a piece of text without spaces as they are written, signs before them included."""
    if len(chunk) > LONGEST_CHUNK:
        return []
    return (WRITTEN_WORD if _SIGNS_OF_NAMES.search(chunk) else _PLAIN_WORDS).findall(chunk)


def link_of(chunk: str) -> str | None:
    """Return where a link leads, as "host/path?query" in lower case: posts that share it speak of one story.

    None for what is no link to a page: a site's front page, a shortened link, an endless one. What only says where a
    reader came from is off.
    """
    found = _PLAIN_LINK.fullmatch(chunk) or _LINK.search(chunk)
    if found is None:
        return None
    host, path, query = found[1].lower(), found[2].rstrip("/.,;:!?'\"()[]<>*_"), found[3]
    kept = ""
    if query:
        parts = query.rstrip(".,;:!?'\")]>").split("&")
        kept = "&".join(part for part in parts if part and not _TRACKING.match(part))
    if host in _SHORTENERS or not (path or kept):
        return None
    link = f"{host}{path or '/'}{'?' if kept else ''}{kept}".lower()
    return link if len(link) <= LONGEST_LINK else None


def is_link(word: str) -> bool:
    """Tell a link from other words: these have no slash."""
    return "/" in word


def is_number(word: str) -> bool:
    """Tell whether a word is a number, or some, such as 4821, 6.8 or 5-4."""
    return word[:1].isdecimal() and word.replace(".", "").replace("-", "").isdecimal()


def is_unspaced(word: str) -> bool:
    """Tell whether a word is a piece of a script without spaces."""
    return not word.isascii() and UNSPACED_RUN.fullmatch(word) is not None


def canonical_word(token: str) -> str | None:
    """Return the one form under which a token is counted, or None when it says nothing by itself.

    Folded (folding.py), without articles and endings that an apostrophe joins to it, without apostrophes and hyphens:
    "#tag" is "tag", "$TSLA" stays "$tsla", "e-mail" is "email", "l'Etna" is "etna". Between digits a hyphen stays,
    since "5-4" is not "54". Initials lose their full stops where that makes no other word: "N.A.S.A." is "nasa",
    "U.S." is "u.s".
    """
    word = folded(without_particles(token))
    if "." in word or "&" in word:
        word = _name(word)
    word = word.replace("'", "").replace('"', "")
    if "-" in word:
        word = _HYPHEN.sub("", word)
    if word[:1] == "#" or (word[:1] == "$" and not word[1:2].isalpha()):
        word = word[1:]
    return word if is_telling(word) else None


def plain_words(text: str) -> str:
    """Return the words of a text in the form in which they are counted, a space between them.

    Those that say nothing by themselves stay, folded: for what people write down to be found, such as a watched term.
    """
    found = (_plain_words_of(chunk) for chunk in chunks_of([text])[:-1] if len(chunk) <= LONGEST_CHUNK)
    return " ".join(words for words in found if words)


@lru_cache(maxsize=2**15)  # three of four chunks were in other texts, too
def _plain_words_of(chunk: str) -> str:
    return " ".join(canonical_word(word) or folded(word).lstrip("#@") for word in written_words(chunk))


def shown_word(token: str) -> str:
    """Return a token as a name shows it: without the sign of a tag, articles and endings."""
    return without_particles(INVISIBLE.sub("", token)).removeprefix("#").replace("&amp;", "&")


def _name(word: str) -> str:
    """Return a name with signs in one form."""
    word = word.replace("&amp;", "&")
    if _INITIALS.fullmatch(word):
        letters = word.replace(".", "")
        return word.rstrip(".") if letters in _OTHER_WORDS else letters
    return word


def is_telling(word: str) -> bool:
    """Tell whether a word is more than a single character or a short number, and not endless."""
    length = len(word)
    if 3 <= length < LONGEST_WORD:
        return length > 3 or word[0] not in "@$" or len(word.lstrip("@$")) > 1
    return length == 2 and word[0] != "@" and not word.isdigit() and (word[0] != "$" or word[1].isalpha())


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
    gap = f" {GAP} "
    return gap + gap.join([characters[start : start + 2] for start in range(max(1, len(characters) - 1))]) + gap
