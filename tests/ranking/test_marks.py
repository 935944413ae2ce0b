"""Combining marks are written down, so that every Python cuts texts alike."""

from __future__ import annotations

import re
import unicodedata

from trendspark_cli.ranking.text.marks import marks

ALL = re.compile(f"[{marks()}]")


def test_every_mark_of_unicode_14_is_one_and_nothing_else() -> None:
    asked = map(chr, range(0x300, 0x1F000))
    told = {sign for sign in asked if unicodedata.category(sign) in ("Mn", "Mc")}
    known = {sign for sign in map(chr, range(0x110000)) if ALL.match(sign)}

    assert known <= told
    if unicodedata.unidata_version == "14.0.0":
        assert known == told
