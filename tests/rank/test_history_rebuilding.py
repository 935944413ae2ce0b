"""A new version counts other terms: history is built anew from the stored posts, and no trend opens that is none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from tests.ingest.operator import Operator
from tests.installation import move_in
from tests.rank.test_rank_job import write_posts
from tests.ranking.streams import background, post, said
from tests.tools.crash_scenes import make_history_old
from tests.tools.term_history import term_rows
from tests.upgrade.old_installation import FIRST_RUN, OldInstallation
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.clock import from_epoch, from_text
from trendspark_cli.base.models import RunResult
from trendspark_cli.jobs.rank import rank_topics
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.history import HISTORY_VERSION
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.past.replay import Replay, ReplayPost, ticks_of
from trendspark_cli.ranking.past.simulation import TrendSimulation
from trendspark_cli.ranking.text.terms import keys_of_posts
from trendspark_cli.trends.trend_routes import TrendRoutes

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
TICK = int(NOW.timestamp()) // TICK_SECONDS
DAYS = 30
RULES = LifecycleRules(5.8)
RECENCY = timedelta(hours=1)


def tick_time(tick: int) -> datetime:
    return from_epoch(tick * TICK_SECONDS)


def lived(folder: Path, days: int, per_tick: int, stories: Sequence[PostRow] = ()) -> Operator:
    """An operator whose posts of these days are in a history of terms that no version counts."""
    here = Operator(folder / "home", now=NOW)
    rows = [*background(TICK - days * TICKS_PER_DAY, days * TICKS_PER_DAY, per_tick=per_tick), *stories]
    assert here.ingest(file=str(write_posts(folder / "past.ndjson", rows))).exit_code == 0
    assert here.rank().exit_code == 0
    make_history_old(here)
    return here


def execute(operator: Operator, sql: str) -> None:
    with closing(operator.store()) as store, store.transaction():
        store.connection.execute(sql)


def rank(operator: Operator, most: int = 50_000, *, is_dry: bool = False) -> RunResult:
    """Run `rank`, which may count so many posts of the past."""

    def body(wired: Wired) -> None:
        rank_topics(wired.job, RULES, RECENCY, top=20, routes=TrendRoutes(are_muted=True), rebuilt_posts=most)

    return operator.run_body("rank", body, is_dry=is_dry)


def opened(operator: Operator) -> list[tuple[str, str]]:
    """Which trends opened, and when."""
    rows = operator.rows("SELECT label, opened_at FROM trends WHERE kind = 'topic' ORDER BY opened_at, label")
    return [(row["label"], row["opened_at"]) for row in rows]


def live_through_a_day(operator: Operator, start: int, later: Sequence[PostRow], folder: Path) -> None:
    """Rank each quarter of an hour after this tick, with the posts that were made in it."""
    for tick in range(start, start + TICKS_PER_DAY):
        operator.now = tick_time(tick + 1)
        arrived = [row for row in later if row.created_at // TICK_SECONDS == tick]
        if arrived:
            operator.ingest(file=str(write_posts(folder / "later.ndjson", arrived)))
        assert rank(operator).exit_code == 0


def new_topics(operator: Operator, before: set[int]) -> set[str]:
    """The strongest term of each topic that opened since."""
    rows = operator.rows("SELECT id, terms FROM trends WHERE kind = 'topic'")
    return {json.loads(row["terms"])[0] for row in rows if row["id"] not in before}


def replayed(operator: Operator, since: datetime) -> set[str]:
    """The strongest term of each topic that opens from then on when all posts are replayed."""
    rows = operator.rows(
        "SELECT id, source, author, community, created_at AS at, text, created_at FROM posts ORDER BY created_at, id"
    )
    rows = [{**row, "at": int(from_text(row["at"]).timestamp())} for row in rows]
    posts = [ReplayPost(str(row["id"]), PostRow(*row.values())) for row in rows]
    replay, simulation = Replay(), TrendSimulation(RULES)
    for tick, of_tick in ticks_of(posts):
        replay.advance(tick, of_tick)
        simulation.advance(replay, tick, simulation.topics(replay, tick))
    return {fired.trend.story.terms[0] for fired in simulation.fired.values() if fired.trend.opened_at > since}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty days, with a story that ended yesterday."""
    folder = tmp_path_factory.mktemp("month")
    old_story = said("harbour bridge", 20, int((NOW - timedelta(hours=20)).timestamp()), every=60)
    lived(folder, DAYS, 2, old_story)
    return folder


