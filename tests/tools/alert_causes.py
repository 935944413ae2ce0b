"""What really makes each alert fire, and what ends it: every rule has a cause here, acted out on a real installation.

A cause is a story from top to bottom. Each `yield` hands over to the others for so many seconds.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, timedelta

from tests.money.briefing import open_trend
from tests.servers import Fault, Request, faults, x_post
from tests.servers.messages import Answer, json_answer
from tests.servers.telegram_server import refusal
from tests.tools import books
from tests.tools.alert_places import Place, make_room
from tests.tools.processes import wait_for
from trendspark_cli.base.clock import utc_now

Story = Callable[[Place], Iterator[float]]


@dataclass(frozen=True)
class Cause:
    """A story, and the rules it makes fire. `is_slow`: some hold of theirs lasts hours."""

    words: str
    rules: tuple[str, ...]
    story: Story
    is_slow: bool = False
    has_small_disk: bool = False
    is_nobodys: bool = False  # the alert names no installation


def no_job_has_run(place: Place) -> Iterator[float]:
    """Nobody has started a job yet."""
    while not place.has_fired:
        yield 0.5
    place.job("ingest")


def cron_stopped(place: Place) -> Iterator[float]:
    """The last run was 50 minutes ago."""
    place.command_at(utc_now() - timedelta(minutes=50), "ingest")
    while not place.has_fired:
        yield 0.5
    place.job("ingest")


def x_is_down(place: Place) -> Iterator[float]:
    """X answers 503, run after run."""
    place.job("ingest")
    place.x.faults.add(faults.server_error(503), times=None)
    while not place.has_fired:
        place.job("ingest")
        yield 3
    place.x.faults.clear()
    place.job("ingest")


def token_is_refused(place: Place) -> Iterator[float]:
    """X answers 401."""
    place.job("ingest")
    place.x.faults.add(faults.unauthorized(), times=None)
    while not place.has_fired:
        place.job("ingest")
        yield 2
    place.x.faults.clear()
    place.job("ingest")


def rate_limit_is_spent(place: Place) -> Iterator[float]:
    """Another program has used up X's requests."""
    place.x.faults.add(faults.rate_limited(faults.Reset.FAR), times=None)
    place.job("ingest")
    while not place.has_fired:
        yield 0.5
    place.x.faults.clear()
    place.job("ingest")


def killed(place: Place) -> Iterator[float]:
    """kill -9 while it waits for X."""
    place.job("ingest")
    yield 4  # it is scraped
    place.x.faults.add(faults.hang(), times=1)
    process = place.start("ingest")
    wait_for("it runs", lambda: _running(place), seconds=20)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    place.x.faults.clear()
    place.job("ingest")
    yield 0


def _running(place: Place) -> bool:
    return bool(books.value(place.database, "SELECT count(*) FROM job_runs WHERE status = 'running'"))


