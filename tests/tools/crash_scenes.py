"""Installations in the middle of their life, each about to run a job that will be killed."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.builders import own_line
from tests.ingest.operator import TOKEN, Operator
from tests.installation import Installation
from tests.ranking.streams import background, said
from tests.servers import Answer, Request, XServer, faults, x_post
from tests.tools import books
from tests.tools.processes import COMMAND, cron_environment
from tests.tools.term_history import keep_as_rows, put_terms, terms_of
from tests.tools.warm import AT_A_TIME
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS

LARGEST_PAGE = 100  # X posts, and so the most a dead run can have set aside
Check = Callable[[], list[str]]


def _nothing() -> list[str]:
    return []


@dataclass(frozen=True)
class Stage:
    """One installation, the job it is about to run, and promises only this kind of job makes."""

    home: Path
    settings: Mapping[str, str]
    argv: tuple[str, ...]
    visible: Sequence[str]  # queries whose answers must be those of an undisturbed run
    check_after_kill: Check = field(default=_nothing)
    check_at_end: Check = field(default=_nothing)
    has_all_rows: bool = True  # False once rows have left: sums over tables are not those of the totals then

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.home / "trendspark.db"

    @property
    def environment(self) -> dict[str, str]:
        """What the job's process sees."""
        return cron_environment(self.home, self.settings)


Scene = Callable[[Path], AbstractContextManager[Stage]]  # gives a fresh stage below a folder, as often as asked


class RecordingXServer(XServer):
    """X that remembers which posts each search answer held, in the order of the answers."""

    def __init__(self, posts: Sequence[dict[str, Any]], **options: Any) -> None:
        super().__init__(posts, **options)
        self.answers: list[list[str]] = []

    def respond(self, request: Request) -> Answer:
        """Answer as X does."""
        answer = super().respond(request)
        if request.endpoint == "search_recent" and answer.status == 200:
            with self.lock:
                self.answers.append([post["id"] for post in json.loads(answer.body).get("data", ())])
        return answer


