"""`crontab check`: what would not start, what nobody would hear of, what nobody starts."""

from __future__ import annotations

import pytest

from tests.crontabs.desk import WHOLE_DAY, Desk
from tests.installation import Installation
from trendspark_cli.base.models import Profile
from trendspark_cli.screens.crontab_check import findings
from trendspark_cli.screens.crontab_check.checking import check
from trendspark_cli.screens.crontab_check.findings import CrontabFinding


def test_a_crontab_of_all_jobs_is_good(desk: Desk) -> None:
    assert desk.findings(*WHOLE_DAY) == []


GOOD_LINES = [
    ("ingest", "*/15 * * * * cd /tmp && trendspark --env-file .env ingest --source x"),
    ("ingest", "*/15 * * * * flock -n /tmp/lock timeout 600 nice -n 5 trendspark ingest --limit 100"),
    ("ingest", "*/15 * * * * trendspark ingest >> log 2>&1"),
    ("ingest", "*/15 * * * * trendspark ingest > /dev/null"),
    ("ingest", "*/15 * * * * sh -c 'trendspark ingest'"),
    ("ingest", "*/15 * * * * KEYWORDS=bridge trendspark ingest | tee -a log"),
    ("ingest", "*/15 * * * * ~/trendspark ingest # new posts"),
    ("ingest", '*/15 * * * * "$HOME/trendspark" ingest'),
    ("ingest", "*/15 * * * * docker exec collector /opt/nowhere/trendspark ingest"),
    ("ingest", "*/15 * * * * test -x /opt/nowhere/trendspark || trendspark ingest"),
    ("ingest", "*/15 * * * * if [ -x ~/trendspark ]; then ~/trendspark ingest; fi"),
    ("rank", "5-59/15 * * * * trendspark -q jobs run rank"),
    ("brief", "@hourly trendspark brief"),
    ("vacuum", "@weekly trendspark vacuum --full"),
]


@pytest.mark.parametrize(("job", "line"), GOOD_LINES, ids=[line for _, line in GOOD_LINES])
def test_ways_to_start_a_job_that_work_are_not_complained_of(desk: Desk, job: str, line: str) -> None:
    assert desk.of(job, line) == []


BAD_LINES = [
    ("*/15 * * * * /opt/nowhere/trendspark ingest", "a program that exists"),
    ("*/15 * * * * ./not-here/trendspark ingest", "a program that exists"),
    ("*/15 * * * * chronic-not-here trendspark ingest", "a program that cron finds in PATH"),
    ("*/15 * * * * trendspark ingst", "No such command 'ingst'. Did you mean 'ingest'?"),
    ("*/15 * * * * trendspark ingest --limt 5", "No such option: --limt"),
    ("*/15 * * * * trendspark ingest --limit many", "Invalid value for '--limit'"),
    ("*/15 * * * * trendspark ingest now", "unexpected extra argument"),
    ("*/15 * * * * trendspark jobs run ingst", "a job after `jobs run`"),
    ("*/15 * * * * trendspark jobs run", "Missing argument 'job'"),
    ("*/15 * * * * trendspark", "a command after `trendspark`"),
    ("*/15 * * * * trendspark -q jobs", "a command after `trendspark jobs`"),
    ("*/15 * * * * trendspark -q", "a command after `trendspark`"),
    ("*/15 * * * * trendspark ingest >/dev/null 2>&1", "failures that are told"),
    ("*/15 * * * * trendspark ingest 2> /dev/null", "failures that are told"),
    ("*/15 * * * * trendspark ingest > log 2>&-", "failures that are told"),
    ("*/15 * * * * test -x /usr/bin/true && trendspark ingst", "No such command 'ingst'"),
    ("*/15 * * * * trendspark ingest &> log", "no `&>`: sh starts the job in the background"),
    ("*/15 * * * * root trendspark ingest", "no user in a user's own crontab"),
    ("*/15 * * * * trendspark ingest 'now", "No closing quotation"),
    ("*/15 * * * * trendspark --env-file /nowhere/.env ingest", "an env file that exists and can be read"),
    ("*/15 * * * * TRENDSPARK_ENV_FILE=/nowhere/.env trendspark ingest", "an env file that exists and can be read"),
    ("5/15 * * * * trendspark ingest", "a step needs a range: 5-59/15"),
    ("*/15 * * * * trendspark ingest --from posts-%d", r"`\%`"),
    ("@reboot trendspark ingest", "ingest again and again, not once a boot"),
    ("0 0 31 2 * trendspark ingest", "a date that comes"),
]


@pytest.mark.parametrize(("line", "expected"), BAD_LINES, ids=[line for line, _ in BAD_LINES])
def test_a_line_that_does_not_do_what_it_should_is_a_problem(desk: Desk, line: str, expected: str) -> None:
    said = desk.said("ingest", line)

    assert [text for text in said if expected in text], said


def test_a_finding_names_the_line_its_text_and_the_fix(desk: Desk) -> None:
    found = desk.of("ingest", "*/15 * * * * /opt/nowhere/trendspark ingest")

    program = str(desk.folder / "trendspark")
    fix = f"write {program}, or set PATH above the line"
    assert found == [CrontabFinding("crontab line 2", "/opt/nowhere/trendspark", "a program that exists", fix, 2)]


