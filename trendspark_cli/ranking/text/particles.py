"""What an apostrophe joins to a word without being part of it: articles before it, endings after it."""

import re

_APOSTROPHE = "['’ʼ＇]"
# Before a vowel or h. French, Italian, Catalan, Portuguese, Irish: articles, prepositions with them, small words.
# Not of names that are written so: O'Brien, Sant'Agata, Sa'ad.
_BEFORE = (
    "l d c j m n s t v b un qu jusqu lorsqu puisqu quoiqu quelqu presqu dell all dall nell sull coll dagl degl agl negl"
    " sugl quest quell bell cos com dov anch senz tutt nient pel num"
)
ELIDED = rf"(?:{'|'.join(sorted(_BEFORE.split(), key=len, reverse=True))}){_APOSTROPHE}"
_ELIDED = re.compile(
    rf"[#@]?{ELIDED}"
    "(?=[aeiouyhàáâãäåæèéêëìíîïòóôõöøœùúûü])",
    re.IGNORECASE,
)
# Irish puts a small letter before the vowel of a name: hÉireann, tAontas.
# Not in a word of capitals here and there, which who copies a text may make of it.
_IRISH = re.compile(r"[htn]-?(?=[AEIOUÁÉÍÓÚ][a-záéíóú]{4,}$)")
# After a name, Turkish and its neighbours write the ending behind an apostrophe: Ankara'da, İstanbul'un.
_ENDINGS = (
    "d[ae](?:n|ki)?|t[ae](?:n|ki)?|n[ıiuü]n|[ıiuü]n|y?[ae]|y?[ıiuü]|n?d[ae]n?|s[ıiuü]|yl[ae]|l[ıiuü]|l[ae]r(?:[ıi]n?)?"
    "|ya|ye|n[ae]|y[ae]"
)
_ENDED = re.compile(rf"(?<=\w{{3}}){_APOSTROPHE}(?:{_ENDINGS})$", re.IGNORECASE)
_POSSESSIVE = ("'s", "’s", "'S", "’S", "ʼs")


def without_particles(word: str) -> str:
    """Return "Etna" for "l'Etna" and "dell’Etna", "Ankara" for "Ankara'da", "Boston" for "Boston's"."""
    if word[-2:] in _POSSESSIVE:
        return _without_article(word[:-2])
    if "'" in word or "’" in word or "ʼ" in word or "＇" in word:
        shorter = _without_article(word)
        return _ENDED.sub("", shorter).rstrip("'’ʼ")
    return _without_article(word) if word[:1] in "htn" else word


def _without_article(word: str) -> str:
    found = _ELIDED.match(word) or _IRISH.match(word)
    rest = word[found.end() :] if found else word
    return rest if len(rest) > 1 else word
