"""What people and scripts see: tables on a terminal, plain columns in a pipe, one line on failure."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TextIO

from trendspark_cli.base.errors import CeilingReachedError, StopRequest, TrendSparkError
from trendspark_cli.base.redaction import redact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.base.models import RunResult

_shown: list[str] = []  # what moves on stderr now: two would write over each other
BARS = "▁▂▃▄▅▆▇█"
FULL_BAR = BARS[-1]
TOLD_MEANWHILE = ("fetched", "new", "posts_in_window", "opened", "asked")  # counts that grow while a job is at work
LONGEST_UNFOLDED = 24  # characters
ZEROS_TOLD = ("fetched", "new", "opened", "rows", "trends", "written")  # counts that say something when they are none
COUNT_WORDS = {
    "posts_seen": "new posts",
    "posts_in_window": "posts compared",
    "posts_folded": "posts added to what is usual",
    "terms_forgotten": "faded words dropped",
}
_HELD_BLANK = "\ue000"  # a blank where no line may end
FOLDED_INDENT = 4  # characters before what a folded sentence goes on with
# Patterns as texts: `re` compiles them when the first text asks for it, which most starts never do.
# Control characters, line breaks and bidirectional overrides: post text must not move the cursor or fake a line.
_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+"
# What nobody sees: soft hyphens, zero widths, fillers, tags. Joiners stay where a script or an emoji needs them.
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_LETTERS_WITH_JOINERS = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\ufb50-\ufeff"
_INVISIBLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2061-\u206f\u3164"
    "\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    f"|(?<![{_LETTERS_WITH_JOINERS}])\u200c|\u200c(?![{_LETTERS_WITH_JOINERS}])"
    f"|(?<![{_LETTERS_WITH_JOINERS}{_EMOJI}\ufe0f])\u200d|\u200d(?![{_LETTERS_WITH_JOINERS}{_EMOJI}])"
    f"|(?<![{_EMOJI}0-9#*])\ufe0f"
    r"|(?<![.@#/$])\u2060|\u2060(?!\w)"  # one of ours keeps what a model wrote from becoming a link
)


class Output(NamedTuple):
    """How this process talks. `is_terminal` is False under cron and in pipes."""

    is_json: bool = False
    is_quiet: bool = False
    is_verbose: bool = False
    is_terminal: bool = False

    def data(self, value: Mapping[str, Any]) -> None:
        """Print one JSON object on stdout."""
        _print_json(value, sys.stdout, indent=2 if self.is_terminal else None)

    def line(self, text: str) -> None:
        """Print a line of a result on stdout."""
        print(redact(text))

    def prose(self, text: str, *, indent: int = 0) -> None:
        """Print a sentence: one line, which a terminal that is too narrow gets folded between words."""
        text = printable(redact(text))
        first, *others = _folded(text, indent) if self.is_terminal else [text]
        print(" " * indent + first)
        for line in others:
            print(" " * (indent + FOLDED_INDENT) + line)

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        title: str = "",
        less_needed: Sequence[str] = (),
        texts: Sequence[str] = (),
        nothing: str = "",
    ) -> None:
        """Print rows under headings: drawn on a terminal, plain aligned columns elsewhere.

        A terminal too narrow for them all goes without the *less_needed* columns, the first one first, and may cut
        those of *texts*. *nothing*: what a person is told when there are no rows.
        """
        columns = [name.replace("_", " ") for name in columns]
        less_needed = [name.replace("_", " ") for name in less_needed]
        cells = [[printable(str(value) if value is not None else "") for value in row] for row in rows]
        if not self.is_terminal:
            _plain_table(columns, cells, sys.stdout)
        elif not rows and nothing:
            self.prose(nothing)
        else:
            from trendspark_cli.base.tables import draw_table

            safe = [[redact(cell) for cell in row] for row in cells]
            draw_table(columns, safe, title=title, less_needed=less_needed, texts=texts, prose=self.prose)

    def failure(
        self, error: BaseException, *, where: str, exit_code: int, run_id: int | None = None, is_of_run: bool = False
    ) -> None:
        """Say on stderr what went wrong, why and what to do: one line, or one object with --json."""
        hint = ""
        if isinstance(error, TrendSparkError):
            hint = error.hint if is_of_run else error.command_hint
        message = _message(error)
        if self.is_json:
            body = {"error": {"code": exit_code, "message": message, "hint": redact(hint)}}
            _print_json(body, sys.stderr)
            return
        parts = [f"trendspark {where}: {message}", *([redact(hint)] if hint else [])]
        run = f" (run {run_id})" if run_id is not None else ""
        text = printable("; ".join(parts) + run)
        first, *others = _folded(text, 0) if self.is_terminal and sys.stderr.isatty() else [text]
        print("\n".join([first, *(" " * FOLDED_INDENT + line for line in others)]), file=sys.stderr)


def has_terminal() -> bool:
    """Return whether a person started this process: cron's have no terminal, wherever their output goes."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def report(result: RunResult, output: Output) -> None:
    """Tell how a run ended: nothing for a success without a terminal, one line for a failure."""
    if output.is_json:
        output.data(run_json(result))
    is_old = isinstance(result.cause, CeilingReachedError) and not result.cause.is_news
    if result.cause is not None and (output.is_terminal or not is_old):
        output.failure(result.cause, where=result.job, exit_code=result.exit_code, run_id=result.run_id, is_of_run=True)
        if result.status == "partial" and output.is_terminal and not output.is_json and not output.is_quiet:
            output.prose(f"kept: {_summary(result)}")
        if (not output.is_json and _is_bug(result.cause)) or (output.is_verbose and result.cause.__traceback__):
            _print_traceback(result.cause)
    elif (output.is_terminal or result.is_dry) and not output.is_json and not output.is_quiet:
        output.prose(_summary(result))