def test_a_home_that_the_crontab_sets_is_where_its_lines_begin(desk: Desk) -> None:
    (desk.folder / "elsewhere").mkdir()

    found = desk.findings(f"HOME={desk.folder}/elsewhere", *WHOLE_DAY, "0 0 1 1 * ~/trendspark health")

    assert f"{desk.folder}/elsewhere/trendspark" in [finding.value for finding in found]
    assert any("the env file used here" in finding.expected for finding in found)


def test_a_program_that_may_not_be_executed_is_told(desk: Desk) -> None:
    desk.program("trendspark", 0o644)

    found = desk.of("ingest", f"*/15 * * * * {desk.folder}/trendspark ingest")

    assert "a program that may be executed" in [finding.expected for finding in found]


def test_a_path_of_the_shell_is_not_the_path_of_cron(desk: Desk) -> None:
    found = desk.findings("PATH=$HOME/bin:/usr/bin:/bin", *WHOLE_DAY)

    assert {(finding.value, finding.expected) for finding in found if "PATH=" in finding.value} == {
        ("PATH=$HOME/bin:/usr/bin:/bin", "folders in PATH as they are")
    }
    assert "trendspark" in [finding.value for finding in found]


def test_a_crontab_cannot_move_the_cursor_of_who_checks_it(workplace: Installation) -> None:
    hostile = "\x1b]0;owned\x07*/15 * * * * trendspark ingst \x1b[31m\u202e\n"

    done = workplace.command("crontab", "check", "-", stdin=hostile.encode())

    assert done.exit_code == 78
    assert not set("\x1b\x07\u202e") & set(done.stdout)


def test_checking_runs_nothing(desk: Desk) -> None:
    (desk.folder / "trendspark").write_text(f"#!/bin/sh\ntouch {desk.folder}/ran\n")

    desk.findings(*WHOLE_DAY, "* * * * * trendspark --version")

    assert not (desk.folder / "ran").exists()


# Jobs as a whole


def things(found: list[CrontabFinding]) -> list[tuple[str, bool]]:
    """Return what was found, and whether it is a problem."""
    return [(finding.thing, finding.is_problem) for finding in found]


def test_a_line_is_shown_once_with_all_that_is_wrong_with_it(desk: Desk) -> None:
    line = "*/15 * * * * trendspark ingest --frobnicate >/dev/null 2>&1"
    crontab = desk.crontab(line)

    told = list(findings.told([crontab], check([crontab], desk.ground())))

    (first,) = [number for number, text in enumerate(told) if line in text]
    assert told[first] == f"crontab line 2: {line}"
    assert [text.split(":")[0].strip() for text in told[first + 1 : first + 5]] == ["problem", "fix"] * 2


def test_an_empty_crontab_is_told_once(desk: Desk) -> None:
    (found,) = desk.findings()

    assert found.is_problem
    assert "trendspark crontab print | crontab -" in found.fix


def test_a_crontab_of_others_is_not_judged(desk: Desk) -> None:
    found = desk.findings("MAILTO=''", "*/5 * * * * nobody-here >/dev/null 2>&1")

    assert things(found) == [("crontab", True)]


@pytest.mark.parametrize(("job", "is_problem"), [("ingest", True), ("rank", True), ("brief", False), ("vacuum", False)])
def test_a_job_that_nobody_starts_is_told(desk: Desk, job: str, is_problem: bool) -> None:
    assert things(desk.of(job, "#")) == [(job, is_problem)]


def test_waiting_alerts_need_deliver_only_when_there_is_somewhere_to_send_them(desk: Desk) -> None:
    muted = things(desk.of("deliver", "#"))
    desk.settings = {"TELEGRAM_BOT_TOKEN": "1:planted", "TELEGRAM_CHAT_ID": "5"}

    assert (muted, things(desk.of("deliver", "#"))) == ([("deliver", False)], [("deliver", True)])


@pytest.mark.parametrize(
    ("settings", "job"),
    [({"X_STREAM_ENABLED": "true"}, "stream"), ({"ARCHIVE_URL": "file:///tmp/archive"}, "archive")],
)
def test_jobs_that_the_settings_ask_for_are_missed(desk: Desk, settings: dict[str, str], job: str) -> None:
    desk.settings = settings

    assert things(desk.findings(*WHOLE_DAY)) == [(job, True)]


@pytest.mark.parametrize(("job", "is_problem"), [("stream", False), ("archive", True)])
def test_a_line_for_a_job_that_the_settings_switch_off_is_told(desk: Desk, job: str, is_problem: bool) -> None:
    found = desk.findings(*WHOLE_DAY, f"20 3 * * * trendspark {job}")

    assert things(found) == [("crontab line 7", is_problem)]


def test_the_pair_replaces_both_its_steps(desk: Desk) -> None:
    assert desk.findings("*/15 * * * * trendspark jobs run ingest_rank", *WHOLE_DAY[2:]) == []


