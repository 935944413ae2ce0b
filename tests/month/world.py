"""What people say on X and Reddit during a month, the services that show it, and a ledger of all of it."""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.builders import in_lines
from tests.installation import TOKEN, telegram_settings, x_settings
from tests.servers import RedditServer, TelegramServer, XServer, x_post
from tests.servers.http_base import Clock, LocalServer
from tests.servers.messages import Answer, Request
from tests.servers.reddit_posts import base36, reddit_post
from tests.servers.reddit_server import CLIENT_ID, CLIENT_SECRET, USER_AGENT
from tests.servers.x_billing import BillingLedger
from tests.servers.x_posts import x_id
from trendspark_cli.base.clock import to_text

SUBREDDIT = "cityscience"
X_PER_HOUR, REDDIT_PER_HOUR = 20.0, 5.0
BURST_POSTS, BURST_SECONDS = 150, 480.0  # a planted trend: so many people within about half an hour
OLD_DAYS, OLD_PER_DAY = range(-8, -3), 40  # posts that a file brings, so that something is old enough to leave
SHOWN = timedelta(days=8)  # X searches seven days back; what is older is not kept
WORDS = (  # noqa: SIM905
    "traffic river repair morning council ticket cyclist painted closed opened lamp rail market crossing steel "
    "photograph evening concert fog detour tram boats inspection budget engineer commuters toll sunset walkers"
).split()
FIRST_REDDIT_ID = 36**6


@dataclass(frozen=True)
class Story:
    """A planted trend: what it is called, and when most people speak of it."""

    term: str
    moment: datetime


@dataclass(frozen=True)
class Told:
    """One post of the ledger."""

    source: str
    source_id: str
    moment: datetime
    document: dict[str, Any]


@dataclass
class TrueTime:
    """The time it truly is: it stands where it was set and goes on by this machine's steady clock."""

    start: datetime
    began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """Return the true time."""
        return self.start + timedelta(seconds=time.monotonic() - self.began)

    def seconds(self) -> float:
        """Return it in seconds since 1970."""
        return self.now().timestamp()

    def reach(self, moment: datetime) -> None:
        """Be at *moment*, unless it is later already."""
        self.start, self.began = max(moment, self.now()), time.monotonic()


class Bill(BillingLedger):
    """X's bill, which also knows what searches handed out. `searched`: by day, as X counts days."""

    def __init__(self) -> None:
        super().__init__()
        self.is_search = False
        self.handed_out: set[str] = set()  # emptied by whoever looks
        self.searched: dict[date, set[str]] = defaultdict(set)

    def deliver(self, post_ids: Iterable[str], now: float) -> None:
        ids = list(post_ids)
        super().deliver(ids, now)
        if self.is_search:
            self.handed_out.update(ids)
            self.searched[datetime.fromtimestamp(now, UTC).date()].update(ids)


