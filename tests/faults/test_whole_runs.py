"""Faults seen over several sources, several runs, and in the real command."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults import more_faults
from tests.faults.rows import Plan, always, at
from tests.faults.scene import SECRETS, Platform, Scene, opened_scene, reddit_settings
from tests.ingest.operator import Operator
from tests.servers import Fault, Request, XServer, faults, x_post
from tests.servers.http_base import LocalServer

OPERATOR_PATIENCE = 10  # seconds a real command may need to start on a busy machine


@pytest.fixture
def x(tmp_path: Path) -> Iterator[Scene]:
    """X and an operator who reads it."""
    with opened_scene("x", tmp_path / "x") as scene:
        yield scene


@pytest.fixture
def reddit(tmp_path: Path) -> Iterator[Scene]:
    """Reddit and an operator who reads it."""
    with opened_scene("reddit", tmp_path / "reddit") as scene:
        yield scene


@pytest.fixture
def both(x: Scene, reddit: Scene) -> Operator:
    """An operator who reads X and Reddit."""
    x.operator.environment |= {
        **reddit_settings(),
        "REDDIT_BASE_URL": reddit.server.url,
        "REDDIT_OAUTH_URL": reddit.server.url,
    }
    return x.operator


def when_asked(server: LocalServer, endpoint: str) -> None:
    """Wait until a request has arrived."""
    waiting = threading.Event()
    until = time.monotonic() + OPERATOR_PATIENCE
    while not server.requests_of(endpoint):
        assert time.monotonic() < until, "nobody asked"
        waiting.wait(0.02)


def last_run(operator: Operator) -> tuple[str, int]:
    """How the newest run is on record."""
    row = operator.rows("SELECT status, exit_code FROM job_runs ORDER BY id DESC LIMIT 1")[0]
    return row["status"], row["exit_code"]


@pytest.mark.parametrize(
    "fault", [faults.unauthorized(), faults.hang(), faults.usage_capped()], ids=["401", "hang", "usage cap"]
)
def test_while_x_is_ill_reddit_is_read(both: Operator, x: Scene, reddit: Scene, fault: Fault) -> None:
    always(fault)(x)

    result = both.ingest()

    assert (result.exit_code, both.stored_ids("reddit")) == (3, reddit.held())


def test_while_reddit_is_down_x_is_read(both: Operator, x: Scene, reddit: Scene) -> None:
    always(faults.hang())(reddit)

    result = both.ingest()

    assert (result.exit_code, both.stored_ids("x")) == (3, x.held())


@pytest.mark.parametrize(
    ("of_x", "of_reddit", "code"),
    [
        (faults.unauthorized(), faults.html_page(), 77),
        (faults.html_page(), faults.hang(), 76),
        (faults.hang(), faults.rate_limited(), 69),
        (faults.usage_capped(), faults.rate_limited(), 75),
    ],
    ids=["77 over 76", "76 over 69", "69 over 75", "75"],
)
def test_when_nothing_works_the_worst_code_is_told(
    both: Operator, x: Scene, reddit: Scene, of_x: Fault, of_reddit: Fault, code: int
) -> None:
    always(of_x)(x)
    at("listing", of_reddit)(reddit)

    assert both.ingest().exit_code == code


def test_a_query_that_x_refuses_stops_neither_reddit_nor_other_queries(both: Operator, x: Scene, reddit: Scene) -> None:
    both.environment["KEYWORDS"] = "bridge," + ",".join(f"keyword{n:03}" + "y" * 40 for n in range(20))

    def refuse_all_but_the_first(request: Request) -> Fault | None:
        is_first = "bridge" in request.query.get("query", "")
        return None if is_first else more_faults.answered("400", {"detail": "bad query"}, 400)

    x.server.faults.decide_with(refuse_all_but_the_first)

    result = both.ingest()

    assert (result.exit_code, both.stored_ids("reddit"), both.stored_ids("x")) == (3, reddit.held(), x.held())


def test_a_service_that_hangs_is_asked_once_for_ten_subreddits(reddit: Scene) -> None:
    reddit.operator.environment["REDDIT_SUBREDDITS"] = ",".join(f"place{n}" for n in range(10))
    at("listing", faults.hang())(reddit)

    result = reddit.operator.ingest()

    assert (result.exit_code, len(reddit.server.requests_of("listing"))) == (69, 1)
    assert result.duration_seconds < 2


def test_a_service_that_hangs_is_asked_once_for_many_queries(x: Scene) -> None:
    x.operator.environment["KEYWORDS"] = ",".join(f"keyword{n:03}" + "y" * 40 for n in range(60))
    always(faults.hang())(x)

    result = x.operator.ingest()

    assert (result.exit_code, len(x.server.requests_of("search_recent"))) == (69, 1)


def test_the_token_does_not_travel_to_where_a_redirect_leads(x: Scene) -> None:
    always(faults.redirect_to_login())(x)

    x.operator.ingest()

    assert [entry.path for entry in x.server.log if "captive" in entry.path] == []


def test_a_listing_that_never_ends_ends_at_the_ceiling(x: Scene) -> None:
    always(_older_and_older())(x)
    x.operator.environment["X_MAX_READS_PER_DAY"] = "1000"

    result = x.operator.ingest()

    assert (result.exit_code, len(x.server.requests_of("search_recent"))) == (75, 10)
    assert x.operator.rows("SELECT sum(used) AS used FROM spend") == [{"used": 1000}]


def test_a_listing_that_never_ends_ends_at_the_limit(x: Scene) -> None:
    always(_older_and_older())(x)

    result = x.operator.ingest(limit=200)

    assert (result.exit_code, result.counts["fetched"]) == (0, 200)


def _older_and_older() -> Fault:
    """Full pages without end, each older than the one before."""

    def answer(request: Request) -> object:
        page = int(request.query.get("next_token", "0"))
        start = datetime.fromtimestamp(request.time - 3600, UTC).timestamp() - page * 100
        found = [x_post(datetime.fromtimestamp(start - n, UTC), f"bridge {page} {n}") for n in range(100)]
        meta = {
            "newest_id": found[0]["id"],
            "oldest_id": found[-1]["id"],
            "result_count": 100,
            "next_token": str(page + 1),
        }
        return {"data": found, "meta": meta}

    return Fault("older_and_older", lambda request: more_faults.answered("page", answer(request)).answer(request))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("platform", ["x", "reddit"])
def test_when_everything_is_flaky_at_once_nothing_is_lost_and_nothing_comes_twice(
    tmp_path: Path, platform: Platform, seed: int
) -> None:
    kinds = [fault for fault in faults.QUICK_FAULTS if _is_seen_as_ill(fault)] + [faults.hang()]
    with opened_scene(platform, tmp_path / "home") as scene:
        scene.server.faults.decide_with(faults.flaky(seed, 0.4, kinds))
        codes: list[int] = []
        while len(codes) < 40 and (len(codes) < 6 or codes[-2:] != [0, 0]):
            scene.publish(3)
            scene.later(minutes=5)
            codes.append(scene.operator.ingest().exit_code)

        assert codes[-2:] == [0, 0]
        assert set(codes) <= {0, 3, 69, 75, 76, 77, 78}
        assert any(codes)
        stored = [row["source_id"] for row in scene.operator.rows("SELECT source_id FROM posts")]
        assert sorted(stored) == sorted(scene.held())


def _is_seen_as_ill(fault: Fault) -> bool:
    """No result at all looks like the honest end of a listing to anybody; and one kind of 5xx is enough."""
    return fault.name not in ("null_data", "server_error_500", "server_error_502", "server_error_504")


@pytest.mark.parametrize(
    ("platform", "plan", "code"),
    [
        ("x", always(more_faults.told_secret()), 77),
        ("x", always(faults.rate_limited(faults.Reset.MISSING)), 75),
        ("x", always(faults.html_page()), 76),
        ("reddit", always(faults.hang()), 69),
        ("reddit", at("access_token", more_faults.told_secret()), 77),
    ],
    ids=["x: 403 that repeats the token", "x: 429", "x: HTML", "reddit: hang", "reddit: sign-in refused"],
)
def test_the_real_command_says_one_line_without_secrets(
    tmp_path: Path, platform: Platform, plan: Plan, code: int
) -> None:
    with opened_scene(platform, tmp_path / "home", now=datetime.now(UTC)) as scene:
        plan(scene)

        done = scene.operator.command("ingest")

        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)
        told = done.stderr + "".join(
            path.read_bytes().decode("utf-8", "replace") for path in scene.operator.home.rglob("*") if path.is_file()
        )
        assert [secret for secret in SECRETS if secret in told] == []


def test_sigterm_during_a_hang_ends_the_run_at_once(tmp_path: Path) -> None:
    with opened_scene("x", tmp_path / "home", now=datetime.now(UTC)) as scene:
        scene.operator.environment["HTTP_TIMEOUT"] = "60s"
        always(faults.hang())(scene)
        process = scene.operator.start("ingest")
        when_asked(scene.server, "search_recent")

        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=OPERATOR_PATIENCE)

        assert (process.returncode, last_run(scene.operator)) == (143, ("interrupted", 143))
        assert len(stderr.splitlines()) == 1


def test_what_a_stopped_run_had_set_aside_is_booked_by_the_next(tmp_path: Path) -> None:
    with opened_scene("x", tmp_path / "home", now=datetime.now(UTC)) as scene:
        scene.operator.environment["HTTP_TIMEOUT"] = "60s"
        always(faults.hang())(scene)
        process = scene.operator.start("ingest")
        when_asked(scene.server, "search_recent")
        process.kill()
        process.communicate(timeout=OPERATOR_PATIENCE)
        set_aside = scene.operator.rows("SELECT sum(units) AS n FROM spend_reservations")[0]["n"]
        scene.server.faults.clear()

        result = scene.operator.ingest()

        assert (result.exit_code, set_aside) == (0, 100)
        assert isinstance(scene.server, XServer)
        booked = scene.operator.rows("SELECT sum(used) AS n FROM spend")[0]["n"]
        assert booked == scene.server.billing.delivered_posts + set_aside
        assert scene.operator.rows("SELECT * FROM spend_reservations") == []
        assert scene.operator.stored_ids() == scene.held()


@pytest.mark.parametrize("platform", ["x", "reddit"])
def test_the_deadline_of_the_job_ends_a_hang(tmp_path: Path, platform: Platform) -> None:
    with opened_scene(platform, tmp_path / "home", now=datetime.now(UTC)) as scene:
        scene.operator.environment |= {"HTTP_TIMEOUT": "60s", "JOB_TIMEOUT_INGEST": "1s"}
        always(faults.hang())(scene)

        done = scene.operator.command("ingest", "--json")

        assert (done.exit_code, last_run(scene.operator)) == (124, ("timeout", 124))
        assert json.loads(done.stdout)["duration_seconds"] < 3
