"""What a column of an archived table holds, beyond its type: said where the row's field is declared."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

ColumnKind = Literal["int", "real", "text", "word", "time", "texts"]

Word = Annotated[str, "word"]  # a text of which there are few different ones
Time = Annotated[str, "time"]  # text in the stored form
Gathered = Annotated[str, "gathered"]  # JSON of rows of other tables: in an archive's file, but no column of the table
GatheredTexts = Annotated[tuple[str, ...], "texts"]  # one text of each such row

_PLAIN: dict[object, ColumnKind] = {int: "int", float: "real", str: "text"}


def kinds_of(row: type) -> dict[str, tuple[ColumnKind, bool]]:
    """Return for each field of a row class, in their order, its kind and whether it is gathered from other tables."""
    return {name: _kind(hint) for name, hint in get_type_hints(row, include_extras=True).items()}


def _kind(hint: object) -> tuple[ColumnKind, bool]:
    if get_origin(hint) in (Union, UnionType):
        [hint] = [option for option in get_args(hint) if option is not NoneType]
    if get_origin(hint) is not Annotated:
        return _PLAIN[hint], False
    mark = get_args(hint)[1]
    return ("text", True) if mark == "gathered" else (mark, mark == "texts")
