"""A day of an installation, lived in a minute with a told clock, as a Prometheus that scraped it would have it."""

from __future__ import annotations

import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cronsim import CronSim

from tests.installation import read_series
from tests.money.briefing import open_trend
from tests.servers import faults, x_post
from tests.tools.alert_places import Place
from tests.tools.monitoring import START_SECONDS, Prometheus
from tests.tools.processes import free_port, get, running, wait_for
from trendspark_cli.app.job_bodies import bodies_of, stream_body
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.clock import utc_now
from trendspark_cli.kinds.jobs import SCHEDULED

SCRAPE_MINUTES = 2
SEED = 20261128
SCHEDULE = {job.id: job.cron for job in SCHEDULED.values() if job.is_scheduled or job.id == "archive"}


class DayOfMetrics:
    """Runs jobs when they are due, and remembers each series every two minutes."""

    def __init__(self, place: Place, hours: int) -> None:
        self._place = place
        self._hours = hours
        self._dice = random.Random(SEED)
        self._samples: dict[str, list[tuple[float, float]]] = {}
        self.end = utc_now().replace(second=0, microsecond=0)
        self.start = self.end - timedelta(hours=hours)

    def live(self) -> None:
        """Go through the day, minute by minute: a burst of posts, an hour without X, one without Telegram."""
        place = self._place
        place.x.clock = lambda: place.now.timestamp()
        place.x.add(self._posts())
        place.environment["X_STREAM_ENABLED"] = "true"
        place.now = self.start
        place.command_now("rules", "sync")
        place.store_old_posts(1)
        for minute in range(self._hours * 60):
            place.now = self.start + timedelta(minutes=minute)
            self._break_and_mend(minute / 60)
            for job_id, cron in SCHEDULE.items():
                if next(CronSim(cron, place.now - timedelta(seconds=1))) == place.now:
                    self._run(job_id)
            if minute % 60 == 20:
                place.queue_alert(place.now)
            if minute % 240 == 61:
                open_trend(place, f"bridge {minute}", now=place.now)
            if minute % 180 == 60:
                self._stream()
            if minute % SCRAPE_MINUTES == 0:
                self._scrape()

    def _posts(self) -> list[dict[str, object]]:
        """What people say on X: a steady trickle, and a ferry that stops two thirds into the day."""
        dice, seconds = self._dice, self._hours * 3600
        steady = [
            (dice.uniform(-3600, seconds), f"bridge news {n % 97} {dice.random():.6f}") for n in range(40 * self._hours)
        ]
        burst = [(dice.gauss(seconds * 2 / 3, 900), f"bridge closed, the ferry stopped {n}") for n in range(240)]
        return [
            x_post(self.start + timedelta(seconds=second), text, author_id=str(n + 1))
            for n, (second, text) in enumerate(sorted([*steady, *burst]))
        ]

    def _break_and_mend(self, hour: float) -> None:
        place = self._place
        if hour == self._hours // 4:
            place.x.faults.add(faults.server_error(503), times=None)
        if hour == self._hours // 4 + 1:
            place.x.faults.clear()
        place.telegram.is_blocked = self._hours // 2 <= hour < self._hours // 2 + 1

    def _run(self, job_id: str) -> None:
        here = self._place.installation()
        [body] = bodies_of(job_id).values()
        here.runner().run(job_id, lambda job: body(Wired(here.settings, job, here.clock)))

    def _stream(self) -> None:
        place = self._place
        here = place.installation()
        body = stream_body(max_runtime=timedelta(seconds=0.5))
        news = x_post(place.now - timedelta(seconds=4), f"bridge live {place.now}")
        threading.Timer(0.2, place.front.publish, ([news],)).start()
        here.runner().run("stream", lambda job: body(Wired(here.settings, job, here.clock)))

    def _scrape(self) -> None:
        moment = self._place.now.timestamp()
        for series, value in read_series(self._place.metrics_folder).items():
            self._samples.setdefault(series, []).append((moment, value))

    def open_metrics(self) -> str:
        """Return what was remembered, in the form promtool makes blocks of."""
        lines = []
        for series, samples in sorted(self._samples.items()):
            name, _, labels = series.partition("{")
            found = f'{{instance="host",{labels}' if labels else '{instance="host",job="node"}'
            if labels and 'job="' not in labels:
                found = f'{{instance="host",job="node",{labels}'
            lines += [f"{name}{found} {value} {moment:.0f}" for moment, value in samples]
        return "\n".join([*lines, "# EOF", ""])


@contextmanager
def prometheus_of(open_metrics: str, work: Path) -> Iterator[Prometheus]:
    """Run a Prometheus that remembers these series and scrapes nothing."""
    (work / "day.txt").write_text(open_metrics, encoding="utf-8")
    data, address = work / "day-data", f"127.0.0.1:{free_port()}"
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", work / "day.txt", data],
        check=True,
        capture_output=True,
    )
    (work / "day.yml").write_text("{}", encoding="utf-8")
    argv = [
        "prometheus",
        f"--config.file={work / 'day.yml'}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with running(argv, work / "day.log"):
        here = Prometheus(f"http://{address}")
        wait_for("Prometheus is ready", lambda: get(f"{here.url}/-/ready"), seconds=START_SECONDS)
        yield here
