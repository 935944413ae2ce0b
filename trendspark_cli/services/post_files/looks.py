"""What a file looks like that holds no post, and what its owner can do."""

from __future__ import annotations

import re

from trendspark_cli.services.post_files.csv_rows import columns_of
from trendspark_cli.services.post_files.own_lines import REQUIRED

FORMS = "docs/how-to/files.md shows each form that is read"
_EXPORT = "export its posts as NDJSON or CSV with the columns source, source_id, created_at and text"
_KNOWN: tuple[tuple[bytes, str, str], ...] = (  # first bytes, what it is, what to do
    (b"PK\x03\x04", "a zip archive (or a document of an office program)", "unpack it first, or save the table as CSV"),
    (b"PK\x05\x06", "an empty zip archive", "look at what made it"),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"PAR1", "a Parquet file", "bring an archive back with `trendspark archives restore`; or " + _EXPORT),
    (b"ARROW1", "an Arrow file", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"Rar!", "a rar archive", "unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old document of an office program", "save the table as CSV"),
    (b"\x89PNG", "an image (PNG)", "give a file of posts"),
    (b"\xff\xd8\xff", "an image (JPEG)", "give a file of posts"),
    (b"GIF8", "an image (GIF)", "give a file of posts"),
    (b"RIFF", "an image or sound (RIFF)", "give a file of posts"),
    (b"%PDF", "a PDF document", "give a file of posts"),
    (b"\x7fELF", "a program", "give a file of posts"),
    (b"\x1f\x8b", "a file packed with gzip twice", "unpack it once more first"),
    (b"\x1f\x9d", "a file packed with compress", "unpack it first"),
    (b"\x04\x22\x4d\x18", "a file packed with lz4", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a file packed with zstd twice", "unpack it once more first"),
)
_MARKUP = re.compile(rb"\s*<(!doctype html|html|head|body|\?xml|rss|feed|svg|[a-z]+)", re.IGNORECASE)
_TAR_MAGIC_AT = 257


def known_by_its_beginning(head: bytes) -> tuple[str, str] | None:
    """Return what a file is and what to do, by its first bytes; None when it may hold posts."""
    for magic, what, advice in _KNOWN:
        if head.startswith(magic) and (not magic.isalnum() or b"\x00" in head):  # letters alone may begin a text
            return what, advice
    if head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        return "a tar archive", "unpack it first"
    if head[:2] in (b"{\x00", b"[\x00", b"\x00{", b"\x00[") or _is_mostly_wide(head):
        return "UTF-16 without a byte order mark", "save it as UTF-8 (PowerShell: `Out-File -Encoding utf8`)"
    markup = _MARKUP.match(head)
    if markup is not None:
        name = markup[1].lower()
        if name in (b"?xml", b"rss", b"feed", b"svg"):
            return "XML", "give a file of posts; feeds are read from their address"
        return "an HTML page", "look at it in a browser: it may be a sign-in page or an error of the server"
    return None


def described(head: bytes, first_object: list[str], *, has_json: bool) -> tuple[str, str]:
    """Return what a file is of which nothing was understood, and what to do.

    *first_object*: the names in its first JSON object. *has_json*: whether there was any JSON.
    """
    if not head.strip():
        return "an empty file", "look at what should have written it"
    if first_object:
        names = ", ".join(first_object[:6]) + (", ..." if len(first_object) > 6 else "")
        return f"JSON with {names}, which is no form of posts that is known", FORMS
    table = columns_of(head)
    if table is not None:
        names = ", ".join(table[0][:6]) + (", ..." if len(table[0]) > 6 else "")
        return f"CSV with the columns {names}", f"the columns {', '.join(REQUIRED)} are needed"
    if b"\x00" in head:
        return "binary data", FORMS
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.end < len(head) - 4:  # not merely cut in the middle of a character
            return "text in an old encoding, or binary data", "save it as UTF-8"
    if has_json:
        return "JSON without an object", FORMS
    if not head.strip(b"[]{}, \t\r\n"):
        return "JSON with nothing in it", "look at what should have written it"
    is_begun = head.lstrip()[:1] in (b"{", b"[")
    return ("JSON that is broken from its first line on" if is_begun else "text that is no JSON"), FORMS


def _is_mostly_wide(head: bytes) -> bool:
    """Tell whether every other byte is zero, as in UTF-16 of western text."""
    sample = head[:200]
    if len(sample) < 8:
        return False
    return min(sample[::2].count(0), sample[1::2].count(0)) == 0 and sample.count(0) > len(sample) * 0.4