def began_late(place: Place) -> Iterator[float]:
    """Cron came seven minutes late, then in time."""
    now = utc_now()
    quarter = now.replace(minute=now.minute // 15 * 15, second=2)
    place.command_at(quarter - timedelta(minutes=8), "ingest")
    while not place.has_fired:
        yield 0.5
    place.command_at(quarter, "ingest")


def runs_are_slow(place: Place) -> Iterator[float]:
    """Telegram takes 40 seconds to answer nothing."""
    place.job("deliver")
    place.environment["HTTP_TIMEOUT"] = "40s"
    place.queue_alert(utc_now())
    place.telegram.faults.add(faults.hang(), times=None)
    process = place.start("deliver")
    while process.poll() is None:
        yield 1
    process.communicate()
    while not place.has_fired:
        yield 0.5
    place.telegram.faults.clear()
    place.environment["HTTP_TIMEOUT"] = "5s"
    for _ in range(3):
        place.job("deliver")


def paused(place: Place) -> Iterator[float]:
    """Somebody paused it and forgot."""
    place.command("jobs", "pause", "ingest", "--reason", "holidays")
    place.job("ingest")
    while not place.has_fired:
        yield 0.5
    place.command("jobs", "resume", "ingest")
    place.job("ingest")


def file_deleted(place: Place) -> Iterator[float]:
    """Somebody tidied up."""
    place.job("ingest")
    yield 4  # it is scraped
    (place.metrics_folder / "trendspark_ingest.prom").unlink()
    while not place.has_fired:
        yield 0.5
    place.command("metrics")


def file_closed(place: Place) -> Iterator[float]:
    """A file that the exporter may not read."""
    place.job("ingest")
    place.job("rank")
    (place.metrics_folder / "trendspark_ingest.prom").chmod(0)
    while not place.has_fired:
        yield 0.5
    place.job("ingest")


def files_are_old(place: Place) -> Iterator[float]:
    """Nothing was written for three hours."""
    place.job("rank")
    then = (utc_now() - timedelta(hours=3)).timestamp()
    os.utime(place.metrics_folder / "trendspark_shared.prom", (then, then))
    while not place.has_fired:
        yield 0.5
    place.job("rank")


def plain_scrape(place: Place) -> Iterator[float]:
    """Prometheus was never told to leave our label alone."""
    place.job("ingest")
    place.stack.scrape(place.address, is_plain=True)
    while not place.has_fired:
        yield 0.5
    place.stack.scrape(place.address, is_plain=False)


def restored(place: Place) -> Iterator[float]:
    """The database is replaced by this morning's backup."""
    place.job("rank")
    backup = place.home.parent / "backup.db"
    assert place.command("db", "backup", str(backup)).exit_code == 0
    for _ in range(5):
        place.job("rank")
    yield 4  # they are scraped
    for end in ("-wal", "-shm"):
        place.database.with_name(place.database.name + end).unlink(missing_ok=True)
    shutil.copy(backup, place.database)
    place.job("rank")


def clock_is_ahead(place: Place) -> Iterator[float]:
    """A machine whose clock is an hour ahead."""
    place.command_at(utc_now() + timedelta(hours=1), "rank")
    while not place.has_fired:
        yield 0.5
    place.job("rank")
    place.job("deliver")  # which the command started too


def nothing_is_new(place: Place) -> Iterator[float]:
    """A query that nobody's posts match."""
    while not place.has_fired:
        place.job("ingest")
        yield 4
    place.publish(3)
    place.job("ingest")


def another_shape(place: Place) -> Iterator[float]:
    """X leaves out what posts say."""
    place.job("ingest")
    yield 3
    place.x.faults.add(Fault("no text", _posts_without_text), times=1)
    place.job("ingest")


def _posts_without_text(request: Request) -> Answer:
    posts = [x_post(utc_now().astimezone(UTC), f"bridge {n}", sequence=n) for n in range(40)]
    bad = [{key: value for key, value in post.items() if key != "text"} for post in posts]
    meta = {"newest_id": bad[-1]["id"], "oldest_id": bad[0]["id"], "result_count": len(bad)}
    return json_answer({"data": bad, "meta": meta})


def gap_stays(place: Place) -> Iterator[float]:
    """X fails after the first page, and nothing runs for half a day."""
    place.publish(250, minutes_ago=5)
    place.x.faults.add(None, times=1).add(faults.server_error(503), times=None)
    place.job("ingest")
    place.x.faults.clear()
    while not place.has_fired:
        yield 0.5
    place.job("ingest")


def stream_never_ran(place: Place) -> Iterator[float]:
    """Somebody switched it on, and forgot cron's line."""
    place.environment["X_STREAM_ENABLED"] = "true"
    place.job("rank")
    while not place.has_fired:
        yield 0.5
    place.command("rules", "sync")
    place.command("stream", "--max-runtime", "3s")


def stream_breaks(place: Place) -> Iterator[float]:
    """X closes it as soon as it is open."""
    place.environment["X_STREAM_ENABLED"] = "true"
    place.command("rules", "sync")
    place.job("rank")
    process = place.start("stream", "--max-runtime", "40s")
    while not place.has_fired and process.poll() is None:
        with suppress(OSError):
            place.front.disconnect()
        yield 0.05
    process.terminate()
    process.communicate()


def stream_lags(place: Place) -> Iterator[float]:
    """X sends posts minutes after they were written."""
    place.environment["X_STREAM_ENABLED"] = "true"
    place.command("rules", "sync")
    process = place.start("stream", "--max-runtime", "5m")
    while not place.front.is_connected:
        yield 0.5
    place.front.publish([x_post(utc_now() - timedelta(minutes=3), "bridge")])
    while not place.has_fired:
        yield 0.5
    while not place.is_over:
        place.front.publish([x_post(utc_now(), "bridge")])
        yield 2
    process.terminate()
    process.communicate()


def telegram_is_dead(place: Place) -> Iterator[float]:
    """Nobody listens where Telegram should be, and alerts wait."""
    place.environment["TELEGRAM_API_BASE_URL"] = "http://127.0.0.1:9"
    for minutes in range(20, 30):
        place.queue_alert(utc_now() - timedelta(minutes=minutes))
    place.job("deliver")
    while not place.has_fired:
        yield 0.5
    place.environment["TELEGRAM_API_BASE_URL"] = place.telegram.url
    while not place.is_over:
        place.job("deliver")
        yield 3


def refused_message(place: Place) -> Iterator[float]:
    """Telegram refuses one message for good."""
    place.telegram.faults.add(Fault("400", lambda request: refusal(400, "Bad Request: message is odd")), times=1)
    place.queue_alert(utc_now())
    place.job("deliver")
    while not place.has_fired:
        yield 0.5
    place.command("alerts", "retry", "--all")
    place.job("deliver")


def model_refuses(place: Place) -> Iterator[float]:
    """The language model refuses to write."""
    for label in ("bridge", "ferry", "tunnel", "station"):
        open_trend(place, label, now=utc_now())
    place.job("rank")
    place.model.refuses = True
    while not place.has_fired:
        place.job("brief")
        yield 3
    place.model.refuses = False
    place.job("brief")


def day_is_used_up(place: Place) -> Iterator[float]:
    """A day's ceiling is reached."""
    place.environment["X_MAX_READS_PER_DAY"] = "100"
    place.publish(150, minutes_ago=5)
    place.job("ingest")
    while not place.has_fired:
        yield 0.5
    place.environment["X_MAX_READS_PER_DAY"] = "5000"
    place.job("ingest")


def month_is_nearly_used(place: Place) -> Iterator[float]:
    """Nine tenths of a month's ceiling."""
    place.environment["X_MAX_READS_PER_MONTH"] = "100"
    place.publish(90, minutes_ago=5)
    place.job("ingest")
    while not place.has_fired:
        yield 0.5
    place.environment["X_MAX_READS_PER_MONTH"] = "50000"
    place.job("ingest")


def archive_does_not_run(place: Place) -> Iterator[float]:
    """Rows past retention stay."""
    place.store_old_posts(1)
    place.command("metrics")
    while not place.has_fired:
        yield 0.5
    place.archive(is_forced=True)


def object_deleted(place: Place) -> Iterator[float]:
    """Somebody deletes an object of the archive, and the next run finds out."""
    place.now = utc_now()
    place.store_old_posts(1)
    place.archive(is_forced=True)
    [lost, *_] = place.objects()
    aside = place.home.parent / "aside"
    lost.rename(aside)
    place.command("archives", "verify")
    place.store_old_posts(2)
    place.archive()
    while not place.has_fired:
        yield 0.5
    aside.rename(lost)
    place.command("archives", "verify")
    place.now = utc_now()
    place.archive(is_forced=True)


def disk_fills(place: Place) -> Iterator[float]:
    """A small disk, and a database that grows."""
    place.command("metrics")
    yield 60
    with place.changes() as store:
        store.connection.raw.execute("CREATE TABLE ballast AS SELECT randomblob(20000000) AS bytes")
    place.command("metrics")
    while not place.has_fired:
        yield 0.5
    make_room(place.home)
    place.command("metrics")


def all_is_well(place: Place) -> Iterator[float]:
    """Jobs run when they should."""
    now = utc_now()
    quarter = now.replace(minute=now.minute // 15 * 15, second=1)
    place.publish(20)
    place.command_at(quarter, "ingest")
    while True:
        place.job("deliver")
        yield 10


def nothing_is_set_up(place: Place) -> Iterator[float]:
    """No source, no channel, no schedule: somebody looks around."""
    place.environment = {
        key: place.environment[key] for key in ("TEXTFILE_DIR", "TRENDSPARK_HOME", "TRENDSPARK_ENV_FILE")
    }
    place.command("metrics")
    place.command("archive", "--dry-run")
    place.command("alert-test")
    place.command("vacuum")
    while True:
        yield 10


JOB_CAUSES = (
    Cause("cron stopped", ("TrendSparkJobStale",), cron_stopped),
    Cause("X answers 503", ("TrendSparkJobFailing", "TrendSparkApiFails", "TrendSparkIngestStalled"), x_is_down),
    Cause("kill -9 of a run", ("TrendSparkJobKilled",), killed),
    Cause("a run began late", ("TrendSparkJobLate",), began_late),
    Cause("runs of 40 seconds, each minute", ("TrendSparkJobSlow",), runs_are_slow),
    Cause("paused and forgotten", ("TrendSparkJobPaused",), paused, is_slow=True),
    Cause("X's rate limit is spent", ("TrendSparkRateLimitSpent", "TrendSparkJobHeldBack"), rate_limit_is_spent),
)
FILE_CAUSES = (
    Cause("a .prom file deleted", ("TrendSparkJobMetricsAbsent",), file_deleted),
    Cause("a .prom file of mode 000", ("TrendSparkFilesUnreadable",), file_closed),
    Cause("files three hours old", ("TrendSparkFilesStale",), files_are_old),
    Cause("a scrape without honor_labels", ("TrendSparkLabelRenamed",), plain_scrape),
    Cause("an old backup restored", ("TrendSparkCounterReset",), restored),
    Cause("a clock an hour ahead", ("TrendSparkClockSkew",), clock_is_ahead),
)
INGEST_CAUSES = (
    Cause("a query nothing matches", ("TrendSparkIngestEmpty",), nothing_is_new, is_slow=True),
    Cause("posts without a text", ("TrendSparkPostsRejected",), another_shape),
    Cause("a second page that fails", ("TrendSparkGapsOpen",), gap_stays, is_slow=True),
    Cause("a stream that never ran", ("TrendSparkStreamSilent",), stream_never_ran),
    Cause("a stream that X closes", ("TrendSparkStreamUnsteady",), stream_breaks),
    Cause("a stream minutes behind", ("TrendSparkStreamLags",), stream_lags),
)
OTHER_CAUSES = (
    Cause("a dead Telegram", ("TrendSparkOutboxStuck",), telegram_is_dead),
    Cause("a message that Telegram refuses", ("TrendSparkAlertsDead",), refused_message),
    Cause("X answers 401", ("TrendSparkCredentialsRefused", "TrendSparkApiRefuses"), token_is_refused),
    Cause("a model that refuses", ("TrendSparkModelFails",), model_refuses),
    Cause("the day's ceiling reached", ("TrendSparkBudgetReached",), day_is_used_up),
    Cause("90 % of the month's ceiling", ("TrendSparkBudgetNearlyUsed",), month_is_nearly_used),
    Cause("archive does not run", ("TrendSparkArchiveBacklog",), archive_does_not_run, is_slow=True),
    Cause(
        "an archive object deleted",
        ("TrendSparkArchiveObjectsMissing", "TrendSparkDataDamaged"),
        object_deleted,
    ),
    Cause(
        "a small disk and a growing database",
        ("TrendSparkDiskNearlyFull", "TrendSparkDatabaseGrows"),
        disk_fills,
        is_slow=True,
        has_small_disk=True,
    ),
)
FIRST = Cause("no job has run yet", ("TrendSparkMetricsAbsent",), no_job_has_run, is_nobodys=True)
CAUSES = (FIRST, *JOB_CAUSES, *FILE_CAUSES, *INGEST_CAUSES, *OTHER_CAUSES)
QUIET = (
    Cause("a healthy installation", (), all_is_well),
    Cause("a fresh installation", (), nothing_is_set_up),
)
