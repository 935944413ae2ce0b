"""What a store says when the database is locked, full or gone."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, get_type_hints

import numpy as np
import pytest

from tests.builders import NOW, page, post, topic_trend
from tests.installation import Installation
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import StoreBusyError, StoreError
from trendspark_cli.base.metrics import RANK_POSTS, STREAM_LAG
from trendspark_cli.base.models import Alert, Profile
from trendspark_cli.base.retention import Retention
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.history import SourceState, TermState
from trendspark_cli.ranking.baseline.term_states import states_of
from trendspark_cli.ranking.bursts.segments import read_segment
from trendspark_cli.ranking.bursts.volume_series import VolumeSeries
from trendspark_cli.ranking.posts.forecast import EngagementBaseline
from trendspark_cli.ranking.posts.source_memory import SourceMemory
from trendspark_cli.ranking.text.searching import read_query
from trendspark_cli.ranking.text.terms import Vocabulary
from trendspark_cli.store import protocol
from trendspark_cli.store.rows.archives import Manifest, Tombstone
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.rows.forecasts import ForecastProgress, PostForecast
from trendspark_cli.store.rows.outbox import ChannelState, Incident
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.rows.runs import JobState
from trendspark_cli.store.rows.trend_history import TrendCount
from trendspark_cli.store.rows.trends import (
    Calibration,
    KeptVectors,
    ModelAnswer,
    RankingProgress,
    TrendBrief,
    TrendVerdict,
)
from trendspark_cli.store.sqlite.store import SqliteStore
from trendspark_cli.store.tables.term_runs import StagedRun
from trendspark_cli.store.tables.upkeep import ROLL_UPS

pytestmark = pytest.mark.only_sqlite  # of its locks and its errors

TREND = topic_trend(NOW)
GAP: dict[str, Any] = {
    "profile": "default",
    "source": "x",
    "query": "q",
    "since_id": "1",
    "until_id": "2",
    "reason": "test",
    "estimated_reads": 1,
    "run_id": None,
    "now": NOW,
}
SEGMENT = read_segment([PostRow(1, "x", None, None, 1793530800, "the bridge")], Vocabulary())
FAINT = TermState(count=0.0, squared_residuals=0.0, last_tick=0, last_tick_posts=0)
ARCHIVED = StoredPost(
    **{name: value for name, value in post("7", likes=1)._asdict().items() if name in StoredPost._fields}
    | {"observed_at": "2026-11-01T12:00:00.000Z"},
    id=7,
    collected_at="2026-11-01T12:00:00.000Z",
)
MANIFEST = Manifest(
    id="m1",
    table_name="posts",
    source="x",
    day="2026-11-01",
    format="parquet",
    url="file:///archive",
    key="k",
    state="planned",
    created_at="2026-11-01T12:00:00.000Z",
)
OTHER = MANIFEST._replace(id="m2")
TOMBSTONE = Tombstone("t1", "x", "1", None, "2026-11-01T12:00:00.000Z")
BRIEF = TrendBrief(1, "bridge", "It is closed.", (1,), "model", 10.0, "2026-11-01T12:00:00.000Z")
TIME = "2026-11-01T12:00:00.000Z"
MARK = TrendVerdict(1, "noise", None, ("bridge",), 9.0, TIME, TIME, "ann")
CALIBRATION = Calibration(TIME, TIME, TIME, 1000, 3, 1, 15.0, 1, ((9.0, 0.1),), 0.5, 9.1)
WRITERS: dict[str, Callable[[SqliteStore], object]] = {
    "posts.save": lambda s: s.posts.save([post("2")], NOW),
    "posts.note_counts_read": lambda s: s.posts.note_counts_read("x", ["1"], NOW),
    "cursors.set": lambda s: s.cursors.set("default", "x", "q", "1", NOW),
    "cursors.forget": lambda s: s.cursors.forget("default", "x", "q"),
    "gaps.take_back": lambda s: s.gaps.take_back("default", "x", "q", "1"),
    "times.take_back": lambda s: s.times.take_back({"spend"}, NOW),
    "gaps.open": lambda s: s.gaps.open(**GAP),
    "gaps.shrink": lambda s: s.gaps.shrink(1, "5"),
    "gaps.explain": lambda s: s.gaps.explain(1, "the ceiling was reached"),
    "gaps.close": lambda s: s.gaps.close(1, "filled", NOW),
    "gaps.forget": lambda s: s.gaps.forget(1),
    "audit.add": lambda s: s.audit.add(1, "default", "x", "q", page(post()), PageOutcome(1, 0), NOW),
    "api_calls.add": lambda s: s.api_calls.add([(NOW, "x", "search", "2xx", 0.1, 200)]),
    "profiles.save": lambda s: s.profiles.save(Profile("harbour", ("ferry",), created_at="t", updated_at="t")),
    "profiles.remove": lambda s: s.profiles.remove("harbour"),
    "gaps.give_up": lambda s: s.gaps.give_up("default", "gone", NOW),
    "spend.bill": lambda s: s.spend.bill("x", ["9"], "2026-11-01"),
    "spend.reserve": lambda s: s.spend.reserve("x", "default", "search", 1, None, NOW),
    "spend.settle": lambda s: s.spend.settle(1, 1, 0.1),
    "spend.settle_dead_runs": lambda s: s.spend.settle_dead_runs("x", 0.1),
    "job_runs.start": lambda s: s.job_runs.start("rank", NOW, 1, "host", "0"),
    "job_runs.beat": lambda s: s.job_runs.beat(1, NOW),
    "job_runs.finish": lambda s: s.job_runs.finish(1, "success", 0, None, {}, NOW, 1.0),
    "job_runs.amend": lambda s: s.job_runs.amend(1, 73, "no metrics"),
    "job_runs.add_skipped": lambda s: s.job_runs.add_skipped("rank", NOW, 1, "host", "0", 75, "held"),
    "job_runs.abandon": lambda s: s.job_runs.abandon([1], NOW),
    "job_states.save": lambda s: s.job_states.save(JobState("rank", paused=True)),
    "totals.add": lambda s: s.totals.add([RANK_POSTS.by(1)]),
    "totals.set": lambda s: s.totals.set([STREAM_LAG.at(1)]),
    "notifications.note_crash": lambda s: s.notifications.note_crash(1, NOW),
    "notifications.queue": lambda s: s.notifications.queue(Alert("k2", "job_alert", "text", "text"), NOW, muted=False),
    "notifications.claim": lambda s: s.notifications.claim(1, NOW),
    "notifications.reclaim": lambda s: s.notifications.reclaim("telegram", NOW),
    "notifications.note_part": lambda s: s.notifications.note_part(1, 1, "7", NOW),
    "notifications.mark": lambda s: s.notifications.mark(1, "sent"),
    "notifications.put_back": lambda s: s.notifications.put_back(1, NOW, "later"),
    "notifications.revive": lambda s: s.notifications.revive(None, NOW),
    "notifications.drop": lambda s: s.notifications.drop(1),
    "channels.save": lambda s: s.channels.save(ChannelState("telegram", failures=1)),
    "incidents.save": lambda s: s.incidents.save(Incident("api:x", "2026-11-01T12:00:00.000Z")),
    "incidents.close": lambda s: s.incidents.close("api:x"),
    "job_runs.note_schedule": lambda s: s.job_runs.note_schedule(1, NOW, 3.0),
    "notice_after": lambda s: s.notice_after("new", NOW, timedelta(minutes=1)),
    "ranking.add_segment": lambda s: s.ranking.add_segment(SEGMENT),
    "ranking.drop_segments": lambda s: s.ranking.drop_segments(10**12),
    "trends.save": lambda s: s.trends.save(TREND),
    "authors.forget": lambda s: s.authors.forget("x", ["77"]),
    "authors.drop_unseen": lambda s: s.authors.drop_unseen(),
    "authors.forget_silent": lambda s: s.authors.forget_silent("x", "77"),
    "trends.keep_verdict": lambda s: s.trends.keep_verdict(MARK),
    "trends.clear_verdicts": lambda s: s.trends.clear_verdicts(1),
    "trends.set_interest": lambda s: s.trends.set_interest(1, 2.5),
    "interest.save": lambda s: s.interest.save(KeptVectors(1793530800, 7, b"")),
    "calibrations.save": lambda s: s.calibrations.save(CALIBRATION),
    "forecasts.save_progress": lambda s: s.forecasts.save_progress(ForecastProgress(5)),
    "forecasts.put_sources": lambda s: s.forecasts.put_sources({"x": SourceMemory()}),
    "forecasts.put_baselines": lambda s: s.forecasts.put_baselines({7: EngagementBaseline(1.0, 2.0)}, 20_000),
    "forecasts.sweep": lambda s: s.forecasts.sweep(30_000),
    "forecasts.forget_changed": lambda s: s.forecasts.forget_changed(5),
    "forecasts.note": lambda s: s.forecasts.note([PostForecast(1, 3.0, 1.0, 9.0, "2026-11-01T12:00:00.000Z")]),
    "forecasts.drop": lambda s: s.forecasts.drop([1]),
    "volumes.note_read": lambda s: s.volumes.note_read("default", "x", "q", NOW),
    "volumes.note_counted": lambda s: s.volumes.note_counted("default", "x", "q", [(0, 3600, 5)], NOW),
    "volumes.keep_queries": lambda s: s.volumes.keep_queries("default", "x", ["q"], NOW),
    "volumes.forget_query": lambda s: s.volumes.forget_query("gone", "x", "q"),
    "volumes.forget_reads_before": lambda s: s.volumes.forget_reads_before(NOW),
    "volumes.save": lambda s: s.volumes.save({"keyword:ferry": VolumeSeries()}, 5, NOW),
    "volumes.forget_series_before": lambda s: s.volumes.forget_series_before(NOW),
    "trend_history.save_counts": lambda s: s.trend_history.save_counts([TrendCount(1, to_text(NOW), "x", 1, 1, None)]),
    "search.index_next": lambda s: s.search.index_next(10, NOW),
    "search.drop_worn": lambda s: s.search.drop_worn(NOW + timedelta(days=1)),
    "search.drop_gone": lambda s: s.search.drop_gone(),
    "search.drop_one": lambda s: s.search.drop_one(),
    "search.note_returned": lambda s: s.search.note_returned([1]),
    "search.note_gone": lambda s: s.search.note_gone([1]),
    "trends.set_alert": lambda s: s.trends.set_alert(1, "key", 3.0),
    "briefs.save": lambda s: s.briefs.save(BRIEF),
    "briefs.keep_answer": lambda s: s.briefs.keep_answer("k", "trend_label", "m", ModelAnswer("refused"), NOW),
    "term_history.stage": lambda s: s.term_history.stage(states_of({7: FAINT})),
    "term_history.publish": lambda s: s.term_history.publish(StagedRun(9, 1, [])),
    "term_history.forget_faint": lambda s: s.term_history.forget_faint(10**6),
    "term_history.forget_all": lambda s: s.term_history.forget_all(),
    "term_history.take_in_rows": lambda s: s.term_history.take_in_rows(),
    "ranking.forget_window": lambda s: s.ranking.forget_window(),
    "ranking.put_sources": lambda s: s.ranking.put_sources({"x": SourceState(1.0, 1.0, (0.0,) * 24, 0, 1, 1)}),
    "ranking.save_progress": lambda s: s.ranking.save_progress(RankingProgress(seen_post_id=5)),
    "audit.extend": lambda s: s.audit.extend(1, page(post()), PageOutcome(1, 0)),
    "stream_rules.add": lambda s: s.stream_rules.add("rule", NOW),
    "stream_rules.remove": lambda s: s.stream_rules.remove("rule"),
    "archives.plan": lambda s: s.archives.plan(OTHER, [1]),
    "archives.adopt": lambda s: s.archives.adopt(OTHER),
    "archives.save": lambda s: s.archives.save(MANIFEST),
    "archives.discard": lambda s: s.archives.discard("m1"),
    "archives.forget_changes": lambda s: s.archives.forget_changes("m1"),
    "archives.list_posts": lambda s: s.archives.list_posts([ARCHIVED]),
    "archives.note_listed": lambda s: s.archives.note_listed("m1", is_listed=True),
    "archives.delete_batch": lambda s: s.archives.delete_batch(MANIFEST),
    "archives.restore": lambda s: s.archives.restore(MANIFEST, [ARCHIVED]),
    "archive_faults.note_missing": lambda s: s.archive_faults.note_missing("m1", None),
    "archive_faults.note_unreadable": lambda s: s.archive_faults.note_unreadable(
        "file:///a", ["manifests/b.json"], NOW
    ),
    "archives.write_off": lambda s: s.archives.write_off("m1", "2026-11-01T12:00:00.000Z", "lost"),
    "tombstones.add": lambda s: s.tombstones.add(TOMBSTONE._replace(id="t2", source_id="2")),
    "tombstones.forget_posts": lambda s: s.tombstones.forget_posts(TOMBSTONE, [1]),
    "tombstones.note_pushed": lambda s: s.tombstones.note_pushed(["t1"], "b1"),
    "tombstones.keep_from_files": lambda s: s.tombstones.keep_from_files(),
    "tombstones.drop_done": lambda s: s.tombstones.drop_done("x", "2026-11-01"),
    "upkeep.give_back": lambda s: s.upkeep.give_back(),
    "upkeep.rebuild": lambda s: s.upkeep.rebuild(),
    "upkeep.analyze": lambda s: s.upkeep.analyze(),
    "upkeep.drop_old": lambda s: s.upkeep.drop_old(dict.fromkeys(ROLL_UPS, NOW)),
    "notice_once": lambda s: s.notice_once("new", NOW),
}
READERS: dict[str, Callable[[SqliteStore], object]] = {
    "posts.settled_id": lambda s: s.posts.settled_id(),
    "trends.open_volumes": lambda s: s.trends.open_volumes(),
    "volumes.reads": lambda s: s.volumes.reads(),
    "volumes.seen_post_id": lambda s: s.volumes.seen_post_id(),
    "volumes.series": lambda s: s.volumes.series(["keyword:ferry"]),
    "posts.count": lambda s: s.posts.count(),
    "posts.stored_ids": lambda s: s.posts.stored_ids("x", ["1"]),
    "posts.count_known": lambda s: s.posts.count_known([post()]),
    "posts.leaving_places": lambda s: s.posts.leaving_places(("", 0), 10, 10, 10),
    "ranking.segments_between": lambda s: list(s.ranking.segments_between(0, 10**10)),
    "posts.leaving": lambda s: s.posts.leaving(("", 0), 10, 10, 10),
    "posts.arrived": lambda s: s.posts.arrived(0, 5, 10),
    "posts.first_since": lambda s: s.posts.first_since(0),
    "posts.count_between": lambda s: s.posts.count_between(0, 10),
    "posts.find": lambda s: s.posts.find("x", "1"),
    "audit.pages_with": lambda s: s.audit.pages_with("x", "2026-11-01", "2026-11-01"),
    "notifications.channels_of": lambda s: s.notifications.channels_of("k"),
    "notifications.of_trend": lambda s: s.notifications.of_trend(1),
    "posts.by_ids": lambda s: s.posts.by_ids([1]),
    "posts.links_of_trend": lambda s: s.posts.links_of_trend(1, 3),
    "posts.texts": lambda s: s.posts.texts([1]),
    "posts.mentions_per_slot": lambda s: s.posts.mentions_per_slot(1, 0, 900, 4),
    "posts.refreshable": lambda s: s.posts.refreshable("x", NOW, NOW, "2026-11-01", 10),
    "cursors.get": lambda s: s.cursors.get("default", "x", "q"),
    "gaps.open_ones": lambda s: s.gaps.open_ones("default", "x", "q"),
    "gaps.open_profiles": lambda s: s.gaps.open_profiles(),
    "profiles.all": lambda s: s.profiles.all(),
    "profiles.get": lambda s: s.profiles.get("harbour"),
    "spend.billed": lambda s: s.spend.billed("x", ["1"], "2026-11-01"),
    "spend.profiles_in": lambda s: s.spend.profiles_in("x", "2026-11-01", "2026-11-01"),
    "gaps.count_open": lambda s: s.gaps.count_open(),
    "gaps.recent": lambda s: s.gaps.recent(5),
    "audit.last_of": lambda s: s.audit.last_of(["x"], 5),
    "audit.recent": lambda s: s.audit.recent(5),
    "audit.usual_reads": lambda s: s.audit.usual_reads("default", "x", "q"),
    "spend.used": lambda s: s.spend.used("x", "2026-11-01", "2026-11-01"),
    "spend.used_only": lambda s: s.spend.used_only("x", "2026-11-01", "2026-11-01"),
    "spend.spent_now": lambda s: s.spend.spent_now("x", "2026-11-01"),
    "spend.used_by_day": lambda s: s.spend.used_by_day("x", "2026-11-01", "2026-11-01"),
    "spend.reserved": lambda s: s.spend.reserved("x", "2026-11-01", "2026-11-01"),
    "job_runs.unended": lambda s: s.job_runs.unended("ingest"),
    "job_runs.history": lambda s: s.job_runs.history(5),
    "job_runs.scheduled": lambda s: s.job_runs.scheduled("ingest", NOW),
    "job_runs.spans": lambda s: s.job_runs.spans("ingest", NOW),
    "job_runs.overlaps": lambda s: s.job_runs.overlaps(NOW),
    "job_runs.last": lambda s: s.job_runs.last(["ingest"]),
    "job_states.get": lambda s: s.job_states.get("ingest"),
    "job_states.of": lambda s: s.job_states.of(["ingest"]),
    "authors.names": lambda s: s.authors.names([("x", "77")]),
    "authors.aliases": lambda s: s.authors.aliases("x", "anna_port"),
    "totals.values_of": lambda s: s.totals.values_of("trendspark_ingest_items_total", "source"),
    "totals.all": lambda s: s.totals.all(),
    "notifications.backlog": lambda s: s.notifications.backlog(),
    "notifications.crashing": lambda s: s.notifications.crashing(),
    "notifications.oldest_pending": lambda s: s.notifications.oldest_pending(),
    "audit.newest_served": lambda s: s.audit.newest_served("default", "x", "q"),
    "audit.newest_time": lambda s: s.audit.newest_time("x"),
    "times.later_than": lambda s: s.times.later_than(NOW),
    "notifications.due": lambda s: s.notifications.due("telegram", NOW),
    "notifications.waiting": lambda s: s.notifications.waiting("telegram"),
    "notifications.message_of": lambda s: s.notifications.message_of("k1"),
    "notifications.sent_today": lambda s: s.notifications.sent_today("telegram", "2026-11-01"),
    "notifications.listing": lambda s: s.notifications.listing(5),
    "notifications.get": lambda s: s.notifications.get(1),
    "channels.get": lambda s: s.channels.get("telegram"),
    "incidents.open_ones": lambda s: s.incidents.open_ones("api:"),
    "incidents.api_errors": lambda s: s.incidents.api_errors(NOW),
    "job_runs.last_success": lambda s: s.job_runs.last_success("ingest"),
    "trends.alert_of": lambda s: s.trends.alert_of(1),
    "ranking.segments": lambda s: list(s.ranking.segments(0)),
    "trends.living": lambda s: s.trends.living(NOW),
    "trends.living_posts": lambda s: s.trends.living_posts(NOW),
    "trends.of_post": lambda s: s.trends.of_post(1),
    "trends.posts_since": lambda s: s.trends.posts_since(1, NOW),
    "forecasts.progress": lambda s: s.forecasts.progress(),
    "forecasts.sources": lambda s: s.forecasts.sources(),
    "forecasts.baselines": lambda s: s.forecasts.baselines([7]),
    "forecasts.newest": lambda s: s.forecasts.newest(),
    "forecasts.arrived": lambda s: s.forecasts.arrived((0, 5), NOW, NOW, 5),
    "forecasts.changed": lambda s: s.forecasts.changed(5),
    "forecasts.watched": lambda s: s.forecasts.watched([1], NOW, NOW),
    "forecasts.leaving": lambda s: s.forecasts.leaving(("", 0), NOW, 5),
    "forecasts.observations": lambda s: s.forecasts.observations([1]),
    "forecasts.of_post": lambda s: s.forecasts.of_post(1),
    "trends.verdicts_of": lambda s: s.trends.verdicts_of([1]),
    "trends.listing": lambda s: s.trends.listing(5),
    "trends.get": lambda s: s.trends.get(1),
    "search.can_index": lambda s: s.search.can_index(),
    "search.search": lambda s: s.search.search(read_query("hello"), None, NOW, None, 1),
    "search.size_bytes": lambda s: s.search.size_bytes(),
    "trend_history.communities_of": lambda s: s.trend_history.communities_of([1]),
    "trend_history.counts": lambda s: s.trend_history.counts(1),
    "trend_history.counts_of_span": lambda s: s.trend_history.counts_of_span(NOW, None),
    "trend_history.examples": lambda s: s.trend_history.examples(1),
    "trend_history.examples_of": lambda s: s.trend_history.examples_of([1]),
    "trend_history.summaries": lambda s: s.trend_history.summaries(NOW, None),
    "trends.verdicts": lambda s: s.trends.verdicts(NOW),
    "interest.progress": lambda s: s.interest.progress(),
    "interest.last": lambda s: s.interest.last(),
    "interest.topics": lambda s: s.interest.topics(NOW, 5),
    "interest.communities_of": lambda s: s.interest.communities_of([1]),
    "posts.sampled": lambda s: s.posts.sampled(("", 0), 1793530800, 2, 5),
    "calibrations.last": lambda s: s.calibrations.last(NOW),
    "posts.rows": lambda s: s.posts.rows([1]),
    "trends.count_open": lambda s: s.trends.count_open(),
    "trends.open_by_source": lambda s: s.trends.open_by_source(),
    "briefs.of_trend": lambda s: s.briefs.of_trend(1),
    "briefs.answer": lambda s: s.briefs.answer("k"),
    "ranking.sources": lambda s: s.ranking.sources(),
    "term_history.load": lambda s: s.term_history.load(np.array([7])),
    "ranking.progress": lambda s: s.ranking.progress(),
    "gaps.open_queries": lambda s: s.gaps.open_queries("default"),
    "api_calls.count": lambda s: s.api_calls.count("x", "stream", NOW),
    "stream_rules.all": lambda s: s.stream_rules.all(),
    "posts.newest_created": lambda s: s.posts.newest_created(NOW),
    "posts.newest_collected": lambda s: s.posts.newest_collected(),
    "archives.days": lambda s: list(s.archives.days("posts", NOW)),
    "archives.count": lambda s: s.archives.count("posts", 9),
    "archives.count_old": lambda s: s.archives.count_old("posts", Retention(timedelta(1)).cutoff(NOW)),
    "archives.count_held": lambda s: s.archives.count_held("posts"),
    "archives.choose": lambda s: s.archives.choose("posts", "x", "2026-11-01", ("", 0), 5),
    "archives.read": lambda s: s.archives.read("posts", [1]),
    "archives.batches": lambda s: list(s.archives.batches("m1")),
    "archives.get": lambda s: s.archives.get("m1"),
    "archives.listing": lambda s: s.archives.listing(5),
    "archives.unfinished": lambda s: s.archives.unfinished(NOW),
    "archives.stored": lambda s: s.archives.stored(),
    "archive_faults.count_unreadable": lambda s: s.archive_faults.count_unreadable(),
    "archive_faults.count_missing": lambda s: s.archive_faults.count_missing(),
    "tombstones.exist": lambda s: s.tombstones.exist(),
    "tombstones.buried": lambda s: s.tombstones.buried("x", [("1", None)]),
    "tombstones.kept_ids": lambda s: s.tombstones.kept_ids("x", ["1"]),
    "tombstones.kept_ids_that_begin": lambda s: s.tombstones.kept_ids_that_begin("x", "1", 10),
    "tombstones.live_posts": lambda s: s.tombstones.live_posts([TOMBSTONE], 0, 9),
    "tombstones.quoted_ids": lambda s: s.tombstones.quoted_ids("x", ["1"]),
    "tombstones.known_objects": lambda s: s.tombstones.known_objects(),
    "tombstones.to_push": lambda s: s.tombstones.to_push(10),
    "tombstones.sources_with_days": lambda s: s.tombstones.sources_with_days(),
    "archives.days_of_files": lambda s: s.archives.days_of_files("x", "2026-11-01", "2026-11-02"),
    "archives.may_have_author": lambda s: s.archives.may_have_author("x", "a"),
    "archives.listed_days": lambda s: s.archives.listed_days("x", ["1"]),
    "tombstones.all": lambda s: s.tombstones.all(),
    "tombstones.known_trends": lambda s: s.tombstones.known_trends(),
    "tombstones.knows_source": lambda s: s.tombstones.knows_source("lemmy"),
    "noticed_at": lambda s: s.noticed_at("new"),
    "upkeep.problems": lambda s: s.upkeep.problems(),
    "upkeep.gives_back_pages": lambda s: s.upkeep.gives_back_pages(),
    "upkeep.empty_wal": lambda s: s.upkeep.empty_wal(0),
    "size_bytes": lambda s: s.size_bytes(),
    "free_bytes": lambda s: s.free_bytes(),
}
NO_QUERY = {"close", "in_transaction", "set_after_commit"}
NO_DATABASE = {  # they ask the file system, the library, the settings
    "upkeep.file_bytes",
    "upkeep.disk_free_bytes",
    "upkeep.engine",
    "upkeep.first_host",
    "upkeep.clock_lead",
    "write",  # asks what it is given to ask
    "archives.deleting",  # sets how its connection deletes
    "notifications.channels",
}


@pytest.fixture
def busy(workplace: Installation) -> Iterator[SqliteStore]:
    """A store with a little of everything in it, while another program holds the write lock."""
    store = workplace.store()
    with store.transaction():
        store.posts.save([post()], NOW)
        run_id = store.job_runs.start("ingest", NOW, 1, "host", "0")
        store.spend.reserve("x", "default", "search", 1, None, NOW)
        store.gaps.open(**GAP)
        store.term_history.publish(store.term_history.stage(states_of({7: FAINT})))
        store.connection.execute("INSERT INTO ranking_terms VALUES (8, 1, 0, 0, 1, NULL)")
        store.trends.save(TREND)
        store.forecasts.put_baselines({7: EngagementBaseline(1.0, 2.0)}, 0)
        store.notifications.queue(Alert("k1", "job_alert", "text", "text"), NOW, muted=False)
        store.archives.plan(MANIFEST, [1])
        store.tombstones.add(TOMBSTONE)
        store.connection.execute("INSERT INTO authors VALUES ('x', '9', 'silent', '2020-01-01T00:00:00.000Z')")
        for _ in range(2):  # one post is indexed twice, so that an entry too many is there; and once more it waits
            store.search.index_next(10, NOW)
            store.search.note_returned([1])
        assert run_id == 1
    store.connection.raw.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(workplace.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield store
    other.close()
    store.close()


def test_every_promise_of_the_store_is_tried_here() -> None:
    parts = [
        importlib.import_module(f"{protocol.__name__}.{part.name}") for part in pkgutil.iter_modules(protocol.__path__)
    ]
    groups = {name: member for part in parts for name, member in vars(part).items()}
    promised = set()
    for name, member in inspect.getmembers(protocol.Store):
        if isinstance(member, property) and name not in NO_QUERY:
            assert member.fget is not None
            group = get_type_hints(member.fget, groups)["return"]
            promised |= {f"{name}.{method}" for method in dir(group) if not method.startswith("_")}
        elif inspect.isfunction(member) and not name.startswith("_") and name not in NO_QUERY:
            promised.add(name)

    assert promised - NO_DATABASE == set(WRITERS) | set(READERS)


@pytest.mark.parametrize("name", WRITERS)
def test_a_locked_database_is_told_as_busy_and_try_later(busy: SqliteStore, name: str) -> None:
    with pytest.raises(StoreBusyError, match="stayed locked") as caught:
        WRITERS[name](busy)

    assert caught.value.exit_code == 75


@pytest.mark.parametrize("name", READERS)
def test_reading_goes_on_while_another_program_writes(busy: SqliteStore, name: str) -> None:
    READERS[name](busy)


@pytest.mark.parametrize("name", sorted(WRITERS | READERS))
def test_a_database_that_is_gone_is_an_error_of_ours(store: SqliteStore, name: str) -> None:
    store.close()

    with pytest.raises(StoreError) as caught:
        (WRITERS | READERS)[name](store)

    assert caught.value.exit_code == 74


def test_a_full_disk_is_74_and_keeps_what_was_stored(store: SqliteStore) -> None:
    def fill() -> None:
        for number in range(10_000):
            with store.transaction():
                store.posts.save([post(str(number), text="x" * 4000)], NOW)

    pages = store.connection.value("PRAGMA page_count")
    store.connection.execute(f"PRAGMA max_page_count = {pages + 20}")

    with pytest.raises(StoreError, match="disk is full") as caught:
        fill()

    assert (caught.value.exit_code, store.in_transaction) == (74, False)
    assert 0 < store.posts.count() < 40


def test_a_failed_transaction_does_not_block_the_next(busy: SqliteStore, workplace: Installation) -> None:
    with pytest.raises(StoreBusyError), busy.transaction():
        pass

    assert (busy.in_transaction, busy.connection.raw.in_transaction) == (False, False)
