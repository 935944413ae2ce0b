"""Tables on a terminal: what stands in a cell is whole, or marked as cut, or named below as left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

LEAST_TEXT = 16  # columns that a text which may be cut keeps
LEAST_SENTENCE = 24  # columns that a text which is folded keeps
BETWEEN = 2  # columns from one cell to the next
NARROW = 60  # columns: below that a table that does not fit becomes blocks
_NUMBER = re.compile(r"(?:♥ )?[-+]?\$?\d[\d,.]*%?")
_COLOURED = ("state", "status", "last status", "ok")  # columns in which a word has the colour of what it means
_STYLES = {
    **dict.fromkeys(
        ("FAILS", "fail", "failed", "error", "timeout", "dead", "lost", "abandoned", "missing"), "bold red"
    ),
    **dict.fromkeys(("warn", "partial", "interrupted", "expired", "pending", "sending"), "yellow"),
    **dict.fromkeys(("ok", "success", "sent", "done", "filled", "verified"), "green"),
    **dict.fromkeys(("off", "skipped", "muted", "closed"), "dim"),
}


def draw_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    less_needed: Sequence[str] = (),
    texts: Sequence[str] = (),
    prose: Callable[[str], None] = print,
) -> None:
    """Print rows under headings, as wide as the terminal is.

    *texts* may be cut, which a … marks; other cells with blanks in them are folded when they are long; what is left,
    numbers and ids, is whole. Where there is no room the *less_needed* columns go, the first one first, and are named
    below; an empty one of them is never shown. Where that is not enough, or the terminal is very
    narrow, each row becomes lines of `heading: value`. *prose* prints a sentence.
    """
    from rich.console import Console

    console = Console()
    if title:
        console.print(title, markup=False, highlight=False, style="italic")
    shown = _shown(columns, rows, less_needed, texts, console.width)
    left_out = [name for n, name in enumerate(columns) if name not in shown and any(row[n] for row in rows)]
    if not shown or (left_out and console.width < NARROW):
        _print_blocks(columns, rows, console.width, prose)
        return
    _print_table(columns, rows, shown)
    if left_out:
        prose(f"no room for: {', '.join(left_out)} (a wider terminal or --json has them)")


def _shown(
    columns: Sequence[str], rows: Sequence[Sequence[str]], less_needed: Sequence[str], texts: Sequence[str], room: int
) -> dict[str, tuple[int, bool]]:
    """Return the columns that fit with their widths and whether each is folded; none when too few would be left."""
    from rich.cells import cell_len

    widest, least, folded = {}, {}, set()
    for number, name in enumerate(columns):
        cells = [row[number] for row in rows]
        widest[name] = max([cell_len(name), *(cell_len(cell) for cell in cells)])
        least[name] = widest[name]
        if name in texts:
            least[name] = min(widest[name], max(LEAST_TEXT, cell_len(name)))
        elif any(" " in cell.strip() and cell_len(cell) > LEAST_SENTENCE for cell in cells):
            least[name] = min(widest[name], max(LEAST_SENTENCE, cell_len(name)))
            folded.add(name)
    empty = [name for name in less_needed if name in columns and not any(row[columns.index(name)] for row in rows)]
    kept = {name: width for name, width in least.items() if name not in empty}
    for name in less_needed:
        if _width(kept) > room:
            kept.pop(name, None)
    if _width(kept) > room:
        return {}
    while (spare := room - _width(kept)) > 0:
        short = max(kept, key=lambda name: widest[name] - kept[name])
        lacking = widest[short] - kept[short]
        if not lacking:
            break
        kept[short] += max(1, min(lacking, spare) // len(kept))
    return {name: (width, name in folded) for name, width in kept.items()}


def _width(widths: dict[str, int]) -> int:
    return sum(widths.values()) + BETWEEN * (len(widths) - 1)


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], shown: dict[str, tuple[int, bool]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for number, name in enumerate(columns):
        if name not in shown:
            continue
        width, is_folded = shown[name]
        cells = [row[number] for row in rows if row[number]]
        is_number = bool(cells) and all(_NUMBER.fullmatch(cell) for cell in cells)
        table.add_column(
            name,
            width=width,
            no_wrap=not is_folded,
            overflow="fold" if is_folded else "ellipsis",
            justify="right" if is_number else "left",
        )
    for row in rows:
        table.add_row(*[_cell(name, row[number]) for number, name in enumerate(columns) if name in shown])
    Console().print(table)


def _print_blocks(
    columns: Sequence[str], rows: Sequence[Sequence[str]], room: int, prose: Callable[[str], None]
) -> None:
    """Print each row as lines of `heading: value`, empty ones left out, a blank line between two rows."""
    has_names = len(columns) == 2  # what, how much
    for number, row in enumerate(rows):
        if number and not has_names:
            print()
        for name, value in [row] if has_names else zip(columns, row, strict=True):
            line = f"{name}: {value}" if name else value
            if not value:
                continue
            if " " in value and len(line) > room:
                prose(line)
            else:
                print(line)


def _cell(column: str, value: str) -> Text:
    from rich.text import Text

    return Text(value, style=_STYLES.get(value, "") if column in _COLOURED else "")
