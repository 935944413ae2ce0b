"""What somebody reads who begins: each line is about what they have, names a thing once, and is in words."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import NOW, own_line, topic_trend
from tests.cli.test_terminal import on_terminal
from tests.installation import Installation
from trendspark_cli.base.console import Output, report
from trendspark_cli.base.models import RunResult
from trendspark_cli.trends.verdicts import CONSEQUENCES

NEWS = {"HACKERNEWS_INGEST_ENABLED": "true"}


@pytest.mark.parametrize(
    ("settings", "sources"),
    [
        (NEWS, "hackernews"),
        ({"BLUESKY_INGEST_ENABLED": "true", "KEYWORDS": "ferry"}, "bluesky"),
        ({"BLUESKY_INGEST_ENABLED": "true", "KEYWORDS": "ferry", **NEWS}, "bluesky, hackernews"),
    ],
)
def test_the_settings_of_other_sources_are_checked_without_a_word_about_x(
    workplace: Installation, settings: dict[str, str], sources: str
) -> None:
    done = workplace.command("config", "check", environment=settings)

    assert (done.exit_code, done.stdout.splitlines()) == (0, [f"sources: {sources}", "settings are good"])


@pytest.mark.parametrize(
    ("settings", "lacking"),
    [({"KEYWORDS": "ferry"}, "X_BEARER_TOKEN"), ({"X_BEARER_TOKEN": "t" * 40}, "KEYWORDS")],
)
def test_of_x_only_what_is_still_missing_is_asked_for(
    workplace: Installation, settings: dict[str, str], lacking: str
) -> None:
    done = workplace.command("config", "check", environment=settings)

    assert f"X is not configured: set {lacking}, or read files with `ingest --from`" in done.stdout.splitlines()


def test_a_file_that_is_not_there_is_named_once_and_is_one_line_in_the_log(workplace: Installation) -> None:
    done = workplace.command("ingest", "--from", "nosuch.ndjson")

    assert done.stderr == (
        "trendspark ingest: 'nosuch.ndjson' cannot be read: No such file or directory; "
        "give a readable file, or - for stdin (run 1)\n"
    )
    assert "Traceback" not in workplace.log_file.read_text()


def test_trends_are_exported_into_a_folder_that_is_made(workplace: Installation, tmp_path: Path) -> None:
    done = workplace.command("trends", "export", str(tmp_path / "new" / "folder"))

    assert done.exit_code == 0, done.stderr
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == {"trends.csv", "trend_counts.csv"}


def test_the_database_is_told_of_in_sizes_and_without_its_empty_tables(workplace: Installation) -> None:
    workplace.ingest_lines(own_line("1"))

    lines = workplace.command("db", "stats").stdout.splitlines()

    assert [line.partition(":")[0] for line in lines[:3]] == ["database", "size", "index of `posts search`"]
    assert "rows in posts: 1" in lines
    assert not [line for line in lines if line.endswith(": 0")]


def test_a_verdict_says_what_follows_from_it(workplace: Installation) -> None:
    with closing(workplace.store()) as store, store.transaction():
        store.trends.save(topic_trend(workplace.now))

    said = [workplace.command("trends", "mark", "1", verdict).stdout for verdict in ("noise", "good")]

    assert said == [
        f"trend 1 is marked as noise: {CONSEQUENCES['noise']}\n",
        f"trend 1 is marked as good: {CONSEQUENCES['good']}\n",
    ]


def test_a_pause_says_how_it_ends(workplace: Installation) -> None:
    said = [workplace.command("jobs", verb, "ingest").stdout for verb in ("pause", "resume")]

    assert said == [
        "ingest is paused: it runs again after `trendspark jobs resume ingest`\n",
        "ingest is not paused: it runs when it is due\n",
    ]


def test_health_before_there_is_a_database_names_one_mend(workplace: Installation, tmp_path: Path) -> None:
    done = workplace.command("health", environment={"TRENDSPARK_HOME": str(tmp_path / "none")})

    failing = [line for line in done.stdout.splitlines() if " FAILS " in line]
    assert [line for line in failing if "db init" not in line and "the database does not answer" not in line] == []


def test_who_made_a_database_reads_what_comes_next_on_a_terminal_only(workplace: Installation, tmp_path: Path) -> None:
    shown = on_terminal(workplace, "db", "init", TRENDSPARK_HOME=str(tmp_path / "one"))
    piped = workplace.command("db", "init", environment={"TRENDSPARK_HOME": str(tmp_path / "two")}).stdout

    assert ("`trendspark config check`" in shown, piped.count("\n")) == (True, 1)


def test_a_failure_is_folded_between_words_on_a_terminal(workplace: Installation) -> None:
    shown = on_terminal(workplace, "ingest", "--from", "nosuch.ndjson", with_stderr=True, COLUMNS="60")

    told = [line for line in shown.partition("trendspark ingest:")[2].splitlines() if line]
    assert len(told) > 1
    assert max(map(len, ("trendspark ingest:" + told[0], *told[1:]))) <= 60
    assert "cannot be read: No such file or directory" in " ".join(" ".join(told).split())


def test_times_of_a_profile_are_as_everywhere_else(workplace: Installation) -> None:
    done = workplace.command("profiles", "add", "harbour", "--keywords", "ferry")

    [created] = [line.split()[2:] for line in done.stdout.splitlines() if line.startswith("created at")]
    assert [len(part) for part in created] == [len("11-30"), len("02:01Z")]


def test_a_run_tells_no_counts_of_nothing_and_no_jargon(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {
        "posts_seen": 946,
        "posts_folded": 905,
        "opened": 0,
        "closed": 0,
        "terms_forgotten": 0,
        "bytes_before": 2000,
    }

    report(RunResult("rank", 4, "success", 0, NOW, 0.3, counts=counts), Output(is_terminal=True))

    assert " ".join(capsys.readouterr().out.split()) == (
        "rank: success in 0.3 s; new posts 946, posts added to what is usual 905, opened 0, bytes before 2.0 kB (run 4)"
    )


def test_a_run_that_is_paused_says_no_more_than_that(capsys: pytest.CaptureFixture[str]) -> None:
    report(RunResult("ingest", 4, "skipped", 0, NOW, 0.0, counts={"why": "paused"}), Output(is_terminal=True))

    assert capsys.readouterr().out == "ingest: skipped: it is paused (run 4)\n"


def test_a_command_to_copy_is_never_parted_by_a_fold(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    Output(is_terminal=True).prose("there is no database at '/srv/one'; run `trendspark db init`, or mount it")

    assert "run\n    `trendspark db init`, or mount it" in capsys.readouterr().out
