"""Everything that buys posts at the same time, against one ceiling: what X counts, and what becomes of the rest."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.ingest.operator import TOKEN, Operator
from tests.servers import XServer, x_post
from tests.servers.x_stream_server import XStreamServer
from tests.stream.listening import Listener, now
from tests.tools.processes import wait_for
from trendspark_cli.app.job_bodies import Body, gaps_body, ingest_body
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.models import Profile, RunResult

TOPICS = {"harbour": "ferry", "city": "bridge", "market": "bread"}
# Locks of their own, so that what runs here at the same time really does.
TOGETHER: dict[str, Callable[[], Body]] = {
    "ingest": lambda: ingest_body(profiles=["harbour"]),
    "rank": lambda: ingest_body(profiles=["city"]),
    "brief": lambda: ingest_body(profiles=["market"]),
    "archive": gaps_body,
}
BACKLOG = timedelta(minutes=3)  # the youngest of the posts that were there before; search knows nothing younger


@dataclass(frozen=True)
class Outcome:
    """What came of it. Reads are as X bills them: a post once a day."""

    at_ceiling: int  # reads at X when everything had stopped
    ours_at_ceiling: int
    streamed: int  # posts the stream delivered before it was closed
    open_gaps: int  # which name what was unread
    published: int
    missing: int  # after the ceiling was raised
    left_gaps: int
    at_x: int
    ours: int
    codes: list[int]

    @property
    def is_kept(self) -> bool:
        """Whether nothing was lost and the books agree."""
        return (self.missing, self.left_gaps, self.at_x) == (0, 0, self.ours)


class Scene:
    """Three profiles, what X has of their topics, and a clock that can be moved on for all but the stream."""

    def __init__(self, listener: Listener, search: XServer) -> None:
        self.listener = listener
        self.operator: Operator = listener.operator
        self.search = search
        self.published: set[str] = set()
        self.ahead = timedelta(0)
        search.clock = lambda: self.now().timestamp()

    def now(self) -> Any:
        """The time as X and jobs have it."""
        return now() + self.ahead

    def publish(self, count: int, *, back: timedelta, live: bool = False) -> None:
        """Publish posts about each topic in turn, some of them about two."""
        words, moment = list(TOPICS.values()), now() - back
        first = len(self.published)
        made = [
            x_post(
                moment - timedelta(milliseconds=7 * n),
                f"{words[n % 3]} {words[(n + 1) % 3] if n % 10 == 0 else 'news'} {first + n}",
                author_id=str(first + n + 1),
                sequence=(first + n) % 4096,
            )
            for n in range(count)
        ]
        self.published |= {post["id"] for post in made}
        if live:
            self.listener.server.publish(made)
        else:
            self.search.add(made)

    def run(self, lock: str, body: Body) -> RunResult:
        """Run a body in this process, under a lock of its own."""
        self.operator.now = self.now()
        here = self.operator.installation()
        return here.runner().run(lock, lambda job: body(Wired(here.settings, job, here.clock)))

    def spent(self) -> int:
        """Reads in our books."""
        found = self.operator.rows("SELECT coalesce(sum(used), 0) AS used FROM spend WHERE service = 'x'")
        return int(found[0]["used"])

    def open_gaps(self) -> int:
        """How many gaps wait."""
        return len(self.operator.rows("SELECT id FROM gaps WHERE state = 'open'"))


@contextmanager
def money_scene(folder: Path, *, ceiling: int) -> Iterator[Scene]:
    """Three profiles with an X that streams and searches."""
    with XServer(bearer_token=TOKEN, quotas={"search_recent": 10**6}) as search, XStreamServer(search) as server:
        listener = Listener(folder / "home", server, X_MAX_READS_PER_DAY=str(ceiling), X_MAX_READS_PER_MONTH="10000000")
        scene = Scene(listener, search)
        with closing(scene.operator.store()) as store, store.transaction():
            for name, word in TOPICS.items():
                share = 0.5 if name == "city" else None
                store.profiles.save(Profile(name, (word,), share=share, created_at="t", updated_at="t"))
        yield scene


def spend_together(folder: Path, *, ceiling: int, backlog: int, live: int, per_second: int, burst: int = 1) -> Outcome:
    """Let three profiles be ingested and gaps be filled beside a stream, until the ceiling; then raise it."""
    with money_scene(folder, ceiling=30) as scene:
        scene.publish(backlog // 2, back=BACKLOG + timedelta(hours=1))
        codes = [scene.run("ingest", ingest_body()).exit_code]  # leaves gaps
        scene.publish(backlog - backlog // 2, back=BACKLOG)
        scene.operator.environment["X_MAX_READS_PER_DAY"] = str(ceiling)
        process = scene.operator.start("stream")
        wait_for("the stream is connected", lambda: scene.listener.server.is_connected, seconds=20, pause=0.02)
        codes += _all_at_once(scene, live, per_second, burst)
        # What is left of the ceiling is the stream's, until it ends; it may hang up before, to pay what has come first.
        while process.poll() is None and len(scene.published) < 10 * ceiling:
            scene.publish(burst, back=timedelta(0), live=True)
            time.sleep(burst / per_second)
        process.wait(30)
        assert process.returncode == 75, process.communicate()
        at_x, ours, gaps = scene.search.billing.billed_posts, scene.spent(), scene.open_gaps()
        streamed = _streamed(scene)
        scene.operator.environment["X_MAX_READS_PER_DAY"] = "10000000"
        with scene.listener.listening():
            wait_for("it knows what it missed", lambda: scene.open_gaps() > gaps, seconds=20, pause=0.05)
        scene.ahead = timedelta(minutes=3)
        codes += [scene.run("ingest", ingest_body()).exit_code, scene.run("ingest", gaps_body()).exit_code]
        return Outcome(
            at_ceiling=at_x,
            ours_at_ceiling=ours,
            streamed=streamed,
            open_gaps=gaps,
            published=len(scene.published),
            missing=len(scene.published - scene.operator.stored_ids()),
            left_gaps=scene.open_gaps(),
            at_x=scene.search.billing.billed_posts,
            ours=scene.spent(),
            codes=codes,
        )


def _all_at_once(scene: Scene, live: int, per_second: int, burst: int) -> Sequence[int]:
    codes: list[int] = []

    def run(lock: str, body: Callable[[], Body]) -> None:
        codes.append(scene.run(lock, body()).exit_code)

    threads = [threading.Thread(target=run, args=job) for job in TOGETHER.items()]
    for thread in threads:
        thread.start()
    for _ in range(live // burst):
        scene.publish(burst, back=timedelta(0), live=True)
        time.sleep(burst / per_second)
    for thread in threads:
        thread.join()
    return codes


def _streamed(scene: Scene) -> int:
    found = scene.operator.rows("SELECT coalesce(sum(used), 0) AS used FROM spend WHERE kind = 'stream'")
    return int(found[0]["used"])


@dataclass(frozen=True)
class Killed:
    """What kills in the middle of buying did to money and posts. Our books may hold more than X's, never less."""

    kills: int
    ceiling: int
    at_x: int  # reads at X when the ceiling had ended every job
    ours: int
    missing: int  # after the ceiling was raised
    left_gaps: int

    @property
    def is_kept(self) -> bool:
        """Whether the ceiling held and nothing was lost."""
        return self.at_x <= min(self.ceiling, self.ours) and (self.missing, self.left_gaps) == (0, 0)