def test_the_pair_beside_a_step_is_a_problem(desk: Desk) -> None:
    found = desk.findings(*WHOLE_DAY, "*/15 * * * * trendspark jobs run ingest_rank")

    problems = [finding.expected for finding in found if finding.is_problem]
    assert problems == [f"no line for {step} beside ingest_rank, which runs it" for step in ("ingest", "rank")]


def test_a_job_on_two_lines_at_the_same_minute_is_a_problem(desk: Desk) -> None:
    found = desk.findings(*WHOLE_DAY, "0 * * * * trendspark ingest --source reddit")

    assert [finding.expected for finding in found] == ["one line for ingest at a time: crontab line 2 starts it too"]


def test_a_job_on_two_lines_at_other_times_is_good(desk: Desk) -> None:
    assert desk.findings(*WHOLE_DAY[:3], "10 7-12 * * * trendspark brief", "10 14-21 * * * trendspark brief",
                         WHOLE_DAY[4]) == []  # fmt: skip


def test_a_job_in_two_crontabs_is_a_problem(desk: Desk) -> None:
    system = desk.crontab(
        *[line.replace("trendspark", "root trendspark") for line in WHOLE_DAY], source="/etc/cron.d/t"
    )

    found = check([desk.crontab(*WHOLE_DAY), system], desk.ground())

    assert len([finding for finding in found if "starts it too" in finding.expected]) == len(WHOLE_DAY)


def test_an_unknown_user_in_a_system_crontab_is_a_problem(desk: Desk) -> None:
    lines = [line.replace("trendspark", "no-such-user trendspark") for line in WHOLE_DAY]

    found = check([desk.crontab(*lines, source="/etc/cron.d/t")], desk.ground())

    assert {finding.value for finding in found} == {"no-such-user"}


# Times that do not fit the settings


def test_ranking_more_seldom_than_a_burst_stays_news_is_a_problem(desk: Desk) -> None:
    found = desk.of("rank", "5 * * * * trendspark rank")

    assert [finding.expected for finding in found] == [
        "rank at least every 30m (ALERT_RECENCY_MINUTES): a burst that is older opens no trend"
    ]


def test_a_pause_at_night_counts_as_the_longest_time_between_two_runs(desk: Desk) -> None:
    desk.settings = {"ALERT_RECENCY_MINUTES": "120"}

    assert things(desk.of("rank", "*/15 7-22 * * * trendspark rank"))[0] == ("crontab line 3", True)


def test_delivering_more_seldom_than_alerts_live_is_a_problem(desk: Desk) -> None:
    desk.settings = {"TELEGRAM_BOT_TOKEN": "1:planted", "TELEGRAM_CHAT_ID": "5", "ALERT_RECENCY_MINUTES": "15"}

    found = desk.of("deliver", "*/20 * * * * trendspark deliver")

    assert [finding.fix for finding in found] == ["write `* * * * *`, or set ALERT_RECENCY_MINUTES=20"]


def test_a_time_limit_longer_than_the_time_between_two_runs_is_told(desk: Desk) -> None:
    found = desk.of("rank", "2-59/5 * * * * trendspark rank")

    assert [(finding.expected, finding.is_problem) for finding in found] == [
        ("JOB_TIMEOUT_RANK (10m) below the 5m between two runs", False)
    ]


def test_reading_more_often_than_the_ceiling_lasts_is_a_problem(desk: Desk) -> None:
    desk.settings = {"X_BEARER_TOKEN": "planted-token", "KEYWORDS": "bridge", "JOB_TIMEOUT_INGEST": "1m"}

    found = desk.of("ingest", "* * * * * trendspark ingest")

    ceiling = [finding for finding in found if "X_MAX_READS_PER_DAY" in finding.expected]
    assert [finding.fix for finding in ceiling] == ["run ingest every 3m at most, or raise the ceiling"]


def test_each_query_of_each_profile_counts_against_the_ceiling(desk: Desk) -> None:
    desk.settings = {"X_BEARER_TOKEN": "planted-token", "JOB_TIMEOUT_INGEST": "1m"}
    desk.profiles = [Profile(name, ("bridge",)) for name in ("city", "harbour")]

    found = desk.of("ingest", "* * * * * trendspark ingest")

    ceiling = [finding for finding in found if "X_MAX_READS_PER_DAY" in finding.expected]
    assert [finding.fix for finding in ceiling] == ["run ingest every 6m at most, or raise the ceiling"]


def test_ranking_at_the_minute_of_the_ingest_is_told(desk: Desk) -> None:
    found = desk.of("rank", "*/15 * * * * trendspark rank")

    assert [finding.is_problem for finding in found] == [False]


# Settings of the crontab


@pytest.mark.parametrize(
    ("setting", "is_problem"), [("CRON_TZ=Europe/Berlin", True), ("TZ=Europe/Berlin", False), ("MAILTO=''", False)]
)
def test_settings_that_do_not_mean_what_they_seem_to_are_told(desk: Desk, setting: str, is_problem: bool) -> None:
    assert things(desk.findings(setting, *WHOLE_DAY)) == [("crontab", is_problem)]
