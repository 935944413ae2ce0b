"""Several runs of `ingest` at once: other sources, other profiles, files; never two that read the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

import pytest

from tests.builders import NOW
from tests.installation import Installation
from trendspark_cli.app.job_parts import file_parts, gap_parts, ingest_parts
from trendspark_cli.base.errors import LockHeldError
from trendspark_cli.base.models import Profile, RunResult
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.database import JobParts

pytestmark = pytest.mark.every_store

CONFIGURED = {"X_BEARER_TOKEN": "t", "BLUESKY_INGEST_ENABLED": "true", "KEYWORDS": "bridge"}


@pytest.fixture
def here(workplace: Installation) -> Installation:
    """An installation with two sources and two profiles."""
    workplace.environment.update(CONFIGURED)
    with closing(workplace.store()) as store, store.transaction():
        for name in ("default", "city"):
            store.profiles.save(Profile(name, ("bridge",), created_at="t", updated_at="t"))
    return workplace


def found(here: Installation, parts: JobParts) -> Sequence[str]:
    """The names of parts."""
    with closing(here.store()) as store:
        return parts.find(store)


def at_work(here: Installation, parts: JobParts, meanwhile: Callable[[JobContext], None]) -> RunResult:
    """Run something while another process, as it looks, is at these parts of `ingest`."""

    def body(job: JobContext) -> None:
        with closing(here.store()) as store, store.transaction():
            store.connection.execute("UPDATE job_runs SET host = 'another', pid = 1 WHERE id = ?", (job.run_id,))
        meanwhile(job)

    return here.run("ingest", body, parts=parts)


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def x_of(*profiles: str) -> Callable[[Installation], JobParts]:
    """X, for these profiles."""
    return lambda here: ingest_parts(here.installation().settings, ["x"], profiles)


def everything(here: Installation) -> JobParts:
    """All sources, for all profiles."""
    return ingest_parts(here.installation().settings)


def bluesky(here: Installation) -> JobParts:
    """Another source."""
    return ingest_parts(here.installation().settings, ["bluesky"])


def gaps(here: Installation) -> JobParts:
    """What is left unread of X for a profile."""
    return gap_parts(here.installation().settings, ["city"])


def file(here: Installation) -> JobParts:
    """A file."""
    return file_parts()


def test_a_part_is_a_source_for_a_profile(here: Installation) -> None:
    assert found(here, x_of("city")(here)) == ["city/x"]
    assert {"city/x", "default/x"} < set(found(here, everything(here)))
    assert found(here, file(here)) == ["default/file"]


@pytest.mark.parametrize(
    ("first", "second"),
    [(x_of(), bluesky), (x_of("city"), x_of("default")), (everything, file), (file, file), (gaps, x_of("default"))],
)
def test_two_runs_that_read_different_things_are_both_at_work(
    here: Installation, first: Callable[[Installation], JobParts], second: Callable[[Installation], JobParts]
) -> None:
    results: list[RunResult] = []

    def meanwhile(job: JobContext) -> None:
        results.append(here.run("ingest", nothing, parts=second(here)))
        assert here.values("SELECT status FROM job_runs ORDER BY id") == ["running", "success"]

    results.append(at_work(here, first(here), meanwhile))

    assert [result.exit_code for result in results] == [0, 0]
    assert here.values("SELECT count(*) FROM run_parts") == [0]


@pytest.mark.parametrize(
    ("first", "second"),
    [(x_of(), x_of("city")), (x_of("city"), everything), (gaps, x_of("city")), (everything, lambda here: None)],
)
def test_of_two_runs_that_read_the_same_the_second_is_skipped_with_75(
    here: Installation,
    first: Callable[[Installation], JobParts],
    second: Callable[[Installation], JobParts | None],
) -> None:
    results: list[RunResult] = []

    at_work(here, first(here), lambda job: results.append(here.run("ingest", nothing, parts=second(here))))

    assert [(result.status, result.exit_code) for result in results] == [("skipped", 75)]
    assert here.values("SELECT status FROM job_runs ORDER BY id") == ["success", "skipped"]


def test_who_needs_the_whole_job_waits_for_a_file_too(here: Installation) -> None:
    def meanwhile(job: JobContext) -> None:
        with pytest.raises(LockHeldError), here.installation().database.locked(("ingest",), NOW):
            pass

    assert at_work(here, file(here), meanwhile).exit_code == 0


@pytest.mark.parametrize("lock_is_lost", [False, True])
def test_a_living_run_is_never_abandoned_by_one_of_another_part(here: Installation, lock_is_lost: bool) -> None:
    """Nor by one of the same part, when somebody took its lock away: the second fence."""
    with closing(here.store()) as store, store.transaction():
        living = store.job_runs.start("ingest", here.clock(), 1, "another", "1", None, ["city/x"])
    second = x_of("city") if lock_is_lost else bluesky

    result = here.run("ingest", nothing, parts=second(here))

    assert result.exit_code == (75 if lock_is_lost else 0)
    assert here.values(f"SELECT status FROM job_runs WHERE id = {living}") == ["running"]


@pytest.mark.parametrize(("second", "status"), [(x_of("city"), "abandoned"), (bluesky, "running")])
def test_a_killed_run_is_told_of_by_who_does_its_part_next(
    here: Installation, second: Callable[[Installation], JobParts], status: str
) -> None:
    with closing(here.store()) as store, store.transaction():
        killed = store.job_runs.start("ingest", here.clock(), 1, "another", "1", None, ["city/x"])
    here.later(minutes=5)

    here.run("ingest", nothing, parts=second(here))

    assert here.values(f"SELECT status FROM job_runs WHERE id = {killed}") == [status]