def show_rows(result: RunResult, output: Output, name: str) -> None:
    """Print the rows a run gave under a name, such as its estimates, as a table; nothing when there are none."""
    rows = result.extra.get(name)
    if isinstance(rows, list) and rows:
        shown = [[_cell(heading, value) for heading, value in row.items()] for row in rows]
        output.table(tuple(rows[0]), shown, texts=("query",))


def _cell(heading: str, value: object) -> object:
    return usd_text(value) if "usd" in heading and isinstance(value, int | float) else value


class RowProgress:
    """Bars on a terminal: how many rows of each table have been dealt with. Without one it says nothing."""

    def __init__(self, bars: Any = None) -> None:
        self._bars = bars
        self._tasks: dict[str, Any] = {}

    def begin(self, table: str, rows: int) -> None:
        """Show a bar for a table with about so many rows to go."""
        if self._bars is not None and rows:
            self._tasks[table] = self._bars.add_task(table, total=rows)

    def advance(self, table: str, rows: int) -> None:
        """Move the bar of a table."""
        if table in self._tasks:
            self._bars.advance(self._tasks[table], rows)


@contextmanager
def row_progress(output: Output, *, is_wanted: bool = True) -> Iterator[RowProgress]:
    """Yield what shows progress on stderr while the block runs, when a person looks at it."""
    if not (is_wanted and output.is_terminal and sys.stderr.isatty()) or output.is_json or output.is_quiet:
        yield RowProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    _shown.append("bars")
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            yield RowProgress(bars)
    finally:
        _shown.pop()


