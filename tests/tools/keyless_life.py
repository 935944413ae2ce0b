"""An operator without any key: days of Bluesky, Hacker News, Mastodon and a feed, with stories that all tell.

Each day some posts of Bluesky are deleted: young ones, and ones that are in the archive by then.
"""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.ingest.operator import NOW, Operator
from tests.servers import (
    BlueskyApiServer,
    FeedServer,
    HackerNewsServer,
    JetstreamServer,
    MastodonServer,
    delete_event,
    feed_entry,
    hackernews_story,
    mastodon_status,
    post_event,
)
from tests.servers.hook_servers import SlackServer
from tests.servers.jetstream_server import id_of, tid
from tests.servers.messages import JsonObject
from trendspark_cli.app.job_bodies import archive_body, deliver_body

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
WARM_UP = timedelta(hours=30)
BETWEEN_STORIES = timedelta(hours=31)  # each at another hour of the day
STORY = timedelta(minutes=40)
DELETED_A_DAY = 4  # of live posts, and of archived ones
LIVE_DAYS = 7
SMALL_TALK = ("coffee", "morning", "garden", "bicycle", "rain", "music", "lunch", "bread", "river", "window", "paper")
NAMES = ("zorblatt", "mirvane", "ostrella", "fendrick", "gralloch", "tivander", "pelmoor", "hurskell", "vantrice")
PER_HOUR = {"bluesky": 24, "hackernews": 8, "mastodon": 12, "feeds": 4}
PER_STORY = {"bluesky": 60, "hackernews": 6, "mastodon": 15, "feeds": 3}


@dataclass
class Life:
    """What became of it."""

    said: int = 0
    live: int = 0
    archived: int = 0
    deleted: int = 0
    restored: int = 0  # posts that are live once all is brought back
    returned: int = 0  # deleted ones among them
    stone_objects: int = 0
    told: list[str] = field(default_factory=list)  # stories that an alert named
    joined: list[str] = field(default_factory=list)  # those that were one trend of at least three sources
    stories: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # trends that nobody planted
    codes: dict[int, int] = field(default_factory=dict)  # exit codes of runs


class _World:
    """The services, and what is said there."""

    def __init__(self, stack: ExitStack, seed: int) -> None:
        self.stream, self.api = stack.enter_context(JetstreamServer()), stack.enter_context(BlueskyApiServer())
        self.news, self.toots = stack.enter_context(HackerNewsServer()), stack.enter_context(MastodonServer())
        self.feed, self.desk = stack.enter_context(FeedServer()), stack.enter_context(SlackServer())
        self._dice = random.Random(seed)
        self._posts: list[tuple[datetime, JsonObject]] = []
        self.deleted: set[str] = set()
        self.said = 0

    def settings(self, folder: Path) -> dict[str, str]:
        """No key among them."""
        return {
            "BLUESKY_INGEST_ENABLED": "true",
            "BLUESKY_MODE": "all",
            "BLUESKY_HOSTS": self.stream.url,
            "BLUESKY_API_BASE_URL": self.api.url,
            "HACKERNEWS_INGEST_ENABLED": "true",
            "HACKERNEWS_API_BASE_URL": self.news.url,
            "MASTODON_TIMELINES": f"{self.toots.url}/public",
            "FEEDS": f"{self.feed.url}/rss.xml",
            "ALERT_URL_DESK": self.desk.address,
            "ARCHIVE_URL": f"file://{folder / 'archive'}",
            "RETENTION_DAYS_POSTS": str(LIVE_DAYS),
        }

    def say(self, begin: datetime, span: timedelta, counts: dict[str, int], about: str = "") -> None:
        """Publish so many posts of each source, spread over a time."""
        for source, count in counts.items():
            for _ in range(count):
                self.said += 1
                at = begin + span * self._dice.random()
                words = self._dice.sample(SMALL_TALK, 4)
                self._publish(source, at, " ".join([about, *words]).strip() + f" {self.said}")

    def delete(self, now: datetime) -> None:
        """Have some writers delete what they wrote, a day ago or longer than posts are live."""
        archived = now - timedelta(days=LIVE_DAYS + 2)
        young = [each for at, each in self._posts if at > now - timedelta(days=1)]
        old = [each for at, each in self._posts if at < archived and id_of(each) not in self.deleted]
        for some in (young, old):
            for each in self._dice.sample(some, min(len(some), DELETED_A_DAY)):
                self.deleted.add(id_of(each))
                self.stream.events.append(delete_event(now + timedelta(minutes=1), each))

    def _publish(self, source: str, at: datetime, text: str) -> None:
        who = f"a{self._dice.randrange(5000)}"
        if source == "bluesky":
            event = post_event(at, text, did=f"did:plc:{who}", key=tid(at, self.said % 1024))
            self._posts.append((at, event))
            self.stream.events.append(event)
        elif source == "hackernews":
            self.news.add([hackernews_story(at, text, author=who, story_id=45_000_000 + self.said)])
        elif source == "mastodon":
            self.toots.add([mastodon_status(at, text, author=who, number=self.said % 60_000)])
        else:
            self.feed.add([feed_entry(at, text, author=who)])


