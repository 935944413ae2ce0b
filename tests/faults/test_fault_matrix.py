"""Every fault of every source against one run of `ingest`, and what an operator is promised each time.

Each row is run once: a run that meets the fault, then healthy runs until everything is there. The tests below look
at what these runs left behind.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, redirect_stderr
from dataclasses import dataclass

import pytest

from tests.faults.bluesky_rows import BLUESKY_ROWS
from tests.faults.feeds_rows import FEEDS_ROWS
from tests.faults.hackernews_rows import HACKERNEWS_ROWS
from tests.faults.mastodon_rows import MASTODON_ROWS
from tests.faults.reddit_rows import REDDIT_ROWS
from tests.faults.rows import Row
from tests.faults.scene import SECRETS, Scene, address_of, dead_address, opened_scene, serving
from tests.faults.x_rows import LOST, X_ROWS
from tests.ingest.operator import Operator
from tests.installation import read_series
from tests.servers.certificates import Certificate, CertificateError, make_certificate
from trendspark_cli.base.console import Output, report
from trendspark_cli.base.models import RunResult


def _refused(scene: Scene) -> None:
    scene.point_at(scene.dead_url)


def _untrusted(scene: Scene) -> None:
    scene.point_at(scene.untrusted_url)


ROWS = (
    *X_ROWS,
    *REDDIT_ROWS,
    *BLUESKY_ROWS,
    *HACKERNEWS_ROWS,
    *MASTODON_ROWS,
    *FEEDS_ROWS,
    *(
        Row(name, platform, plan, 69, says, audited, seconds=3.5)
        for platform in ("x", "reddit", "bluesky", "hackernews", "mastodon", "feeds")
        for name, plan, says, audited in (
            ("connection refused", _refused, "check the network", "cannot be reached"),
            ("untrusted certificate", _untrusted, "CA certificates", "is not trusted"),
        )
    ),
)


@dataclass(frozen=True)
class Aftermath:
    """What a row's runs left behind."""

    row: Row
    hurt: RunResult  # the run that met the fault
    stderr: str
    errors: tuple[str, ...]  # of the audit rows of that run
    reserved: int  # calls still set aside after it
    booked: int  # post reads booked after it
    delivered: int  # posts the server had handed out by then
    healed: tuple[int, ...]  # exit codes of the healthy runs
    stored: tuple[str, ...]
    held: frozenset[str]
    counts: Mapping[str, tuple[float, ...]]  # what is counted, by each that counts it
    written: bytes  # everything the runs left in files


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate nobody trusts."""
    try:
        return make_certificate(tmp_path_factory.mktemp("certificate"))
    except CertificateError as why:
        pytest.skip(str(why))


MOST_OF_A_CALL = 100  # posts


@pytest.fixture(scope="module", params=ROWS, ids=str)
def aftermath(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    certificate: Certificate,
) -> Iterator[Aftermath]:
    """One row of the matrix, after it happened."""
    row: Row = request.param
    with ExitStack() as stack:
        home = tmp_path_factory.mktemp("row") / "home"
        scene = stack.enter_context(opened_scene(row.platform, home))
        if row.name == "connection refused":
            scheme = "ws" if row.platform == "bluesky" else "http"
            scene.dead_url = f"{scheme}://{stack.enter_context(dead_address())}"
        if row.name == "untrusted certificate":
            trap = serving(row.platform, scene.server.clock, certificate=certificate)
            stack.enter_context(trap)
            scene.untrusted_url = address_of(trap)
        yield _happen(row, scene)


def _happen(row: Row, scene: Scene) -> Aftermath:
    operator = scene.operator
    if row.has_run_before:
        assert operator.ingest().exit_code == 0
        scene.later(minutes=31)
        scene.publish(3)
    healthy = dict(operator.environment)
    row.plan(scene)
    hurt = operator.ingest()
    stderr = _told(hurt)
    errors = tuple(
        str(found["error"])
        for found in operator.rows(f"SELECT error FROM ingest_audit WHERE cycle_id = {hurt.run_id}")
        if found["error"] is not None
    )
    reserved = operator.rows("SELECT count(*) AS n FROM spend_reservations")[0]["n"]
    booked = operator.rows("SELECT coalesce(sum(used), 0) AS n FROM spend WHERE service = 'x'")[0]["n"]
    delivered = getattr(getattr(scene.server, "billing", None), "delivered_posts", 0)
    scene.heal(healthy)
    healed = _heal(row, scene)
    stored = tuple(found["source_id"] for found in operator.rows("SELECT source_id FROM posts"))
    held = frozenset(scene.held())
    counts = _counts(operator)
    written = b"".join(path.read_bytes() for path in sorted(operator.home.rglob("*")) if path.is_file())
    return Aftermath(row, hurt, stderr, errors, reserved, booked, delivered, healed, stored, held, counts, written)


def _heal(row: Row, scene: Scene) -> tuple[int, ...]:
    """Run again as cron would, with new posts in between, until everything should be there."""
    codes = []
    scene.later(minutes=16)
    scene.publish(5)
    for _ in range(row.runs_to_heal):
        codes.append(scene.operator.ingest().exit_code)
        scene.later(minutes=16)
    return tuple(codes)


def _told(result: RunResult) -> str:
    """What cron would mail of this run."""
    with redirect_stderr(io.StringIO()) as stderr:
        report(result, Output())
    return stderr.getvalue()


def _counts(operator: Operator) -> dict[str, tuple[float, ...]]:
    """Return what several places count, each by all of them."""

    def asked(sql: str) -> float:
        return float(operator.rows(f"SELECT coalesce({sql}")[0]["n"])

    def total(metric: str) -> float:
        return asked(f"sum(value), 0) AS n FROM metric_totals WHERE name = '{metric}'")

    series = read_series(operator.home / "textfile_collector")

    def exported(metric: str) -> float:
        return sum(value for key, value in series.items() if key.partition("{")[0] == metric)

    def everywhere(metric: str, *others: float) -> tuple[float, ...]:
        return (total(metric), exported(metric), *others)

    usd = asked("sum(usd), 0) AS n FROM spend")
    return {
        "posts": everywhere(
            "trendspark_ingest_items_total",
            asked("count(*), 0) AS n FROM posts") + asked("count(*), 0) AS n FROM tombstones"),
            asked("sum(new), 0) AS n FROM ingest_audit"),
        ),
        "reads": everywhere(
            "trendspark_x_reads_total",
            asked("sum(used), 0) AS n FROM spend WHERE service = 'x'"),
            asked("sum(reads), 0) AS n FROM ingest_audit WHERE source = 'x'"),
        ),
        "usd": everywhere("trendspark_x_cost_usd_total", usd, asked("sum(cost), 0) AS n FROM ingest_audit")),
        "calls": everywhere("trendspark_api_requests_total", asked("sum(calls), 0) AS n FROM api_calls")),
        "runs": everywhere("trendspark_job_runs_total", asked("count(*), 0) AS n FROM job_runs")),
        "cycles": everywhere(
            "trendspark_ingest_cycles_total",
            asked("count(DISTINCT cycle_id), 0) AS n FROM ingest_audit WHERE error IS NULL OR fetched > 0"),
        ),
    }


def test_the_exit_code_says_whose_problem_it_is(aftermath: Aftermath) -> None:
    told = aftermath.hurt.errors or aftermath.hurt.counts
    assert aftermath.hurt.exit_code == aftermath.row.code, told


def test_one_line_says_what_to_do_and_a_success_says_nothing(aftermath: Aftermath) -> None:
    lines = aftermath.stderr.splitlines()
    assert len(lines) == (0 if aftermath.row.code == 0 else 1)
    assert aftermath.row.says in aftermath.stderr
    assert aftermath.row.code == 0 or f"(run {aftermath.hurt.run_id})" in aftermath.stderr


def test_the_audit_names_what_went_wrong(aftermath: Aftermath) -> None:
    if aftermath.row.audited:
        assert any(aftermath.row.audited in error for error in aftermath.errors), aftermath.errors
    elif aftermath.row.code in (0, 75):
        assert aftermath.errors == ()


def test_nothing_stays_set_aside_for_a_call_that_is_over(aftermath: Aftermath) -> None:
    assert aftermath.reserved == 0


def test_a_refusal_costs_nothing_and_a_lost_answer_is_booked_with_the_most_it_can_have_cost(
    aftermath: Aftermath,
) -> None:
    is_lost = aftermath.row.platform == "x" and aftermath.row.name.removeprefix("second page: ") in LOST
    lost = MOST_OF_A_CALL if is_lost else 0
    assert lost <= aftermath.booked <= aftermath.delivered + lost


def test_no_secret_is_told_or_written(aftermath: Aftermath) -> None:
    everything = aftermath.stderr.encode() + repr(aftermath.hurt.errors).encode() + aftermath.written
    assert [secret for secret in SECRETS if secret.encode() in everything] == []


def test_the_run_ends_in_time(aftermath: Aftermath) -> None:
    assert aftermath.hurt.duration_seconds < aftermath.row.seconds


def test_the_next_healthy_run_brings_everything_and_nothing_twice(aftermath: Aftermath) -> None:
    assert aftermath.healed[-1] == 0
    assert sorted(aftermath.stored) == sorted(aftermath.held)


@pytest.mark.parametrize("what", ["posts", "reads", "usd", "calls", "runs", "cycles"])
def test_all_that_count_agree(aftermath: Aftermath, what: str) -> None:
    counted = aftermath.counts[what]
    assert counted == pytest.approx((counted[0],) * len(counted))
