"""The text of an env file with other values in it: every line that says nothing of them stays as it is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping

from dotenv.parser import Binding, parse_stream

MASK = "***"


def values_in(text: str) -> dict[str, str]:
    """Return what an env file says; of a name that stands there twice the last one counts."""
    return {each.key: each.value or "" for each in _bindings(text) if each.key is not None}


def changed(text: str, values: Mapping[str, str], gone: frozenset[str] = frozenset()) -> str:
    """Return *text* with these values, each in the line that had it, or at the end; names that are *gone* have none."""
    last = {each.key: number for number, each in enumerate(_bindings(text)) if each.key is not None}
    lines, end = [], "\r\n" if "\r\n" in text else "\n"
    for number, each in enumerate(_bindings(text)):
        written = each.original.string
        name = each.key or ""
        if name in gone or (name in values and last[name] != number):
            lines.append(_before(written))
        elif name in values:
            lines.append(_rewritten(each, values[name], end))
        else:
            lines.append(written)
    whole = "".join(lines)
    new = [name for name in values if name not in last]
    if new and whole and not whole.endswith(("\n", "\r")):
        whole += end
    return whole + "".join(f"{line_of(name, values[name])}{end}" for name in new)


def line_of(name: str, value: str) -> str:
    """Return `NAME=value` as it is read back: as it is where that works, else in quotes."""
    plain = f"{name}={value}"
    if value[:1] not in ("'", '"') and values_in(plain) == {name: value}:
        return plain
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{escaped}'"


def _bindings(text: str) -> Iterator[Binding]:
    return parse_stream(io.StringIO(text, newline=""))


def _before(written: str) -> str:
    """Return the blank lines in front of a line."""
    return written[: len(written) - len(written.lstrip())]


def _rewritten(each: Binding, value: str, end: str) -> str:
    written, name = each.original.string, each.key or ""
    if (each.value or "") == value:
        return written
    export = re.match(r"\s*(export\s+)?", written)
    beginning = _before(written) + (export[1] or "" if export else "")
    return f"{beginning}{line_of(name, value)}{_comment(each)}{end}"


def _comment(each: Binding) -> str:
    """Return what stands behind a value for people, with the blanks in front of it."""
    line = each.original.string.rstrip("\r\n")
    for found in re.finditer(r"[^\S\r\n]+#", line):
        if values_in(line[: found.start()]).get(each.key or "", "") == (each.value or ""):
            return line[found.start() :]
    return ""