@pytest.fixture
def operator(month: Path, tmp_path: Path) -> Operator:
    move_in(month / "home", tmp_path / "home")
    return Operator(tmp_path / "home", now=NOW)


def test_a_day_after_the_upgrade_has_the_trends_of_a_fresh_replay(operator: Operator, tmp_path: Path) -> None:
    before = {row["id"] for row in operator.rows("SELECT id FROM trends")}
    later = [
        *background(TICK, TICKS_PER_DAY, per_tick=2, seed=2),
        *said("volcano eruption", 20, int((NOW + timedelta(hours=3)).timestamp()), every=60),
        *said("l'Étna", 10, int((NOW + timedelta(hours=15)).timestamp()), every=60),
        *said("ETNA", 10, int((NOW + timedelta(hours=15)).timestamp()), every=60, seed=6),
    ]

    live_through_a_day(operator, TICK, later, tmp_path)

    assert new_topics(operator, before) == replayed(operator, NOW)
    assert new_topics(operator, before) == {"volcano eruption", "etna"}


@pytest.mark.only_sqlite
def test_a_day_after_the_upgrade_of_0_1_has_the_trends_of_a_fresh_replay(tmp_path: Path) -> None:
    old = OldInstallation(tmp_path, "0.1")
    old.command("db", "upgrade")
    here = Operator(old.home, now=FIRST_RUN)
    before = {row["id"] for row in here.rows("SELECT id FROM trends")}
    first = int(FIRST_RUN.timestamp()) // TICK_SECONDS
    random, texts = Random(2), here.values("SELECT text FROM posts WHERE created_at > '2026-10-20'")
    later = [
        *(post(random.choice(texts), first * TICK_SECONDS + 300 * number + 7) for number in range(288)),
        *said("glacier collapse", 20, int((FIRST_RUN + timedelta(hours=9)).timestamp()), every=60),
    ]

    live_through_a_day(here, first, later, tmp_path)

    assert new_topics(here, before) == replayed(here, FIRST_RUN)
    assert "glacier collapse" in new_topics(here, before)


def test_until_the_history_is_whole_nothing_opens_and_each_run_says_how_far_it_is(
    operator: Operator, tmp_path: Path
) -> None:
    burst = said("volcano eruption", 20, int((NOW - timedelta(minutes=30)).timestamp()), every=60)
    operator.ingest(file=str(write_posts(tmp_path / "burst.ndjson", burst)))
    before = opened(operator)

    told = []
    while "history" in (result := rank(operator, most=700)).extra:
        told.append(str(result.extra["history"]))
        assert opened(operator) == before

    assert len(told) == 3
    assert "the history of reddit is built anew from the posts since 2026-10-18: 27% is done" in told[0]
    assert [label for label, _ in opened(operator)[len(before) :]] == ["volcano eruption"]


def test_health_says_how_far_the_history_is_and_posts_why_that_it_keeps_a_post_back(operator: Operator) -> None:
    rank(operator, most=700)

    told = operator.command_now("health", "--json").json["services"]["ranking"]
    [post] = operator.rows("SELECT source_id FROM posts ORDER BY created_at DESC LIMIT 1")
    why = operator.command_now("posts", "why", f"reddit:{post['source_id']}").stdout

    assert told["ok"] is True
    assert "27% is done" in told["reason"]
    assert "history is built anew" in " ".join(why.split())


