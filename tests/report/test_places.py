"""Where reports lie: whole files, for those who may read the folder, in a folder that is ours; or in a bucket."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.report.reader import report, run_report
from tests.servers.s3_server import BUCKET, S3Server, puts
from trendspark_cli.app.adapters.spending import shared_ceilings
from trendspark_cli.base.errors import ExitCode
from trendspark_cli.base.report_places import report_place_problem
from trendspark_cli.base.settings import load_settings
from trendspark_cli.screens.config_report import config_findings

FILES = {"index.html": "text/html", "trends.atom": "application/atom+xml", "trends.json": "application/feed+json"}


@pytest.fixture
def bucket(workplace: Installation) -> Iterator[S3Server]:
    with S3Server() as server:
        workplace.environment |= {**server.settings, "REPORT_URL": f"s3://{BUCKET}/site"}
        del workplace.environment["ARCHIVE_URL"]
        yield server


def test_a_report_goes_to_a_bucket_with_types_and_how_long_it_may_be_kept(
    workplace: Installation, bucket: S3Server
) -> None:
    for _ in range(2):  # what is there is replaced
        result = run_report(workplace)

    sent = {line.path.rpartition("/")[2]: line.request for line in bucket.log if line.method == "PUT"}
    assert result.exit_code == 0, result.cause
    assert set(bucket.objects) == {f"site/{name}" for name in FILES}
    for name, kind in FILES.items():
        assert sent[name].headers["content-type"] == f"{kind}; charset=utf-8"
        assert sent[name].headers["cache-control"] == "max-age=300, must-revalidate"
    assert workplace.series()['trendspark_api_requests_total{code_class="2xx",service="s3"}'] == 6


def test_a_bucket_that_refuses_is_told_with_its_exit_code(workplace: Installation, bucket: S3Server) -> None:
    bucket.habits.append(puts(403, "AccessDenied"))

    result = run_report(workplace)

    assert result.exit_code == ExitCode.REFUSED
    assert workplace.series()['trendspark_api_requests_total{code_class="4xx",service="s3"}'] == 1


def test_a_new_folder_is_its_owners_alone(workplace: Installation) -> None:
    made = report(workplace)

    modes = {stat.S_IMODE(path.stat().st_mode) for path in made.folder.iterdir()}
    assert (stat.S_IMODE(made.folder.stat().st_mode), modes) == (0o700, {0o600})


def test_whoever_may_look_into_the_folder_may_read_its_files(workplace: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "www"
    folder.mkdir()
    folder.chmod(0o755)

    report(workplace, output=str(folder))

    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_a_folder_that_others_may_write_is_refused(workplace: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)

    result = run_report(workplace, output=str(folder))

    assert result.exit_code == ExitCode.CONFIG
    assert "may be written by everybody" in str(result.cause)
    assert list(folder.iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(workplace: Installation, tmp_path: Path) -> None:
    folder, precious = workplace.home / "report", tmp_path / "precious"
    precious.write_text("untouched")
    folder.mkdir(mode=0o700)
    (folder / "index.html").symlink_to(precious)

    report(workplace)

    assert precious.read_text() == "untouched"
    assert not (folder / "index.html").is_symlink()


def test_what_stood_there_stays_when_a_report_cannot_be_written(workplace: Installation) -> None:
    made = report(workplace)
    before = made.everything
    (made.folder / "trends.json").unlink()
    (made.folder / "trends.json").mkdir()  # as somebody might

    result = run_report(workplace)

    assert result.exit_code == ExitCode.CANNOT_WRITE
    assert (made.folder / "index.html").read_text() in before
    assert [path.name for path in made.folder.iterdir() if "unfinished" in path.name] == []


def test_a_home_with_odd_signs_in_its_name_has_a_report(tmp_path: Path) -> None:
    home = tmp_path / "100% of %41 #it? ü"
    workplace = Installation(home)
    assert workplace.command("db", "init").exit_code == 0

    done = workplace.command("report", "--json")

    assert done.exit_code == 0, done.stderr
    assert (home / "report" / "index.html").is_file()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"REPORT_URL": "file://{home}/textfile_collector"}, "lies in TEXTFILE_DIR"),
        ({"REPORT_URL": "file://{home}/textfile_collector/sub"}, "lies in TEXTFILE_DIR"),
        ({"REPORT_URL": "{home}/textfile_collector/"}, "lies in TEXTFILE_DIR"),
        ({"REPORT_URL": "file://{home}/x/../textfile_collector"}, "lies in TEXTFILE_DIR"),
        ({"REPORT_URL": "file://{home}"}, "is the folder of the database"),
        ({"REPORT_URL": "file:///srv/archive/report", "ARCHIVE_URL": "file:///srv/archive"}, "lies in ARCHIVE_URL"),
        ({"REPORT_URL": "s3://bucket", "ARCHIVE_URL": "s3://bucket"}, "lies in ARCHIVE_URL"),
        ({"REPORT_URL": "s3://bucket/a/b", "ARCHIVE_URL": "s3://bucket/a"}, "lies in ARCHIVE_URL"),
        ({"REPORT_URL": "https://example.org/report"}, "expected s3://BUCKET, s3://BUCKET/PREFIX or file:///FOLDER"),
        ({"REPORT_URL": "report"}, "expected s3://BUCKET"),
        ({"REPORT_SINCE": "0"}, "expected a duration"),
        ({"REPORT_SINCE": "soon"}, "expected a duration"),
        ({"REPORT_SINCE": "401d"}, "expected a duration"),
        ({"JOB_TIMEOUT_REPORT": "later"}, "expected a duration"),
    ],
)
def test_a_place_or_time_that_cannot_be_meant_is_refused_by_config_check(
    workplace: Installation, settings: dict[str, str], told: str
) -> None:
    given = {name: value.replace("{home}", str(workplace.home)) for name, value in settings.items()}
    found = load_settings({**workplace.environment, **given})

    findings = config_findings(found, shared_ceilings(found)["x"], ())

    assert findings["ok"] is False
    assert told in " ".join(findings["problems"])


def test_the_job_refuses_what_config_check_refuses(workplace: Installation) -> None:
    workplace.environment["REPORT_URL"] = f"file://{workplace.metrics_folder}"

    result = run_report(workplace)

    assert result.exit_code == ExitCode.CONFIG
    assert "lies in TEXTFILE_DIR" in str(result.cause)
    assert not (workplace.metrics_folder / "index.html").exists()
    assert workplace.command("config", "check").exit_code == ExitCode.CONFIG


@pytest.mark.parametrize(
    "settings",
    [
        {"REPORT_URL": "s3://bucket/ab", "ARCHIVE_URL": "s3://bucket/a"},
        {"REPORT_URL": "s3://other/a", "ARCHIVE_URL": "s3://bucket/a"},
        {"REPORT_URL": "s3://bucket", "ARCHIVE_URL": "s3://bucket/archive"},
        {"REPORT_URL": "file:///srv/archive-report", "ARCHIVE_URL": "file:///srv/archive"},
        {"REPORT_URL": "/srv/a report"},
    ],
)
def test_a_place_beside_others_is_fine(workplace: Installation, settings: dict[str, str]) -> None:
    found = load_settings({**workplace.environment, **settings})

    assert (found.problems, report_place_problem(found.report_url, found)) == ((), "")


def test_output_is_held_to_the_same_rules(workplace: Installation) -> None:
    done = workplace.command("report", "--output", str(workplace.metrics_folder))

    assert done.exit_code == ExitCode.CONFIG
    assert "--output" in done.stderr
