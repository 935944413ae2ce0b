"""`crontab print`: a crontab for this installation, which `crontab check` finds nothing wrong with."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.crontabs.desk import WHOLE_DAY, install
from tests.installation import Installation
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.settings import load_settings
from trendspark_cli.crontabs.moments import intervals
from trendspark_cli.crontabs.printing import SPREAD_MINUTES, crontab_text, merged, offset_minutes, shifted
from trendspark_cli.crontabs.reading import Entry, read_crontab
from trendspark_cli.kinds.jobs import JOBS


def entries(text: str) -> dict[str, Entry]:
    """Return the line of each job."""
    return {entry.command.split()[-1]: entry for entry in read_crontab(text, "crontab").entries}


def printed(workplace: Installation, *arguments: str) -> str:
    """Print a crontab."""
    done = workplace.command("crontab", "print", *arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def test_what_is_printed_is_found_good(workplace: Installation) -> None:
    text = printed(workplace)

    done = workplace.command("crontab", "check", "-", "--json", stdin=text.encode())

    assert (done.exit_code, done.json["findings"]) == (0, [])


def test_commands_are_absolute_and_jobs_are_those_that_the_settings_ask_for(workplace: Installation) -> None:
    plain = entries(printed(workplace))
    workplace.environment |= {"X_STREAM_ENABLED": "true", "ARCHIVE_URL": f"file://{workplace.home}/archive"}

    assert set(plain) == {"ingest", "rank", "deliver", "brief", "vacuum"}
    assert set(entries(printed(workplace))) == {*plain, "stream", "archive"}
    assert all(Path(entry.command.split()[0]).is_file() for entry in plain.values())


def test_cron_is_told_of_the_env_file_and_of_settings_that_only_the_shell_has(workplace: Installation) -> None:
    settings = entries(printed(workplace))["ingest"].environment

    assert settings["TRENDSPARK_ENV_FILE"] == workplace.environment["TRENDSPARK_ENV_FILE"]
    assert settings["TRENDSPARK_HOME"] == str(workplace.home)


@pytest.mark.parametrize("place", [".env", ".config/trendspark/.env"])
def test_an_env_file_that_cron_finds_by_itself_is_not_named(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("KEYWORDS=bridge\n")
    settings = load_settings({}, env_file=file)

    texts = [crontab_text(settings, home) for home in (tmp_path, tmp_path / "elsewhere")]

    assert ["TRENDSPARK_ENV_FILE" in text for text in texts] == [False, True]


def test_secrets_of_the_shell_are_named_and_never_printed(workplace: Installation) -> None:
    workplace.environment |= {"X_BEARER_TOKEN": "planted-secret-value"}

    text = printed(workplace)

    assert "# X_BEARER_TOKEN is set in this shell only: write it into the env file" in text
    assert "planted" not in text


@pytest.mark.parametrize("value", ["a,b c", '["a", "b"]', '"a" b', "a'", " a", "it's", "100%", "a#b"])
def test_values_are_written_so_that_cron_reads_them_back(workplace: Installation, value: str) -> None:
    workplace.environment |= {"NICHE": value}

    assert entries(printed(workplace))["ingest"].environment["NICHE"] == value


@pytest.mark.parametrize("value", ['"a b"', "'a b'"])
def test_a_pair_of_quotes_that_settings_take_off_is_not_written(workplace: Installation, value: str) -> None:
    workplace.environment |= {"NICHE": value}

    assert entries(printed(workplace))["ingest"].environment["NICHE"] == "a b"


def test_hosts_are_spread_over_the_quarter_of_an_hour_and_each_keeps_its_minutes() -> None:
    offsets = [offset_minutes(f"host-{n}", Path("/srv")) for n in range(200)]

    assert set(offsets) == set(range(SPREAD_MINUTES))
    assert offsets == [offset_minutes(f"host-{n}", Path("/srv")) for n in range(200)]


@pytest.mark.parametrize("minutes", range(SPREAD_MINUTES))
def test_whatever_the_spread_rank_comes_five_minutes_after_ingest_and_vacuum_long_after_archive(minutes: int) -> None:
    ingest, rank = (shifted(JOBS[job].cron, minutes) for job in ("ingest", "rank"))

    after = {int(later.split("-")[0]) - int(earlier.split("-")[0]) for earlier, later in [(ingest, rank)]}
    assert after <= {5, 5 - 15}
    assert intervals([ingest]) == intervals([JOBS["ingest"].cron])
    assert intervals([shifted(JOBS["archive"].cron, minutes)]) == intervals([JOBS["archive"].cron])
    assert shifted(JOBS["deliver"].cron, minutes) == "* * * * *"


# In a crontab with other lines

OTHERS = "MAILTO=ada@example.org\n0 5 * * * backup\n"


def test_merging_keeps_other_lines_and_puts_ours_below_them() -> None:
    text = merged(OTHERS, "# BEGIN trendspark\nPATH=/a\n# END trendspark\n")

    assert text == OTHERS + "\n# BEGIN trendspark\nPATH=/a\n# END trendspark\n"


def test_merging_twice_changes_nothing() -> None:
    block = "# BEGIN trendspark (made)\n* * * * * /opt/trendspark deliver\n# END trendspark\n"
    once = merged(OTHERS, "# BEGIN trendspark\n* * * * * /old/trendspark deliver\n# END trendspark\n")

    assert merged(merged(once, block), block) == merged(OTHERS, block)
    assert "/old" not in merged(once, block)


def test_merging_beside_lines_of_ours_is_refused() -> None:
    with pytest.raises(ConfigError, match="outside the block"):
        merged(OTHERS + "\n".join(WHOLE_DAY), "# BEGIN trendspark\n# END trendspark\n")


# The installed crontab


def test_the_installed_crontab_is_checked(with_crontab: Installation) -> None:
    before = with_crontab.command("crontab", "check")
    install(with_crontab, printed(with_crontab))

    after = with_crontab.command("crontab", "check")

    assert (before.exit_code, "nothing runs by itself" in before.stdout) == (78, True)
    assert (after.exit_code, after.stdout) == (0, "the crontab is good\n")


def test_printing_with_merge_takes_the_installed_lines_along(with_crontab: Installation) -> None:
    install(with_crontab, OTHERS)
    install(with_crontab, printed(with_crontab, "--merge"))

    text = printed(with_crontab, "--merge")

    assert text.startswith(OTHERS)
    assert text.count("# BEGIN trendspark") == 1


def is_taken_by_cron(text: str, folder: Path) -> bool:
    """Ask Debian's crontab; it installs nothing."""
    file = folder / "crontab"
    file.write_text(text)
    return subprocess.run(["crontab", "-n", str(file)], capture_output=True, timeout=10).returncode == 0


