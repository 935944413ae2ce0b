"""`config check` refuses what jobs refuse, and says where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installation import Done, Installation

GOOD = {"X_BEARER_TOKEN": "AAAA", "KEYWORDS": "bridge"}
REFUSED = [
    ("REDDIT_SUBREDDITS", "https://www.reddit.com/r/news"),
    ("REDDIT_SUBREDDITS", "news,no such place"),
    ("X_BEARER_TOKEN", "Bearer AAAA"),
    ("REDDIT_CLIENT_ID", "my app"),
    ("OPENAI_API_KEY", "sk one"),
    ("TELEGRAM_BOT_TOKEN", "a-token"),
    ("TELEGRAM_CHAT_ID", "my chat"),
    ("TELEGRAM_API_BASE_URL", "api.telegram.org"),
    ("OPENAI_BASE_URL", "https://:99999/v1"),
    ("REDDIT_BASE_URL", "https://reddit.example:port"),
    ("ARCHIVE_URL", "trendai-archive"),
    ("KEYWORDS", 'bridge,"harbour ferry'),
    ("RETENTION_DAYS_POSTS", "3"),
    ("RETENTION_DAYS_JOB_RUNS", "0"),
    ("RETENTION_DAYS_POSTS_X", "6"),
    ("RETENTION_DAYS_POSTS_BLUESKY", "1"),
    ("RETENTION_DAYS_POSTS_MASTODON", "soon"),
    ("TIMEZONE", "Middle/Earth"),
    ("DATABASE_URL", "postgresql://db.example"),
    ("DATABASE_URL", "mysql://db.example/trends"),
    ("LANGUAGES", "english"),
]
TAKEN = [
    ("DATABASE_URL", "postgresql://db.example/trends"),
    ("REDDIT_SUBREDDITS", "news,r/askscience,/r/de"),
    ("TELEGRAM_CHAT_ID", "-1001234567890"),
    ("TELEGRAM_CHAT_ID", "@harbour_news"),
    ("TELEGRAM_BOT_TOKEN", "123456:ABC-DEF_ghi"),
    ("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1"),
    ("ARCHIVE_URL", "s3://trendai-archive/prefix"),
    ("KEYWORDS", 'bridge,"harbour ferry"'),
    ("RETENTION_DAYS_POSTS", "7"),
    ("RETENTION_DAYS_POSTS_HACKERNEWS", "2"),
    ("TIMEZONE", "Europe/Berlin"),
    ("LANGUAGES", "en,pt-BR,zh-Hant"),
]


def checked(workplace: Installation, **settings: str) -> Done:
    """Check these settings."""
    return workplace.command("config", "check", environment={**GOOD, **settings})


def written(workplace: Installation, *lines: str) -> Path:
    """Write an env file."""
    path = workplace.home.parent / "own.env"
    path.write_text("\n".join((*lines, "")))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_what_no_job_could_use_is_refused_and_named(workplace: Installation, name: str, value: str) -> None:
    done = checked(workplace, **{name: value})

    assert done.exit_code == 78
    assert any(line.startswith("problem: ") and name in line for line in done.stdout.splitlines())


@pytest.mark.parametrize(("name", "value"), TAKEN)
def test_what_jobs_can_use_is_taken(workplace: Installation, name: str, value: str) -> None:
    done = checked(workplace, **{name: value})

    assert (done.exit_code, "problem" in done.stdout) == (0, False)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("", "# mine", "", "KEYWORDS=a", "", "KEYWORDS=b"), "line 6: KEYWORDS stands in line 4 too"),
        (("KEYWORDS=a", "", 'NICHE="open'), "line 3: a quote without its pair"),
        (("KEYWORDS=a", "# more", "", "X_MAX_READS_PER_DAY=many"), "line 4): expected a whole number"),
        (("KEYWORDS=a", "just a sentence"), "line 2: expected NAME=value"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(
    workplace: Installation, lines: tuple[str, ...], told: str
) -> None:
    path = written(workplace, *lines)

    done = workplace.command("--env-file", str(path), "config", "check", environment={"X_BEARER_TOKEN": "AAAA"})

    assert (done.exit_code, told in done.stdout) == (78, True), done.stdout


def test_a_name_that_stands_twice_stops_no_job(workplace: Installation) -> None:
    path = written(workplace, "KEYWORDS=a", "KEYWORDS=b")

    done = workplace.command("--env-file", str(path), "ingest", "--from", "/dev/null")

    assert (done.exit_code, done.stderr) == (0, "")


def test_nothing_configured_is_no_good_configuration(workplace: Installation) -> None:
    done = workplace.command("config", "check")

    assert done.exit_code == 78
    assert "problem: no source is configured: set X_BEARER_TOKEN or the REDDIT_* settings" in done.stdout


def test_a_job_with_a_broken_file_shows_the_first_problem_and_how_many_more_there_are(workplace: Installation) -> None:
    path = written(workplace, "KEYWORDS=a", "X_MAX_READS_PER_DAY=many", "TIMEZONE=x", "TELEGRAM_CHAT_ID=my chat")

    done = workplace.command("--env-file", str(path), "ingest")

    assert (done.exit_code, done.stderr.count("\n")) == (78, 1)
    assert "X_MAX_READS_PER_DAY='many'" in done.stderr
    assert "; 2 more: `trendspark config check`" in done.stderr
