"""What goes on beside a stream: rank, deliver and fill gaps, so that posts are stored meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.running.said import SaidHere

RANK_SECONDS = 10.0  # between two rankings of new posts
FILL_SECONDS = 60.0  # between two fills of gaps; search knows nothing that is younger
FIRST_FILL_SECONDS = 5.0  # after the start: a process before may have left some

log = logging.getLogger(__name__)


class SideWork:
    """One thread that does one thing at a time; both get a store of their own.

    What they raise as TrendSparkError is tried again later, and logged once an hour. A bug ends the stream, too.
    """

    def __init__(self, rank: Callable[[], None], fill: Callable[[], None]) -> None:
        self._rank = rank
        self._fill = fill
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="beside")
        self._under_way: Future[None] | None = None
        self._has_new_posts = False
        self._said = SaidHere()
        self._ranked = time.monotonic() - RANK_SECONDS
        self._filled = time.monotonic() - FILL_SECONDS + FIRST_FILL_SECONDS

    def ask(self, has_new_posts: bool) -> None:
        """Begin what is due, unless something is under way."""
        self._has_new_posts |= has_new_posts
        if self._under_way is not None:
            if not self._under_way.done():
                return
            self._under_way.result()
            self._under_way = None
        now = time.monotonic()
        if self._has_new_posts and now >= self._ranked + RANK_SECONDS:
            self._has_new_posts, self._ranked = False, now
            self._under_way = self._thread.submit(self._try, self._rank)
        elif now >= self._filled + FILL_SECONDS:
            self._filled = now
            self._under_way = self._thread.submit(self._try, self._fill)

    def end(self) -> None:
        """Wait for what is under way, and rank what came last."""
        self._thread.shutdown(wait=True)
        if self._has_new_posts:
            self._try(self._rank)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except TrendSparkError as error:
            if self._said.is_news(error):
                log.warning("beside the stream: %s", error)