@pytest.mark.skipif(shutil.which("crontab") is None, reason="needs Debian's cron")
def test_cron_takes_what_is_printed(workplace: Installation, tmp_path: Path) -> None:
    assert is_taken_by_cron(printed(workplace), tmp_path)


def test_merging_beside_lines_of_ours_ends_with_78(with_crontab: Installation) -> None:
    install(with_crontab, "0 5 * * * trendspark vacuum\n")

    done = with_crontab.command("crontab", "print", "--merge")

    assert done.exit_code == 78
    assert "outside the block" in done.stderr


@pytest.mark.skipif(shutil.which("crontab") is None, reason="needs Debian's cron")
def test_a_failure_in_front_of_crontab_does_not_install_an_empty_one(workplace: Installation, tmp_path: Path) -> None:
    done = workplace.command("--env-file", "/nowhere/.env", "crontab", "print")

    assert done.exit_code == 78
    assert not is_taken_by_cron(done.stdout, tmp_path)


def test_findings_in_json_have_their_place_and_their_fix(with_crontab: Installation) -> None:
    install(with_crontab, printed(with_crontab).replace(" ingest\n", " ingst\n"))

    done = with_crontab.command("crontab", "check", "--json")

    first = json.loads(done.stdout)["findings"][0]
    assert (done.exit_code, done.json["ok"], done.json["checked"]) == (78, False, ["crontab"])
    assert set(first) == {"thing", "value", "expected", "fix", "line", "is_problem"}


def test_a_crontab_file_that_is_not_there_is_a_usage_error(workplace: Installation) -> None:
    done = workplace.command("crontab", "check", "/nowhere/crontab")

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
