"""Jobs that are killed at each of their named steps on one host, and brought to their end by another one."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import psycopg

from tests.builders import in_lines, own_line
from tests.tools.processes import kill_group, wait_for
from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.base.models import Alert
from trendspark_cli.store.postgres.store import open_postgres

if TYPE_CHECKING:
    from tests.tools.host_machines import HostMachine
    from tests.tools.host_trials import Ground, Trial

ARCHIVE_STEPS = ("planned", "exported", "uploaded", "verified", "deleting")
DELIVERY_STEPS = ("claimed", "sent", "answered")
OLD_POSTS, OLD_DAYS = 8000, 2  # several transactions delete a part
LEASE_SECONDS = 60.0


def asked(url: str, sql: str) -> int:
    """Return the one number that a query answers."""
    with psycopg.connect(url, options="-c search_path=trendspark") as server:
        row = server.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def old_posts(on: Ground) -> int:
    """Have posts of many days ranked that are past their retention; return how many."""
    on.files += 1
    path = on.folder / f"posts-{on.files}.ndjson"
    moments = [utc_now() - timedelta(days=60 + number % OLD_DAYS, seconds=number) for number in range(OLD_POSTS)]
    lines = [
        own_line(f"old-{number}", created_at=to_text(moment), text=f"bridge {number}")
        for number, moment in sorted(enumerate(moments), key=lambda each: each[1])
    ]
    path.write_bytes(in_lines(*lines))
    return OLD_POSTS


def archive_steps(on: Ground, trial: Trial, steps: tuple[str, ...] = ARCHIVE_STEPS) -> Trial:
    """Kill `archive` when a part of it has come to a step; another host ends it, and no row is lost or there twice."""
    one, two = on.machines
    folder = on.folder / "archive"
    folder.mkdir()
    for machine in on.machines:
        machine.here.environment |= {"ARCHIVE_URL": f"file://{folder}", "RETENTION_DAYS_POSTS": "45"}
    count = old_posts(on)
    on.until_done(trial, one, "ingest", "--from", str(on.folder / f"posts-{on.files}.ndjson"))
    on.until_done(trial, one, "rank")
    for step in steps:
        _killed_at(
            on,
            trial,
            one,
            ("archive", "--force"),
            step,
            f"SELECT count(*) FROM archive_manifests WHERE state = '{step}'",
        )
    on.until_done(trial, two, "archive", "--force")
    live = asked(on.url, "SELECT count(*) FROM posts")
    kept = asked(on.url, "SELECT coalesce(sum(deleted_rows), 0) FROM archive_manifests WHERE table_name = 'posts'")
    if (live, kept) != (0, count):
        trial.wrong.append(f"of {count} old posts {live} are live and {kept} archived")
    on.until_done(trial, two, "archives", "verify")
    on.until_done(trial, two, "archives", "restore", "--since", "2000-01-01", "--table", "posts")
    back = asked(on.url, "SELECT count(DISTINCT source_id) FROM posts")
    if back != count:
        trial.wrong.append(f"of {count} archived posts {back} came back")
    return trial


def _killed_at(
    on: Ground, trial: Trial, machine: HostMachine, words: tuple[str, ...], step: str, is_there: str
) -> None:
    """Start a command and kill it as soon as a query answers more than nothing; say when that never was."""
    process = machine.start(*words)
    with psycopg.connect(on.url, autocommit=True, options="-c search_path=trendspark") as server:
        reached = False
        while process.poll() is None and not reached:
            row = server.execute(is_there).fetchone()
            reached = row is not None and row[0] > 0
    kill_group(process)
    process.communicate()
    trial.ended(-9, "")
    if not reached:
        trial.wrong.append(f"{words[0]} was never seen at step {step}")


class Hook:
    """A program that takes messages, on all addresses; it answers when it may."""

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self.may_answer = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.texts[json.dumps(body.get("title", body), sort_keys=True)] += 1
                hook.may_answer.wait(60)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)  # hosts come by addresses of their own
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def count(self) -> int:
        """How many messages it was given."""
        return self.texts.total()


@contextmanager
def listening() -> Iterator[Hook]:
    """Yield a program that takes messages."""
    hook = Hook()
    try:
        yield hook
    finally:
        hook.may_answer.set()
        hook.server.shutdown()
        hook.server.server_close()


def delivery_steps(on: Ground, trial: Trial, steps: tuple[str, ...] = DELIVERY_STEPS) -> Trial:
    """Kill `deliver` before, within and after a send; another host goes on: each alert comes, one a kill twice."""
    one, two = on.machines
    with listening() as hook:
        for machine in on.machines:
            place = f"http://{machine.server_address}:{hook.server.server_address[1]}/alerts"
            machine.here.environment |= {"ALERT_URL_DESK": place, "ENABLE_REALTIME_ALERTS": "true"}
        with closing(open_postgres(on.url, channels=("desk",))) as store, store.transaction():
            for number in range(2 * len(steps)):
                alert = Alert(f"alert-{number}", "manual_test", f"alert {number}", f"alert {number}")
                store.notifications.queue(alert, utc_now(), muted=False)
        for step in steps:
            process = one.start("deliver")
            seen = hook.count
            reached: Callable[[], bool] = (
                (lambda: asked(on.url, "SELECT count(*) FROM notifications WHERE status = 'sending'") > 0)
                if step == "claimed"
                else lambda: hook.count > seen  # noqa: B023 - called before the next one
            )
            wait_for(f"deliver is at {step}", lambda: reached() or process.poll() is not None, seconds=90, pause=0.002)  # noqa: B023
            if step == "answered":
                hook.may_answer.set()
            kill_group(process)
            process.communicate()
            hook.may_answer.clear()
            trial.ended(-9, "")
            time.sleep(LEASE_SECONDS + 1)
        hook.may_answer.set()
        on.until_done(trial, two, "deliver")
        left = asked(on.url, "SELECT count(*) FROM notifications WHERE category = 'manual_test' AND status <> 'sent'")
        if left:
            trial.wrong.append(f"{left} alerts were not sent")
        if hook.count > 2 * len(steps) + len(steps) or len(hook.texts) < 2 * len(steps):
            trial.wrong.append(f"{2 * len(steps)} alerts came {hook.count} times, {len(hook.texts)} different")
        trial.note = f"{2 * len(steps)} alerts came {hook.count} times"
    return trial