def live_without_keys(folder: Path, *, days: int, seed: int = 20261101) -> Life:
    """Live so many days: `ingest` and `rank` each hour, each quarter of one while a story is told, `archive` daily."""
    life = Life()
    (folder / "archive").mkdir(parents=True, mode=0o700)
    with ExitStack() as stack:
        world = _World(stack, seed)
        operator = Operator(folder / "home", world.settings(folder), NOW)
        next_story, end = NOW + WARM_UP, NOW + timedelta(days=days)
        names = iter(NAMES * 9)
        while operator.now < end:
            world.say(operator.now, HOUR, PER_HOUR)
            tells = operator.now >= next_story
            if tells:
                life.stories.append(f"{next(names)}{len(life.stories)}")
                world.say(operator.now, STORY, PER_STORY, life.stories[-1])
                next_story += BETWEEN_STORIES
            for step in [QUARTER] * 4 if tells else [HOUR]:
                operator.later(seconds=step.total_seconds())
                _run(operator, world, life)
            if operator.now.hour == 3:
                _note(life, operator.run_body("archive", archive_body()).exit_code)
                world.delete(operator.now)
        for _ in range(5):  # what came last is read, whatever waits
            operator.later(hours=1)
            _run(operator, world, life)
        _sum_up(life, operator, world)
    return life


def _run(operator: Operator, world: _World, life: Life) -> None:
    clock = operator.now.timestamp
    for server in (world.stream, world.api, world.news, world.toots, world.feed):
        server.clock = clock
    _note(life, operator.ingest().exit_code)
    _note(life, operator.rank().exit_code)
    _note(life, operator.run_body("deliver", deliver_body()).exit_code)


def _note(life: Life, code: int) -> None:
    life.codes[code] = life.codes.get(code, 0) + 1


def _sum_up(life: Life, operator: Operator, world: _World) -> None:
    life.said = world.said
    [life.live] = operator.values("SELECT count(*) FROM posts")
    sql = "SELECT coalesce(sum(deleted_rows), 0) FROM archive_manifests WHERE table_name = 'posts'"
    [life.archived] = operator.values(sql)
    life.deleted = len(world.deleted)
    life.stone_objects = len(list((operator.home.parent / "archive" / "tombstones").glob("*")))
    if life.archived:
        _note(life, operator.command_now("archives", "restore", "--since", "2026-01-01").exit_code)
    stored = set(operator.values("SELECT source || ' ' || source_id FROM posts"))
    life.restored, life.returned = len(stored), len(stored & {f"bluesky {post_id}" for post_id in world.deleted})
    texts = "\n".join(world.desk.texts).lower()
    trends = operator.rows("SELECT label, terms, sources FROM trends WHERE kind = 'topic'")
    for story in life.stories:
        own = [trend for trend in trends if story in str(trend["terms"]).lower() or story in trend["label"].lower()]
        if any(str(trend["sources"]).count(":") >= 3 for trend in own):
            life.joined.append(story)
        if story in texts:
            life.told.append(story)
    planted = tuple(life.stories)
    life.others = [
        trend["label"]
        for trend in trends
        if not any(story in (str(trend["terms"]) + trend["label"]).lower() for story in planted)
    ]
