"""Installations about to archive, into a folder or a bucket, and what must hold however the run was cut short."""

from __future__ import annotations

import io
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq

from tests.archive.keeping import NOW, Keeper, fill
from tests.tools import books
from tests.tools.crash_scenes import Scene, Stage, job_at
from tests.tools.object_store import BUCKET, ObjectStore
from tests.tools.power_cut import power_cuts
from tests.tools.warm import run_command
from trendspark_cli.base.clock import to_text
from trendspark_cli.store.rows.archives import Tombstone

IDS = "SELECT id FROM {table} WHERE id <= {last} ORDER BY id"
TABLES = ("posts", "ingest_audit", "notifications", "job_runs")
MANIFESTS = "SELECT id, table_name, state, key, sha256, bytes, rows FROM archive_manifests ORDER BY key"
DISK_CODES = (73, 74)  # metrics that cannot be written, and everything else that is on a disk
FORGOTTEN = {f"forgotten-{number}" for number in range(5)}
Objects = Callable[[], Mapping[str, bytes]]


@dataclass(frozen=True)
class ArchiveBooks:
    """What an installation had, and whether all of it is still live or in the archive. Ids are those before the run."""

    database: Path
    spool: Path
    objects: Objects
    had: Mapping[str, set[int]]

    def broken_after_kill(self) -> list[str]:
        """Return what is lost, or deleted before it was proven."""
        return self._conservation(is_finished=False)

    def broken_at_end(self) -> list[str]:
        """Return what the next run did not bring to its end."""
        left = (
            [path.name for path in self.spool.glob("*") if path.name != "cleaning.lock"] if self.spool.is_dir() else []
        )
        broken = [f"{name} was left behind in the spool" for name in left]
        broken += [f"{key} was left behind" for key in self.objects() if key.endswith(".unfinished")]
        states = Counter(row[2] for row in books.ask(self.database, MANIFESTS))
        broken += [f"{number} manifests are {state}" for state, number in states.items() if state != "done"]
        rows, changes = (books.value(self.database, f"SELECT count(*) FROM archive_{t}") for t in ("rows", "changes"))
        if rows or changes:
            broken.append(f"{rows} batches of ids and {changes} changes were left behind")
        told = {
            json.loads(line)["source_id"]
            for key, content in self.objects().items()
            if key.startswith("tombstones/")
            for line in content.splitlines()
        }
        kept = {row[0] for row in books.ask(self.database, "SELECT source_id FROM tombstones WHERE is_pushed = 1")}
        broken += [f"tombstones are {len(kept)} here and {len(told)} there"] if not kept == told == FORGOTTEN else []
        return [*broken, *self._conservation(is_finished=True)]

    def _conservation(self, *, is_finished: bool) -> list[str]:
        """Check that every row is live or in one proven file, and each file what its manifest says."""
        objects, broken = self.objects(), []
        archived: dict[str, Counter[int]] = {table: Counter() for table in TABLES}
        for manifest_id, table, state, key, sha256, size, rows in books.ask(self.database, MANIFESTS):
            if state in ("planned", "exported"):
                continue
            content = objects.get(key)
            if content is None:
                broken.append(f"{key} is {state} and not there")
                continue
            ids = pq.read_table(io.BytesIO(content), columns=["id"])["id"].to_pylist()
            if (len(content), len(ids)) != (size, rows) or books.sha256_of(content) != sha256:
                broken.append(f"{key} is not what its manifest says")
            if state in ("verified", "deleting", "done"):
                archived[table].update(ids)
                if json.loads(objects.get(f"_manifests/{manifest_id}.json", b"{}")).get("sha256") != sha256:
                    broken.append(f"{key} is {state} without a manifest beside it")
        for table, had in self.had.items():
            live = {row[0] for row in books.ask(self.database, IDS.format(table=table, last=max(had)))}
            if lost := had - live - set(archived[table]):
                broken.append(f"{len(lost)} rows of {table} are LOST, such as {min(lost)}")
            if twice := [row_id for row_id, number in archived[table].items() if number > 1]:
                broken.append(f"{len(twice)} rows of {table} are in two files, such as {min(twice)}")
            if is_finished and (both := live & set(archived[table])):
                broken.append(f"{len(both)} rows of {table} are live and archived, such as {min(both)}")
        return broken


def archive_scene(folder: Path, s3: ObjectStore | None = None, old: int = 240) -> Scene:
    """`archive` with rows of every table to take, into a folder or into a bucket under a prefix of its own."""
    template = Keeper(folder / "template-archive" / "home")
    fill(template, old=old, new=max(200, 2 * old))
    with template.changes() as store:
        for name in FORGOTTEN:
            store.tombstones.add(Tombstone(f"stone-{name}", "x", name, None, to_text(NOW)))
        for day in ("2026-08-01", "2026-08-02"):  # of which there are no files: they leave
            stone = Tombstone(f"stone-{day}", "x", f"gone-{day}", None, to_text(NOW), first_day=day, last_day=day)
            store.tombstones.add(stone)
    had = {table: {row[0] for row in books.ask(template.database, f"SELECT id FROM {table}")} for table in TABLES}
    numbers = count()

    @contextmanager
    def scene(place: Path) -> Iterator[Stage]:
        home = place / "home"
        if home.exists():
            shutil.rmtree(home)
        shutil.copytree(template.home, home)
        archive = place / "archive"
        shutil.rmtree(archive, ignore_errors=True)
        archive.mkdir()
        settings = {"TRENDSPARK_HOME": str(home), "ARCHIVE_URL": f"file://{archive}"}
        prefix = f"{folder.name}-scene-{next(numbers)}"
        if s3 is not None:
            settings |= {**s3.settings, "ARCHIVE_URL": f"s3://{BUCKET}/{prefix}"}

        def objects() -> Mapping[str, bytes]:
            if s3 is not None:
                return s3.objects(prefix)
            return {str(p.relative_to(archive)): p.read_bytes() for p in archive.rglob("*") if p.is_file()}

        kept = ArchiveBooks(home / "trendspark.db", home / "spool", objects, had)
        yield Stage(
            home,
            settings,
            job_at(NOW, "archive"),
            tuple(IDS.format(table=table, last=max(ids)) for table, ids in had.items()),
            kept.broken_after_kill,
            kept.broken_at_end,
            has_all_rows=False,
        )

    return scene


def cut_power(folder: Path, *, old: int, cuts: int, seed: int) -> list[str]:
    """Cut the power at moments of an archive run; return what is broken then, and after the next run."""
    scene, broken = archive_scene(folder, old=old), []
    place = folder / "place"
    with scene(place) as stage:
        ended, states = power_cuts(stage.argv, stage.environment, place, cuts=cuts, seed=seed)
        assert ended.exit_code == 0, ended.stderr
        for state in states:
            found = stage.check_after_kill()
            again = run_command(stage.argv, stage.environment, stage.home)
            if again.exit_code != 0:
                found.append(f"the next run exits {again.exit_code}: {again.stderr.decode(errors='replace')[-500:]}")
            else:
                found += [f"after the next run: {line}" for line in stage.check_at_end()]
            broken += [f"{state}: {line}" for line in found]
    return broken