COMMANDS = (("ingest",), ("gaps", "fill"), ("ingest", "--profile", "city"), ("ingest", "--limit", "150"))


def kill_while_spending(folder: Path, *, ceiling: int, backlog: int, kills: int, seed: int) -> Killed:
    """Kill commands and the stream beside them at chance moments; then raise the ceiling and read the rest."""
    dice = random.Random(seed)
    with money_scene(folder, ceiling=ceiling) as scene:
        scene.publish(backlog, back=BACKLOG)
        killed = 0
        while killed < kills:
            started = [scene.operator.start(*dice.choice(COMMANDS)), scene.operator.start("stream")]
            until = time.monotonic() + dice.uniform(0.4, 2.5)
            while time.monotonic() < until:
                scene.publish(2, back=timedelta(0), live=True)
                time.sleep(0.02)
            for process in started:
                killed += process.poll() is None
                process.kill()
                process.communicate()
        for _ in range(2):  # the first may still find reservations of the dead
            scene.operator.command("ingest")
        at_x, ours = scene.search.billing.billed_posts, scene.spent()
        scene.operator.environment["X_MAX_READS_PER_DAY"] = "10000000"
        with scene.listener.listening():
            wait_for("it knows what it missed", lambda: scene.open_gaps() > 0, seconds=20, pause=0.05)
        scene.ahead = timedelta(minutes=3)
        for body in (ingest_body(), gaps_body()):
            scene.run("ingest", body)
        missing = len(scene.published - scene.operator.stored_ids())
        return Killed(killed, ceiling, at_x, ours, missing, scene.open_gaps())
