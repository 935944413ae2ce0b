"""One form for the usual spellings of a word: case, accents, letters that people use for one another."""

import re
import unicodedata

# Soft hyphens, joiners, marks of direction, variants of emoji, and what only stretches Arabic: no other word by these.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u0640\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_LATIN = re.compile("[A-Za-z]")
# Cyrillic and Greek letters nobody tells from Latin ones.
_LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTYXaesijopcyxhdqwABEZHIKMNOPTYXo"
)
# What is left to do once a word is in small letters and taken apart (NFD): marks that people leave out. Each is named
# with the letters it may stand on: й is no и, ї no і, and the sound marks of Kana and of Indic scripts are letters.
_LEFT_OUT = re.compile(
    "(?<=[a-zα-ω])[\u0300-\u036f]+"  # accents and cedillas, tonos and dialytika
    "|(?<=е)\u0308"  # ё
    "|(?<=[аеиоуыэюяіѵ])[\u0300\u0301]"  # stress
    "|[\u0591-\u05bd\u05bf\u05c1-\u05c7\u064b-\u065f\u0670\u06d6-\u06ed]"  # vowels of Hebrew and of Arabic, hamza
)
_HAS_MARKS_AFTER_MARKS = re.compile("[\u0300-\u036f]{2}")
_AS_ONE: dict[str, str] = {
    **dict.fromkeys("ıỉ", "i"),
    "ß": "ss",
    "ς": "σ",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ŧ": "t",
    "æ": "ae",
    "œ": "oe",
    **dict.fromkeys("ٱأإآ", "ا"),
    **dict.fromkeys("ىیېے", "ي"),
    "ک": "ك",
    "ڪ": "ك",
    "ة": "ه",
    "ۀ": "ه",
    "ہ": "ه",
    "ە": "ه",
    "ھ": "ه",
    "ۃ": "ه",
    "ؤ": "و",
    "ئ": "ي",
    **dict.fromkeys("‐‑⁃−﹣－", "-"),
    **dict.fromkeys("’ʼ＇`´ʹ′‘‛", "'"),
    "״": '"',
    "׳": "'",
}


_ONE_FOR_ALL = str.maketrans(_AS_ONE)
_OTHER_DIGIT = re.compile(r"[^\D0-9]")


def folded(word: str) -> str:
    """Return a word in the one form of its usual spellings; the same word again when it is in it.

    "Bogotá" is "bogota", "ΣΕΙΣΜΌΣ" and "σεισμός" are one word, as are "DİYARBAKIR" and "Diyarbakır", "самолёт" and
    "самолет". In Latin, letters of others that look the same are taken for Latin: "раypаl" with three Cyrillic letters
    is "paypal". A word that keeps a letter of another alphabet is left as it is written.
    """
    if word.isascii():
        return word.lower()
    word = INVISIBLE.sub("", unicodedata.normalize("NFKC", word.translate(_QUOTES))).replace(" ", "")
    if not word.isascii() and _LATIN.search(word):
        latin = word.translate(_LOOKALIKES)
        word = latin if _without_marks(latin).isascii() else word
    return word.lower() if word.isascii() else _without_marks(word)


def visible(text: str) -> str:
    """Return *text* without what nobody sees: soft hyphens, joiners, marks of direction, tags."""
    return text if text.isascii() else INVISIBLE.sub("", text)


# NFKC makes a space and a mark of some of these.
_QUOTES = {ord(letter): "'" for letter in "’ʼ＇`´ʹ′‘‛"}


def _without_marks(word: str) -> str:
    """Return a word in small letters, without the marks that people leave out."""
    apart = unicodedata.normalize("NFD", word.lower())
    if _HAS_MARKS_AFTER_MARKS.search(apart):  # a lookbehind sees one letter: Vietnamese has two marks on some
        apart = re.sub("([a-zα-ω])[\u0300-\u036f]+", r"\1", apart)
    plain = unicodedata.normalize("NFC", _LEFT_OUT.sub("", apart)).translate(_ONE_FOR_ALL)
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit.group())), plain)