@contextmanager
def counting(output: Output, counts: Mapping[str, object]) -> Iterator[None]:
    """Show on stderr how far a job has come, by its *counts*, while the block runs and a person looks at it."""
    is_watched = output.is_terminal and sys.stderr.isatty() and not _shown
    if not is_watched or output.is_json or output.is_quiet or output.is_verbose:
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TimeElapsedColumn
    from rich.text import Text

    class Counts(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(", ".join(f"{count_words(name)} {counts[name]}" for name in TOLD_MEANWHILE if name in counts))

    columns = (SpinnerColumn(), TimeElapsedColumn(), Counts())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        shown.add_task("")
        yield


def run_json(result: RunResult) -> dict[str, Any]:
    """Return a run in the shape every job prints it in."""
    from trendspark_cli.base.clock import to_text

    return {
        "job": result.job,
        "run_id": result.run_id,
        "status": result.status,
        "exit_code": result.exit_code,
        "started_at": to_text(result.started_at),
        "duration_seconds": result.duration_seconds,
        "counts": dict(result.counts),
        "errors": [dict(error) for error in result.errors],
        **result.extra,
    }


def printable(text: str) -> str:
    """Return *text* on one line, without characters that could act on a terminal or that nobody sees."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_INVISIBLE, "", re.sub(_UNPRINTABLE, " ", text))


def shortened(text: str, width: int) -> str:
    """Return *text* cut to *width* characters, marked when it was cut."""
    text = " ".join(printable(text).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def short_time(text: str | None) -> str:
    """Return a stored time as people read it in a table: `11-01 12:00Z`, or in their TIMEZONE."""
    from trendspark_cli.base.clock import day_text, from_text

    return day_text(from_text(text)) if text else ""


def size_text(count: int) -> str:
    """Return bytes as people read them: `3.5 MB`."""
    if count < 1000:
        return f"{count} bytes"
    power = min(4, (len(str(count)) - 1) // 3)
    return f"{count / 1000**power:.1f} {'kMGT'[power - 1]}B"


def usd_text(amount: float) -> str:
    """Return dollars as people read them: with cents, or with what there is less than one."""
    from decimal import ROUND_HALF_UP, Decimal

    cents = Decimal("0.0001" if 0 < amount < 0.01 else "0.01")
    return str(Decimal(repr(float(amount))).quantize(cents, ROUND_HALF_UP))  # half a cent is what a read of X costs


def sparkline(values: Sequence[float]) -> str:
    """Return *values* as bars; zero is a blank, the highest is a full bar."""
    highest = max(values, default=0)
    if highest <= 0:
        return " " * len(values)
    return "".join(" " if v <= 0 else BARS[min(len(BARS) - 1, int(v / highest * len(BARS)))] for v in values)


def bar(value: float, highest: float, width: int) -> str:
    """Return a bar of at most *width* characters, at least one for what is more than nothing."""
    length = max(1, round(value / highest * width)) if value > 0 else 0
    return (FULL_BAR if _can_show(FULL_BAR) else "#") * length


def _print_json(value: Mapping[str, Any], stream: TextIO, indent: int | None = None) -> None:
    """Print one JSON object in UTF-8, as JSON is everywhere, whatever the encoding of the stream."""
    text = redact(json.dumps(value, ensure_ascii=False, indent=indent))
    raw = getattr(stream, "buffer", None)
    if raw is None or (stream.encoding or "").lower().replace("_", "-") in ("utf-8", "utf8"):
        print(text, file=stream)
        return
    stream.flush()
    raw.write(f"{text}\n".encode("utf-8", "replace"))
    raw.flush()


def _can_show(text: str) -> bool:
    """Tell whether the encoding of stdout has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _message(error: BaseException) -> str:
    if isinstance(error, TrendSparkError | StopRequest):
        return redact(" ".join(str(error).split()))
    return redact(f"bug: {type(error).__name__}: {' '.join(str(error).split())}")


def _is_bug(error: BaseException) -> bool:
    return not isinstance(error, TrendSparkError | StopRequest)


def _print_traceback(error: BaseException) -> None:
    import traceback

    print(redact("".join(traceback.format_exception(error))), file=sys.stderr)


def _summary(result: RunResult) -> str:
    run = " (dry run: nothing was changed)" if result.is_dry else f" (run {result.run_id})"
    if why := result.counts.get("why"):
        return printable(f"{result.job}: {result.status}: it is {why}{run}")
    counts = ", ".join(
        f"{count_words(name)} {size_text(value) if 'bytes' in name and isinstance(value, int) else value}"
        for name, value in result.counts.items()
        if isinstance(value, int | float | str) and (value != 0 or name in ZEROS_TOLD)
    )
    known = 0 if "known" in result.counts else _known_already(result.counts)
    counts += f", known already {known}" if known else ""
    told = counts or ("nothing was asked" if result.is_dry else "nothing to do")
    return printable(f"{result.job}: {result.status} in {result.duration_seconds:.1f} s; {told}{run}")


def count_words(name: str) -> str:
    """Return what people call a count of a run."""
    return COUNT_WORDS.get(name, name.replace("_", " "))


def _known_already(counts: Mapping[str, object]) -> int:
    """Return how many of the posts that came were there and had not changed."""
    numbers = [counts.get(name, 0) for name in ("fetched", "new", "updated", "rejected")]
    if not all(isinstance(number, int) for number in numbers):
        return 0
    fetched, *others = (int(str(number)) for number in numbers)
    return max(0, fetched - sum(others))


def _folded(text: str, indent: int) -> list[str]:
    """Return *text* in lines that fit the terminal with so many blanks before them, and more before all but the first.

    A command in backquotes stays on one line. What a terminal shows of a letter may be two columns wide.
    """
    width = max(LONGEST_UNFOLDED, shutil.get_terminal_size().columns - indent)
    if text.isascii() and len(text) <= width:
        return [text]
    from rich.console import Console
    from rich.text import Text

    text = re.sub("`[^`]*`", lambda command: command[0].replace(" ", _HELD_BLANK), text)
    first, *more = Text(text).wrap(Console(), width)
    rest = text[len(first.plain) :].lstrip()
    others = Text(rest).wrap(Console(), width - FOLDED_INDENT) if more else ()
    return [line.plain.rstrip().replace(_HELD_BLANK, " ") for line in (first, *others)]


def _plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print(redact("  ".join(cells).rstrip()), file=stream)