class Search(XServer):
    """X with such a bill."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(bearer_token=TOKEN, clock=clock)
        self.bill = Bill()
        self.billing = self.bill

    def respond(self, request: Request) -> Answer:
        self.bill.is_search = request.endpoint == "search_recent"
        return super().respond(request)


class World:
    """A ledger of everything that is said, and servers that show it once it was said."""

    def __init__(self, start: datetime, days: float, stories: Sequence[Story], seed: int) -> None:
        self.time = TrueTime(start)
        self.stories = stories
        self.ledger = sorted(
            [*_on_x(start, days, stories, seed), *_on_reddit(start, days, seed)], key=lambda told: told.moment
        )
        self.of_a_file = list(_old_posts(start, seed))
        self._said = 0  # so many of them are
        self._forgotten = 0
        self.x = Search(self.time.seconds)
        self.reddit = RedditServer(subreddits=[SUBREDDIT], clock=self.time.seconds)
        self.telegram = TelegramServer(clock=self.time.seconds)

    @property
    def servers(self) -> dict[str, LocalServer]:
        """Each service by its name."""
        return {"x": self.x, "reddit": self.reddit, "telegram": self.telegram}

    @property
    def said(self) -> list[Told]:
        """What has been said by now, and what a file brought."""
        return [*self.of_a_file, *self.ledger[: self._said]]

    def file(self) -> bytes:
        """Return the file of old posts."""
        return in_lines(*[{"source": told.source, "id": told.source_id, **told.document} for told in self.of_a_file])

    @contextmanager
    def running(self) -> Iterator[dict[str, str]]:
        """Run the services; gives the settings of somebody who uses them."""
        with ExitStack() as stack:
            for server in self.servers.values():
                stack.enter_context(server)
            yield {
                **x_settings(self.x.url, X_FIRST_RUN_LOOKBACK="1h"),
                **telegram_settings(self.telegram),
                "REDDIT_CLIENT_ID": CLIENT_ID,
                "REDDIT_CLIENT_SECRET": CLIENT_SECRET,
                "REDDIT_USER_AGENT": USER_AGENT,
                "REDDIT_SUBREDDITS": SUBREDDIT,
                "REDDIT_BASE_URL": self.reddit.url,
                "REDDIT_OAUTH_URL": self.reddit.url,
            }

    def reach(self, moment: datetime) -> None:
        """Let it be *moment*: what was said until then can be read, what is a week old no longer."""
        self.time.reach(moment)
        now = self.time.now()
        first = self._said
        while self._said < len(self.ledger) and self.ledger[self._said].moment <= now:
            self._said += 1
        fresh = self.ledger[first : self._said]
        self.x.add(told.document for told in fresh if told.source == "x")
        self.reddit.add(told.document for told in fresh if told.source == "reddit")
        while self._forgotten < self._said and self.ledger[self._forgotten].moment < now - SHOWN:
            told = self.ledger[self._forgotten]
            if told.source == "x":
                self.x.delete(told.source_id)
            self._forgotten += 1
        self.tell_time()

    def tell_time(self) -> None:
        """Have every answer name the true time."""
        for server in self.servers.values():
            server.date_off = self.time.seconds() - time.time()


def _on_x(start: datetime, days: float, stories: Sequence[Story], seed: int) -> Iterator[Told]:
    dice = random.Random(f"{seed} x")
    said = [(at, _sentence(dice)) for at in _moments(start, days, X_PER_HOUR, dice)]
    for story in stories:
        for _ in range(BURST_POSTS):
            at = story.moment + timedelta(seconds=dice.gauss(0, BURST_SECONDS))
            said.append((at, f"bridge {story.term} {dice.choice(WORDS)} {dice.choice(WORDS)}"))
    for number, (at, text) in enumerate(sorted(said)):
        moment = at.replace(microsecond=0)
        counts = {"like_count": int(dice.paretovariate(1.5)), "impression_count": dice.randrange(10, 500)}
        document = x_post(moment, f"{text} {number}", author_id=str(1000 + number), sequence=number, metrics=counts)
        yield Told("x", str(document["id"]), moment, document)


def _old_posts(start: datetime, seed: int) -> Iterator[Told]:
    dice = random.Random(f"{seed} file")
    for number, day in enumerate(day for day in OLD_DAYS for _ in range(OLD_PER_DAY)):
        moment = (start + timedelta(days=day, hours=dice.uniform(0, 24))).replace(microsecond=0)
        document = {"text": f"{_sentence(dice)} {number}", "created_at": to_text(moment), "author": f"old{number}"}
        yield Told("x", str(x_id(moment, sequence=number)), moment, document)


def _on_reddit(start: datetime, days: float, seed: int) -> Iterator[Told]:
    dice = random.Random(f"{seed} reddit")
    for number, at in enumerate(_moments(start, days, REDDIT_PER_HOUR, dice)):
        moment = at.replace(microsecond=0)
        post_id = base36(FIRST_REDDIT_ID + number)  # Reddit's ids grow
        document = reddit_post(
            moment,
            f"{_sentence(dice)} {number}",
            subreddit=SUBREDDIT,
            author=f"author{number}",
            post_id=post_id,
            score=int(dice.paretovariate(1.2)),
        )
        yield Told("reddit", post_id, moment, document)


def _moments(start: datetime, days: float, per_hour: float, dice: random.Random) -> Iterator[datetime]:
    """Yield moments that come by chance, half as many at night and half as many again at noon."""
    at, end = start, start + timedelta(days=days)
    while True:
        noon = 1 - 0.5 * math.cos(2 * math.pi * at.astimezone(UTC).hour / 24)
        at += timedelta(hours=dice.expovariate(per_hour * noon))
        if at >= end:
            return
        yield at


def _sentence(dice: random.Random) -> str:
    return "bridge " + " ".join(dice.sample(WORDS, 4))
