"""Every table of every command at every width: what stands in a cell is whole, or cut with a mark, or named below."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import pytest
from rich.cells import cell_len, set_cell_size

from tests.cli.crowded import TABLES, Terminal, shown
from tests.cli.plain_tables import PlainTable, plain_tables
from tests.cli.test_help_pages import pages
from tests.installation import Installation

WIDTHS = (40, 47, 60, 73, 80, 100, 120, 160)
ELSEWHERE = {
    "archives query": "columns as they were asked for, drawn by the same function",
    "profiles interest": "needs weeks of posts; drawn by the same function",
    "trends marks list": "as many columns as `trends list`, drawn by the same function",
    "profiles add": "the table of `profiles edit`",
    "trends show": "the table of `trends list`, of a word that fits several",
    "calibrate": "the table of `backtest`",
    "demo": "the table of `trends list`",
    "jobs run": "the table of that job",
}
PROSE = {
    "alert-test",
    "alerts drop",
    "alerts retry",
    "alerts show",
    "archives ddl",
    "archives restore",
    "archives verify",
    "archives write-off",
    "channels test",
    "config check",
    "crontab check",
    "crontab print",
    "db backup",
    "db copy",
    "db init",
    "db stats",
    "db upgrade",
    "deliver",
    "init",
    "jobs pause",
    "jobs resume",
    "logs",
    "mcp",
    "posts forget",
    "posts search",
    "posts why",
    "profiles remove",
    "report",
    "rules add",
    "rules remove",
    "rules sync",
    "stream",
    "trends export",
    "trends mark",
    "trends marks clear",
    "vacuum",
}


def test_every_command_is_known_to_have_a_table_or_none() -> None:
    names = pages()[1:]
    commands = {name for name in names if not any(other.startswith(f"{name} ") for other in names)}
    drawn = {name for name in commands for words in TABLES if words[: len(name.split())] == tuple(name.split())}

    assert drawn | set(ELSEWHERE) | PROSE == commands
    assert not drawn & (set(ELSEWHERE) | PROSE)


@pytest.mark.parametrize("arguments", TABLES, ids=" ".join)
def test_no_table_of_any_width_shows_a_value_that_is_not_so(
    crowded: Installation, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for width in WIDTHS[:: 3 if arguments[0] == "backtest" else 1]:
        monkeypatch.setenv("COLUMNS", str(width))
        tables, lines = at_one_moment(arguments)
        assert tables != [], "\n".join(lines)
        for table in tables:
            assert wrong_cells(table, lines, width) == [], f"{width} columns:\n" + "\n".join(lines)


@pytest.mark.parametrize("arguments", [("budget",), ("gaps", "list"), ("jobs", "list")], ids=" ".join)
def test_what_an_operator_types_again_is_there_at_eighty_columns(
    crowded: Installation, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = shown(arguments, Terminal())

    assert plain_tables(shown(arguments, io.StringIO()))[0].headings[0] == lines[0].split()[0]
    assert all(cell_len(line) <= 80 for line in lines)


def steady(lines: list[str]) -> list[str]:
    """Return lines with the same free disk in each: others write there meanwhile."""
    return [re.sub(r"\d+\.\d GB free", "12.3 GB free", line) for line in lines]


def at_one_moment(arguments: Sequence[str]) -> tuple[list[PlainTable], list[str]]:
    """Return the tables of a command in a pipe and what it draws on a terminal, both of one second."""
    for _ in range(20):
        before, lines, after = (steady(shown(arguments, stream())) for stream in (io.StringIO, Terminal, io.StringIO))
        if before == after:
            return plain_tables(before), lines
    raise AssertionError(f"{arguments} says something else each time")


def wrong_cells(table: PlainTable, lines: list[str], width: int) -> list[str]:
    """Return what a drawn table, or its blocks, say otherwise than these rows."""
    headings, rows = table.headings, table.rows
    shown_lines = [line.rstrip() for line in lines]
    heads = (n - 1 for n, line in enumerate(shown_lines) if n and set(line) == {"─"})
    named = {n + 1: sum(name in line for name in headings) for n in heads if (line := shown_lines[n].strip())}
    ruled = max(named, key=named.__getitem__, default=None)
    if ruled is None or not shown_lines[ruled - 1].strip().startswith(headings[0]):
        text = squeezed("".join(shown_lines))
        pairs = [dict(zip(headings, row, strict=True)) for row in rows]
        if len(headings) == 2:
            pairs = [{row[0]: row[1]} for row in rows]
        blocks = [squeezed(f"{name}: {cell}") for pair in pairs for name, cell in pair.items() if cell]
        return [block for block in blocks if block not in text]
    body: list[str] = []
    for line in shown_lines[ruled + 1 :]:
        if (
            not line
            or line.startswith(("no room for: ", "there is no post yet"))
            or (table.then and line.strip().startswith(table.then))
        ):
            break
        body.append(line)
    wrong = [line for line in body if cell_len(line) > width]
    folded = " ".join(shown_lines)
    left_out = re.search(r"no room for: (.*?) \(a wider", re.sub(r"\s+", " ", folded))
    missing = left_out[1].split(", ") if left_out else []
    filled = [name for n, name in enumerate(headings) if any(row[n] for row in rows)]
    columns = drawn_columns([shown_lines[ruled - 1], *body])
    drawn = [cells[0] for cells in columns]
    kept = [name for name in headings if name not in missing and (name in filled or name in drawn)]
    if [cells[0] for cells in columns] != kept:
        return [f"headings {[cells[0] for cells in columns]}, expected {kept}"]
    for name, cells in zip(kept, columns, strict=True):
        truth = [row[headings.index(name)] for row in rows]
        wrong += compared(name, truth, cells[1:])
    return wrong


def compared(name: str, truth: list[str], cells: list[str]) -> list[str]:
    """Return what is wrong in a column: its cells hold these values in this order, folded or cut with a mark."""
    rest = [cell for cell in cells if cell]
    for value in truth:
        wanted, have = squeezed(value), ""
        while rest and wanted.startswith(have + squeezed(rest[0])) and have != wanted:
            have += squeezed(rest.pop(0))
        if have != wanted:
            cut = rest.pop(0) if rest else ""
            is_number = re.fullmatch(r"[\d.,]+", value) is not None
            if is_number or not cut.endswith("…") or not wanted.startswith(have + squeezed(cut[:-1])):
                return [f"{name}: {have + cut!r} instead of {value!r}"]
    return [f"{name}: {rest!r} beyond {truth!r}"] if rest else []


def drawn_columns(lines: Sequence[str]) -> list[list[str]]:
    """Return the cells of a drawn table by column: parted where two columns of the terminal are blank in every line."""
    wide = max(map(cell_len, lines))
    spread = [spread_out(set_cell_size(line, wide)) for line in lines]
    is_blank = [all(line[n] == " " for line in spread) for n in range(wide)]
    text = "".join(" " if blank else "x" for blank in is_blank)
    spans = [match.span() for match in re.finditer(r"\S(?: ?\S)*", text)]
    headed = [a for a, b in spans if lines[0][a:b].strip()]  # a cell that is cut may hold two blanks before its mark
    spans = list(zip(headed, [*headed[1:], wide], strict=True))
    return [[line[a:b].replace("\0", "").strip() for line in spread] for a, b in spans]


def spread_out(line: str) -> str:
    """Return a line with a mark after each letter that is two columns wide."""
    return "".join(letter + "\0" * (cell_len(letter) - 1) for letter in line)


def squeezed(text: str) -> str:
    """Return a text without blanks: folding adds and takes them."""
    return re.sub(r"\s+", "", text)
