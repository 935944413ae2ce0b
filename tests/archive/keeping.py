"""An installation with months of rows in every table that is archived, and a folder for its archive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.builders import page, post, topic_trend
from tests.ingest.operator import Operator
from trendspark_cli.app.job_bodies import archive_body, vacuum_body
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.models import Alert, Post, RunResult
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.archives import Manifest
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.rows.trends import RankingProgress
from trendspark_cli.store.sqlite.store import SqliteStore

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
FIRST_OLD = datetime(2026, 9, 1, tzinfo=UTC)  # posts leave after 45 days: 2026-09-17
HOSTILE = (
    "",
    " ",
    "\\N",
    "\\",
    "\\\\=",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    'a "quoted" text, with commas',
    "two\nlines\r\nand a third\rone",
    "\u202eoverride \u2066 and \ufeff marks",
    "[2Jclear",  # an escape sequence as `ingest` leaves it
    "'; DROP TABLE posts; --",
    "emoji 👩‍👩‍👧 and Ελληνικά and 日本語",
    "\ud7ff\ue000\U0010ffff",
    "NULL",
    "x" * 20_000,
)

LINKS = ("https://a.example/story?q=1,2", "https://b.example/ж", "https://c.example/x")


TREND = topic_trend(from_epoch(1788220800))


class Keeper(Operator):
    """An operator who archives into a folder."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None, now: datetime = NOW) -> None:
        folder = home.parent / "archive"
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(home, {"ARCHIVE_URL": f"file://{folder}", **(environment or {})}, now)

    @property
    def folder(self) -> Path:
        """The archive."""
        return self.home.parent / "archive"

    @property
    def spool(self) -> Path:
        """Files on their way."""
        return self.home / "spool"

    def archive(self, *, is_dry: bool = False, **options: Any) -> RunResult:
        """Run `archive` in this process."""
        return self.run_body("archive", archive_body(**options), is_dry=is_dry)

    def vacuum(self, *, full: bool = False, is_dry: bool = False) -> RunResult:
        """Run `vacuum` in this process."""
        return self.run_body("vacuum", vacuum_body(full=full), is_dry=is_dry)

    def damage(self) -> None:
        """Write over an index, as a failing disk would."""
        with closing(self.store()) as store:
            store.upkeep.empty_wal(5)
            root = store.connection.value("SELECT rootpage FROM sqlite_master WHERE name = 'idx_posts_created_at'")
        with self.database.open("r+b") as file:
            file.seek((root - 1) * 4096 + 8)
            file.write(b"\xff" * 64)

    @contextmanager
    def changes(self) -> Iterator[SqliteStore]:
        """One transaction on the store."""
        with closing(self.store()) as store, store.transaction():
            yield store

    def manifests(self) -> list[Manifest]:
        """Every manifest, oldest first."""
        with closing(self.store()) as store:
            return store.archives.listing(10_000)[::-1]

    def objects(self) -> list[Path]:
        """The files of the archive that hold rows."""
        return sorted(path for path in self.folder.rglob("part-*") if path.suffix != ".sha256")

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """Every live row, as it would be archived."""
        with closing(self.store()) as store:
            ids = store.connection.rows(f"SELECT id FROM {name} ORDER BY id")
            return list(store.archives.read(name, [row["id"] for row in ids]))

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every live row of every table that is archived, `job_runs` of the archive's own runs aside."""
        rows = {name: self.table(name) for name in TABLES}
        rows["job_runs"] = [row for row in rows["job_runs"] if row[1] not in ("archive", "vacuum")]
        return rows


def old_post(number: int, **values: Any) -> Post:
    """A post past its time: one each hour from the first of September on."""
    moment = to_text(FIRST_OLD + timedelta(hours=number % 360, seconds=number // 360))
    text = HOSTILE[number % len(HOSTILE)] if number % 3 == 0 else f"post {number} about the old bridge"
    known: Mapping[str, Any] = {
        "author": f"author{number % 7}" if number % 5 else None,
        "community": "cityscience" if number % 2 else None,
        "source": "x" if number % 2 == 0 else "reddit",
        "created_at": moment,
        "likes": number if number % 4 else None,
        "views": 2**53 if number % 11 == 0 else None,
        "url": f"https://example.org/{number}",
        "lang": "en",
        "edits": number % 3,
        "links": LINKS[: number % 4],
    }
    return post(str(number), text=text, **{**known, **values})


def new_post(number: int) -> Post:
    """A post that stays."""
    moment = NOW - timedelta(minutes=7 * number)
    return post(f"n{number}", text=f"news {number}", created_at=to_text(moment), author=f"a{number % 9}")


def fill(keeper: Keeper, old: int = 120, new: int = 200) -> None:
    """Give every table rows that leave and rows that stay; all posts are ranked."""
    early = FIRST_OLD - timedelta(days=60)  # past all retention
    with keeper.changes() as store:
        for start in range(0, old, 500):
            store.posts.save([old_post(n) for n in range(start, min(start + 500, old))], early)
        store.posts.save([old_post(n, likes=n + 5) for n in range(0, min(old, 40), 4)], FIRST_OLD + timedelta(days=20))
        store.posts.save([new_post(n) for n in range(new)], NOW)
        note_all_ranked(store)
        for number in range(24):
            at = early + timedelta(hours=2 * number)
            run_id = store.job_runs.start("ingest", at, 100 + number, "host", "0.1.0")
            counts = {"fetched": number, "rejected_by_reason": {"bad_id": 1}}
            store.job_runs.finish(run_id, "success", 0, None, counts, at + timedelta(seconds=3), 3.25)
            answer = page(post(), reads=number, request_id=f"req{number}")
            store.audit.add(run_id, "default", "x", HOSTILE[number % len(HOSTILE)][:100], answer, PageOutcome(1, 0), at)
            store.notifications.queue(Alert(f"key{number}", "job_alert", "title", "body\nof it"), at, muted=False)
            store.notifications.mark(number + 1, "sent", message_id=str(number))
        for number in range(60):
            at = NOW - timedelta(days=10) + timedelta(hours=3 * number)
            run_id = store.job_runs.start("ingest", at, 1, "host", "0.1.0")
            store.job_runs.finish(run_id, "success", 0, None, {}, at, 1.0)
            store.audit.add(run_id, "default", "x", "bridge", page(post()), PageOutcome(1, 0), at)
            store.notifications.queue(Alert(f"new{number}", "job_alert", "title", "body"), at, muted=True)


def note_all_ranked(store: SqliteStore) -> None:
    """Say that `rank` has looked at every post, and that all but the last hours are history."""
    newest = store.posts.settled_id()
    progress = store.ranking.progress()
    progress = store.ranking.progress()
    folded = to_text(NOW - timedelta(hours=4))
    store.ranking.save_progress(
        (progress or RankingProgress())._replace(seen_post_id=newest, folded_created_at=folded, folded_post_id=newest)
    )


def counts_of(result: RunResult) -> dict[str, Any]:
    """The counts of a run that must have gone well."""
    assert result.exit_code == 0, (result.exit_code, result.cause)
    return dict(result.counts)


def manifest_objects(folder: Path) -> list[dict[str, Any]]:
    """The manifests that lie in an archive."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "_manifests").glob("*.json"))]