def job_at(now: datetime, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a job at a told time."""
    return (*AT_A_TIME, to_text(now), *arguments)


def x_scene(folder: Path, now: datetime, *, real_command: bool = False) -> Scene:
    """`ingest` from X: a gap left two hours ago, two pages of news above it, and counts to be read again.

    With *real_command* the process reads the clock of this machine, so *now* must be the present.
    """
    then = now - timedelta(hours=2)
    old = [_x_post(now, minutes=125 + 25 * n, likes=0) for n in range(250)]  # over four days
    new = [_x_post(now, minutes=2 + n / 2, likes=1) for n in range(150)]
    moment = [then]
    settings = {"X_BEARER_TOKEN": TOKEN, "KEYWORDS": "bridge", "X_FIRST_RUN_LOOKBACK": "7d"}
    template = folder / "template-x"
    with RecordingXServer(old, clock=lambda: moment[0].timestamp(), bearer_token=TOKEN) as server:
        operator = Operator(template, {**settings, "X_API_BASE_URL": server.url}, then)
        server.faults.add(None, times=1)
        server.faults.add(faults.server_error(503), times=None)
        assert operator.ingest().exit_code != 0, "the first run was to leave a gap"
        assert [row["state"] for row in operator.rows("SELECT state FROM gaps")] == ["open"]
        bill = server.billing
    for post in old:
        post["public_metrics"] = {**post["public_metrics"], "like_count": 7}
    used_before = books.value(template / "trendspark.db", "SELECT sum(used) FROM spend")
    assert used_before == bill.billed_posts

    @contextmanager
    def scene(place: Path) -> Iterator[Stage]:
        home = _copy(template, place)
        with RecordingXServer([*old, *new], bearer_token=TOKEN) as server:
            if not real_command:
                server.clock = now.timestamp
            server.billing = copy.deepcopy(bill)
            argv = (*COMMAND, "ingest") if real_command else job_at(now, "ingest")
            world = _XWorld(server, home / "trendspark.db", {post["id"] for post in (*old, *new)})
            urls = {"TRENDSPARK_HOME": str(home), "X_API_BASE_URL": server.url}
            yield Stage(home, {**settings, **urls}, argv, books.INGESTED, world.broken_after_kill, world.broken_at_end)

    return scene


@dataclass(frozen=True)
class _XWorld:
    """What X has, what it delivered, and what of it the database must therefore know."""

    server: RecordingXServer
    database: Path
    published: set[str]

    def broken_after_kill(self) -> list[str]:
        """Return what is lost: acknowledged posts, and posts that nobody would come back for."""
        stored = {row[0] for row in books.ask(self.database, "SELECT source_id FROM posts WHERE source = 'x'")}
        answers = self.server.answers
        # The next page is asked for only when the last one is on disk.
        complete = answers if self.server.requests_of("tweets_lookup") else answers[:-1]
        lost = {post_id for answer in complete for post_id in answer} - stored
        broken = [f"{len(lost)} posts were lost after they were acknowledged"] if lost else []
        forgotten = {post_id for post_id in self.published - stored if not self._will_be_read(int(post_id))}
        if forgotten:
            broken.append(f"{len(forgotten)} posts are neither stored, nor in a gap, nor above the cursor")
        return broken + self._spend(self._used() + self._reserved())

    def broken_at_end(self) -> list[str]:
        """Return what the next run did not make good."""
        missing = self.published - {row[0] for row in books.ask(self.database, "SELECT source_id FROM posts")}
        broken = [f"{len(missing)} posts were never stored"] if missing else []
        if reserved := self._reserved():
            broken.append(f"{reserved} reads are still reserved")
        most = self.server.billing.delivered_posts + LARGEST_PAGE
        if self._used() > most:
            broken.append(f"{self._used()} reads are counted, at most {most} can have been delivered")
        return broken + self._spend(self._used())

    def _spend(self, counted: int) -> list[str]:
        billed = self.server.billing.billed_posts
        return [f"X bills {billed} reads, we count {counted}"] if billed > counted else []

    def _used(self) -> int:
        return int(books.value(self.database, "SELECT coalesce(sum(used), 0) FROM spend"))

    def _reserved(self) -> int:
        return int(books.value(self.database, "SELECT coalesce(sum(units), 0) FROM spend_reservations"))

    def _will_be_read(self, post_id: int) -> bool:
        cursor = books.ask(self.database, "SELECT newest_id FROM cursors")
        gaps = books.ask(self.database, "SELECT since_id, until_id FROM gaps WHERE state = 'open'")
        is_new = not cursor or post_id > int(cursor[0][0])
        return is_new or any(int(since or 0) < post_id < int(until or 2**63) for since, until in gaps)


def file_scene(folder: Path, posts: int = 4_500) -> Scene:
    """`ingest --from FILE`: a thousand posts to a transaction, some lines placeholders of posts that were removed."""
    file = folder / "posts.ndjson"
    lines = [json.dumps(own_line(str(n), text=f"post {n} of the file", likes=n % 7)) for n in range(posts)]
    removed = [json.dumps(own_line(str(n), source="reddit", text="[removed]")) for n in range(0, posts, 400)]
    lines[::400] = removed
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    template = folder / "template-file"
    Operator(template)

    @contextmanager
    def scene(place: Path) -> Iterator[Stage]:
        home = _copy(template, place)
        argv = (*COMMAND, "ingest", "--from", str(file))
        yield Stage(home, {"TRENDSPARK_HOME": str(home)}, argv, (books.POSTS,))

    return scene


def rank_scene(
    folder: Path, now: datetime, *, is_first: bool, is_upgraded: bool = False, has_rows: bool = False
) -> Scene:
    """`rank` as a burst is going on: all of three days' history to be walked, or the last three ticks.

    Upgraded, it has to forget what another version counted first; where that has rows, to bring them into its form.
    """
    name = "rows" if has_rows else "upgraded" if is_upgraded else "first" if is_first else "next"
    operator = Operator(folder / f"template-rank-{name}")
    seconds = int(now.timestamp())
    quiet = background(seconds // TICK_SECONDS - 3 * 96, 3 * 96, per_tick=4)
    early = said("lighthouse keeper", 25, seconds - 75 * 60, every=60)
    late = said("volcano eruption", 25, seconds - 28 * 60, every=60)
    rows = [*quiet, *early, *late]
    if not is_first:
        operator.now = now - timedelta(minutes=45)
        past = [row for row in rows if row.created_at < operator.now.timestamp()]
        _ingest(operator, folder, past)
        assert operator.rank().exit_code == 0
        rows = [row for row in rows if row not in past]
        if is_upgraded:
            make_history_old(operator)
        if has_rows:
            keep_as_rows(operator)
    operator.now = now - timedelta(minutes=1)
    _ingest(operator, folder, rows)

    @contextmanager
    def scene(place: Path) -> Iterator[Stage]:
        home = _copy(operator.home, place)
        database = home / "trendspark.db"

        def broken_at_end() -> list[str]:
            trends = books.value(database, "SELECT count(*) FROM trends WHERE state = 'open'")
            return [] if trends else ["the burst opened no trend"]

        argv = job_at(now, "rank")
        yield Stage(home, {"TRENDSPARK_HOME": str(home)}, argv, books.RANKED, check_at_end=broken_at_end)

    return scene


def make_history_old(here: Installation) -> None:
    """Make the history that of an earlier version: no term of it is one that is counted now."""
    put_terms(here, {key - 1: state for key, state in terms_of(here).items()})
    with closing(here.store()) as store, store.transaction():
        store.connection.execute("UPDATE ranking_progress SET history_version = 0, rebuilt_since = ''")


def _x_post(now: datetime, *, minutes: float, likes: int) -> dict[str, Any]:
    text = f"the bridge {minutes:g} minutes before"
    return x_post(
        now - timedelta(minutes=minutes), text, author_id=str(int(1000 + minutes)), metrics={"like_count": likes}
    )


def _ingest(operator: Operator, folder: Path, rows: Sequence[PostRow]) -> None:
    file = folder / "rows.ndjson"
    file.write_text("".join(json.dumps(_own_line(row)) + "\n" for row in rows), encoding="utf-8")
    assert operator.ingest(file=str(file)).exit_code == 0


def _own_line(row: PostRow) -> dict[str, Any]:
    return {
        "source": row.source,
        "source_id": str(row.id),
        "created_at": to_text(from_epoch(row.created_at)),
        "text": row.text,
        "author": row.author or f"author{row.id}",
    }


def _copy(template: Path, place: Path) -> Path:
    """Give a stage a home of its own."""
    home = place / "home"
    if home.exists():
        shutil.rmtree(home)
    shutil.copytree(template, home)
    return home
