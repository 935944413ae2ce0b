"""On a terminal: tables, and nothing that a post could do to it."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest
from rich.cells import cell_len

from tests.builders import own_line, post
from tests.installation import Installation
from tests.tools.processes import COMMAND
from trendspark_cli.base.console import Output, printable, shortened, sparkline
from trendspark_cli.store.sqlite.store import SqliteStore

HOSTILE = "\u001b]0;owned\u0007[red]\u202eevil\u202c\r\nforged line\u2028\u009b31m [/bold] end"


def on_terminal(workplace: Installation, *arguments: str, with_stderr: bool = False, **environment: str) -> str:
    """Return what a command shows on a terminal of 120 columns, what it says on stderr only when that is asked for."""
    ours, theirs = pty.openpty()
    around = {**workplace.surroundings(), "TERM": "xterm-256color", "COLUMNS": "120", **environment}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=around,
        cwd=workplace.home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs if with_stderr else None,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the last process on that terminal has ended
            break
        if not part:
            break
        shown += part
    os.close(ours)
    process.wait(timeout=30)
    return shown.decode()


@pytest.fixture
def hostile(workplace: Installation, store: SqliteStore) -> Installation:
    """An installation whose audit names a hostile query and whose last run failed with a hostile text."""
    from tests.builders import NOW, page
    from trendspark_cli.store.rows.collecting import PageOutcome

    with store.transaction():
        run_id = store.job_runs.start("ingest", NOW, 1, "host", "0")
        store.audit.add(run_id, "default", "file", HOSTILE, page(post()), PageOutcome(1, 0), NOW, error=HOSTILE)
        store.job_runs.finish(run_id, "error", 1, HOSTILE, {}, NOW, 1.0)
    return workplace


def test_a_list_is_a_table_with_lines_on_a_terminal(workplace: Installation) -> None:
    shown = on_terminal(workplace, "jobs", "list")

    assert "─" in shown
    assert "ingest_rank" in shown


def test_a_list_is_plain_columns_in_a_pipe(workplace: Installation) -> None:
    lines = workplace.command("jobs", "list").stdout.splitlines()

    assert lines[0].split()[:3] == ["id", "paused", "schedule"]
    assert all("\x1b" not in line and "─" not in line for line in lines)


def test_a_job_says_on_a_terminal_what_it_did(workplace: Installation) -> None:
    shown = on_terminal(workplace, "ingest", "--from", "/dev/null")

    assert "ingest: success" in shown
    assert "(run 1)" in shown


def test_a_quiet_job_says_nothing_on_a_terminal_either(workplace: Installation) -> None:
    assert on_terminal(workplace, "ingest", "--from", "/dev/null", "--quiet") == ""


def test_without_colour_there_is_none(workplace: Installation) -> None:
    shown = on_terminal(workplace, "jobs", "list", NO_COLOR="1")

    assert "\x1b[3" not in shown


@pytest.mark.parametrize("arguments", [("audit",), ("jobs", "history")])
def test_foreign_text_can_do_nothing_to_a_terminal(hostile: Installation, arguments: tuple[str, ...]) -> None:
    shown = on_terminal(hostile, *arguments, NO_COLOR="1")

    foreign = [character for character in ("\x1b]", "\x07", "\u202e", "\u2028", "\x9b") if character in shown]
    assert foreign == []


@pytest.mark.parametrize("arguments", [("audit",), ("jobs", "history")])
def test_foreign_text_cannot_forge_a_line_of_a_list(hostile: Installation, arguments: tuple[str, ...]) -> None:
    shown = hostile.command(*arguments).stdout

    assert len(shown.splitlines()) == 2
    assert "[red]" in shown


def test_markup_in_foreign_text_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Output(is_terminal=True).table(("trend",), [("[red]bridge[/red] [link=https://evil.example]x[/link]",)])

    assert "[red]bridge[/red]" in capsys.readouterr().out.replace("\n", "")


def test_a_sentence_is_folded_between_words_on_a_terminal_and_no_letter_is_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    sentence = "Harbour Bridge, closed: 39 posts by 39 authors in 2 h; 港の橋が閉鎖されました 港の橋が閉鎖されました"

    Output(is_terminal=True).prose(sentence, indent=3)

    lines = capsys.readouterr().out.splitlines()
    assert " ".join(line.strip() for line in lines) == sentence
    assert [len(line) - len(line.lstrip()) for line in lines] == [3, 7, 7, 7]
    assert all(cell_len(line) <= 40 for line in lines)


def test_a_sentence_is_one_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    Output().prose("closed " * 50 + "\nforged line")

    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_hostile_post_that_is_ingested_prints_as_one_json_object(workplace: Installation) -> None:
    workplace.ingest_lines(own_line(text=HOSTILE))

    assert workplace.command("audit", "--json").json["audit"][0]["new"] == 1


@pytest.mark.parametrize(
    "invisible",
    [
        *("\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b", "\u200c", "\u200d", "\u2060", "\u2064"),
        *("\u3164", "\ufe00", "\ufe0f", "\uffa0", "\ufff9", "\U000e0041", "\U000e007f", "\U000e0101", "\U0001d173"),
    ],
)
def test_what_nobody_sees_does_not_reach_a_terminal(invisible: str) -> None:
    assert printable(f"pay{invisible}pal") == "paypal"


@pytest.mark.parametrize("marks", ["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"])
def test_what_turns_the_order_of_letters_around_does_not_reach_a_terminal(marks: str) -> None:
    assert marks not in printable(f"a{marks}b")


@pytest.mark.parametrize("text", ["👩\u200d👩\u200d👧", "❤\ufe0f", "می\u200cخواهم", "क्\u200dष", "1\ufe0f\u20e3"])
def test_joiners_stay_where_a_script_or_an_emoji_is_written_with_them(text: str) -> None:
    assert printable(text) == text


def test_printable_text_is_one_line_and_keeps_every_script() -> None:
    assert printable("a\nb\tc\x1b[0m\u202ed") == "a b c [0m d"
    assert printable("северное сияние 橋 🙂 שלום") == "северное сияние 橋 🙂 שלום"


def test_long_text_is_cut_and_marked() -> None:
    assert (shortened("abcdef", 6), shortened("abcdefg", 6), shortened("a \n b", 9)) == ("abcdef", "abcde…", "a b")


def test_a_sparkline_shows_nothing_as_a_blank_and_the_most_as_a_full_bar() -> None:
    assert (sparkline([0, 1, 4, 8]), sparkline([0, 0]), sparkline([])) == (" ▂▅█", "  ", "")


def test_a_long_job_shows_on_a_terminal_that_it_is_at_work(workplace: Installation) -> None:
    shown = on_terminal(workplace, "ingest", "--from", "/dev/null", with_stderr=True)

    assert "0:00:0" in shown
    assert "(run 1)" in shown
