"""A paused job does nothing and says so where one looks; a dry run leaves no trace at all."""

from __future__ import annotations

import pytest

from tests.builders import fingerprint, in_lines, own_line
from tests.installation import Installation
from trendspark_cli.base.errors import UpstreamError
from trendspark_cli.running.job_context import JobContext


def forbidden(job: JobContext) -> None:
    """Must not run."""
    raise AssertionError("a paused job ran")


def paused(workplace: Installation) -> dict[str, bool]:
    """Return which jobs `jobs list` shows as paused."""
    return {job["id"]: job["paused"] for job in workplace.command("jobs", "list", "--json").json["jobs"]}


def test_a_paused_job_exits_0_without_a_word_and_records_a_skipped_run(workplace: Installation) -> None:
    workplace.command("jobs", "pause", "ingest", "--reason", "moving", environment={"USER": "ada"})

    done = workplace.command("ingest", "--from", "/dev/null")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert workplace.rows("SELECT job_id, status, exit_code, error FROM job_runs") == [
        {"job_id": "ingest", "status": "skipped", "exit_code": 0, "error": "paused by ada: moving"}
    ]


def test_a_paused_job_does_not_run_its_body(workplace: Installation) -> None:
    workplace.command("jobs", "pause", "rank")

    assert workplace.run("rank", forbidden).status == "skipped"


def test_a_resumed_job_runs_again(workplace: Installation) -> None:
    workplace.command("jobs", "pause", "ingest")
    workplace.command("jobs", "resume", "ingest")

    assert workplace.command("ingest", "--from", "/dev/null", "--json").json["status"] == "success"


@pytest.mark.parametrize("job_id", ["ingest", "rank"])
def test_pausing_the_pair_pauses_both(workplace: Installation, job_id: str) -> None:
    workplace.command("jobs", "pause", "ingest_rank")

    assert workplace.run(job_id, forbidden).status == "skipped"


def test_whoever_looks_sees_that_the_pair_pauses_both(workplace: Installation) -> None:
    workplace.command("jobs", "pause", "ingest_rank")

    assert {job for job, is_paused in paused(workplace).items() if is_paused} == {"ingest", "rank", "ingest_rank"}


def test_a_pause_shows_in_list_and_metrics_at_once(workplace: Installation) -> None:
    workplace.command("jobs", "pause", "rank")

    assert (paused(workplace)["rank"], paused(workplace)["ingest"]) == (True, False)
    assert workplace.series()['trendspark_job_paused{job="rank"}'] == 1


def test_pausing_a_job_that_does_not_exist_is_a_usage_error(workplace: Installation) -> None:
    done = workplace.command("jobs", "pause", "ingst")

    assert (done.exit_code, "unknown" in done.stderr) == (2, True)


def test_who_paused_a_job_and_why_is_on_record(workplace: Installation) -> None:
    workplace.command("jobs", "pause", "rank", "--reason", "tuning", environment={"USER": "ada"})

    assert workplace.rows('SELECT "by", reason FROM job_states') == [{"by": "ada", "reason": "tuning"}]


@pytest.mark.parametrize("command", ["ingest --from posts.ndjson --dry-run", "rank --dry-run", "ingest --dry-run"])
def test_a_dry_run_leaves_every_file_as_it_is(workplace: Installation, command: str) -> None:
    workplace.environment |= {"X_BEARER_TOKEN": "token-of-the-test", "KEYWORDS": "bridge"}
    workplace.ingest_lines(own_line("1"))
    (workplace.home.parent / "posts.ndjson").write_bytes(in_lines(own_line("1", likes=5), own_line("2")))
    before = fingerprint(workplace.home)

    done = workplace.command(*command.split(), "--json")

    assert (done.exit_code, done.json["run_id"], done.stderr) == (0, None, "")
    assert fingerprint(workplace.home) == before


def test_a_dry_run_of_a_fresh_installation_creates_nothing(workplace: Installation) -> None:
    before = fingerprint(workplace.home)

    workplace.command("ingest", "--from", "/dev/null", "--dry-run")

    assert {name: value for name, value in fingerprint(workplace.home).items() if name != "trendspark.log"} == before


def test_a_dry_run_counts_as_the_real_run_would(workplace: Installation) -> None:
    workplace.ingest_lines(own_line("1"))
    file = workplace.home.parent / "more.ndjson"
    file.write_bytes(in_lines(own_line("1"), *[own_line(str(n % 700)) for n in range(1500)], "junk"))

    dry = workplace.command("ingest", "--from", str(file), "--dry-run", "--json").json["counts"]
    real = workplace.command("ingest", "--from", str(file), "--json").json["counts"]

    assert {name: dry[name] for name in ("fetched", "new", "rejected")} == {
        name: real[name] for name in ("fetched", "new", "rejected")
    }


@pytest.mark.parametrize("command", ["ingest --from /dev/null --dry-run", "rank --dry-run"])
def test_a_dry_run_prints_its_result_without_a_terminal_too(workplace: Installation, command: str) -> None:
    done = workplace.command(*command.split())

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout != ""


def test_a_dry_run_waits_for_no_lock(workplace: Installation) -> None:
    import fcntl

    with (workplace.home / "locks" / "ingest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = workplace.command("ingest", "--from", "/dev/null", "--dry-run")

    assert done.exit_code == 0


def test_a_dry_run_cannot_write_even_by_mistake(workplace: Installation) -> None:
    def writing(job: JobContext) -> None:
        job.store.notice_once("by mistake", job.now)

    result = workplace.run("ingest", writing, is_dry=True)

    assert result.exit_code in (74, 75)  # a server says of itself, too, that it can only be read
    assert workplace.values("SELECT count(*) FROM notices") == [0]


def test_a_dry_run_that_fails_has_the_exit_code_of_the_failure(workplace: Installation) -> None:
    def failing(job: JobContext) -> None:
        raise UpstreamError("x", "it is down")

    assert workplace.run("ingest", failing, is_dry=True).exit_code == 69