def test_an_open_trend_goes_on_by_its_posts_though_its_terms_are_of_the_old_version(
    tmp_path: Path,
) -> None:
    story = said("elm street fire", 25, int((NOW - timedelta(minutes=40)).timestamp()), every=60)
    here = lived(tmp_path, 3, 4, story)
    execute(here, "UPDATE trends SET terms = '[\"as it was counted before\"]'")
    before = opened(here)
    here.later(minutes=15)
    more = said("elm street fire", 10, int(NOW.timestamp()), every=60, seed=9)
    here.ingest(file=str(write_posts(tmp_path / "more.ndjson", more)))

    assert rank(here).exit_code == 0

    assert opened(here) == before
    assert here.rows("SELECT state FROM trends") == [{"state": "open"}]


def test_what_was_too_quiet_meanwhile_closes(operator: Operator) -> None:
    execute(operator, "UPDATE trends SET state = 'open', closed_at = NULL")

    assert rank(operator).exit_code == 0

    assert {row["state"] for row in operator.rows("SELECT state FROM trends")} <= {"closed"}


def test_a_history_that_was_built_anew_is_that_of_one_that_was_counted_from_the_start(tmp_path: Path) -> None:
    here = lived(tmp_path, 5, 4)
    fresh = Operator(tmp_path / "fresh", now=NOW)
    fresh.ingest(file=str(tmp_path / "past.ndjson"))

    rank(here)
    rank(fresh)

    assert term_rows(here) == term_rows(fresh)
    assert here.rows("SELECT * FROM ranking_sources") == fresh.rows("SELECT * FROM ranking_sources")


def test_posts_that_come_while_the_history_is_built_are_counted_once(tmp_path: Path) -> None:
    here, fresh = lived(tmp_path, 5, 4), Operator(tmp_path / "fresh", now=NOW)
    fresh.ingest(file=str(tmp_path / "past.ndjson"))
    rank(here, most=900)
    late = said("harbour bridge", 9, int((NOW - timedelta(days=1)).timestamp()), every=900)
    for each in (here, fresh):
        each.ingest(file=str(write_posts(tmp_path / "late.ndjson", late)))

    for _ in range(4):
        rank(here, most=900)
    rank(fresh)

    assert term_rows(here) == term_rows(fresh)


def test_a_dry_run_changes_nothing_of_an_old_history(operator: Operator) -> None:
    query = partial(operator.rows, "SELECT * FROM ranking_progress")
    before, known = query(), term_rows(operator)

    result = rank(operator, is_dry=True)

    assert "builds the history of all sources anew" in str(result.extra["history"])
    assert (query(), term_rows(operator)) == (before, known)


def test_a_new_installation_has_nothing_to_build_anew(tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW)
    here.ingest(file=str(write_posts(tmp_path / "posts.ndjson", background(TICK - 96, 96, per_tick=2))))

    assert "history" not in rank(here, is_dry=True).extra
    assert "history" not in rank(here).extra


def test_a_clock_that_is_a_year_ahead_leaves_out_no_posts(operator: Operator) -> None:
    operator.now = NOW + timedelta(days=365)
    rank(operator)

    operator.now = NOW
    rank(operator)

    assert len(term_rows(operator)) > 1_000


SAMPLES = (
    "Boston marathon, l'Etna, AT&T, C++ and U.S. news: GPT-4.5",
    "Bogotá ΣΕΙΣΜΌΣ самолёт DİYARBAKIR Weißgasse مدرسة کتاب",
    "東京マラソン 津波警報 ข่าวด่วน 지진 발생",
    "https://news.example/a?utm_source=x $BRK.B e-mail F-35 5G",
    "and the with nicht auch para como yang dan tidak, a live Q&A",
)
FINGERPRINTS = {3: "3d186e2b3005"}


def test_whoever_changes_what_a_term_is_gives_it_a_new_version() -> None:
    """Where this fails: raise HISTORY_VERSION, and put the new fingerprint here beside its number."""
    found = sorted(key for keys in keys_of_posts(SAMPLES) for key in keys)

    assert sha256(repr(found).encode()).hexdigest()[:12] == FINGERPRINTS[HISTORY_VERSION]
