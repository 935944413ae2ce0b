"""`calibrate --slices`: workers shuffle and rank slices, and what they found is one calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from trendspark_cli.app.adapters.engines import Cutting
from trendspark_cli.app.slice_work import (
    ArchiveSlice,
    DatabaseSlice,
    ShuffledSlice,
    SliceDone,
    rank_archive_slice,
    rank_database_slice,
    shuffle_posts_of_slice,
)
from trendspark_cli.app.with_store import OpenArchive
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.backtests.calibrating import Calibrated, Span, Wish, noise_of, rules_before_and_after
from trendspark_cli.backtests.past_posts import NO_LIMIT, hour_after
from trendspark_cli.backtests.simulating import Outcome, SimulationPlan
from trendspark_cli.backtests.sliced_calibrating import calibration_of_slices, shuffles_of_slices
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.console import Output
from trendspark_cli.base.settings import Settings
from trendspark_cli.screens.sliced_backtests import archive_slices, database_slices, mapped, ranked, tasks_for
from trendspark_cli.store.protocol import Store
from trendspark_cli.trends.rank_rules import experience, lifecycle_rules

Task = TypeVar("Task", bound=ArchiveSlice | DatabaseSlice)


@dataclass(frozen=True)
class SlicedCalibration:
    """A calibration in slices: what is asked for, where it is kept, and by whom slices are shuffled and ranked."""

    store: Store
    settings: Settings
    wish: Wish
    cutting: Cutting
    output: Output
    now: datetime

    def of_database(self) -> Calibrated:
        """Return the threshold by the posts of the database, each worker reading its days."""
        until = self.now.replace(minute=0, second=0, microsecond=0)
        earliest, end = to_text(until - timedelta(days=self.wish.days)), int(until.timestamp())
        oldest = self.store.posts.leaving((earliest, 0), end, NO_LIMIT, 1)
        span = Span.ending(until, self.wish.days, oldest[0].created_at if oldest else end)
        posts = self.store.posts.count_between(int(span.since.timestamp()), end)

        def tasks(plan: SimulationPlan) -> Sequence[DatabaseSlice]:
            return database_slices(self.store, plan, until, self.cutting.length, self.settings)

        found, _ = self._calibrated(span, posts, tasks, rank_database_slice)
        return found

    def of_archive(self, archive: ArchivedPosts, opened: OpenArchive) -> Calibrated:
        """Return the threshold by archived posts alone: workers elsewhere have no database to read the others from."""
        times = [str(part.max_time) for part in archive.manifests if str(part.max_time) <= to_text(self.now)]
        until = min(self.now, hour_after(from_text(max(times)))) if times else self.now
        files = archive.files_of(to_text(until - timedelta(days=self.wish.days)), to_text(until))
        oldest = from_text(min(str(file.min_time) for file in files)) if files else until
        span = Span.ending(until, self.wish.days, int(oldest.timestamp()))
        posts = sum(file.rows for file in archive.files_of(to_text(span.since), to_text(until)))

        def tasks(plan: SimulationPlan) -> Sequence[ArchiveSlice]:
            return tasks_for(
                self.cutting, archive_slices(archive, plan, until, self.cutting.length), opened, self.settings
            )

        found, calls = self._calibrated(span, posts, tasks, rank_archive_slice)
        for call in calls:
            opened.record(call)
        return found

    def _calibrated(
        self,
        span: Span,
        posts: int,
        tasks: Callable[[SimulationPlan], Sequence[Task]],
        rank: Callable[[Task], SliceDone[Outcome]],
    ) -> tuple[Calibrated, Sequence[ApiCall]]:
        """Return a calibration and the calls it took: by shuffles of all slices, then by the slices as they were."""
        learnt, wanted, seed = experience(self.store), self.settings.alert_false_alarms_per_day, self.wish.seed
        shuffles = shuffles_of_slices(self.wish, span, posts, wanted, self.now)
        plan = SimulationPlan(span.since, span.until, (lifecycle_rules(self.settings, learnt),))
        shuffled = [ShuffledSlice(task, seed, shuffles) for task in tasks(plan)]
        done, calls = mapped(self.cutting, shuffle_posts_of_slice, shuffled, self.output, "slices, shuffled")
        noise = noise_of(self.store.trends.verdicts(span.since), span)
        made = calibration_of_slices(done, span, noise, shuffles=shuffles, seed=seed, wanted=wanted, now=self.now)
        plan = replace(plan, rules=rules_before_and_after(self.settings, learnt, made))
        as_they_were = [replace(task, has_singles=False) for task in tasks(plan)]
        outcome, more = ranked(rank, as_they_were, plan, self.cutting, self.output)
        return Calibrated(made, was_cut_short=False, noise=len(noise), outcome=outcome), [*calls, *more]
