"""Sources of other installed packages: a bug of theirs is a failure of that source, told with its package's name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from trendspark_cli.base.errors import TrendSparkError, UpstreamError
from trendspark_cli.base.models import Page, Span
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.sources import SourceKind

if TYPE_CHECKING:
    from trendspark_cli.base.opening import Opening
    from trendspark_cli.collecting.source import Counter, Reach, Source

log = logging.getLogger(__name__)
T = TypeVar("T")


class BrokenPackageError(UpstreamError):
    """The code of another package did what none should."""

    is_service_wide = False


class GuardedSource:
    """Implements collecting.source.Source by that of another package."""

    def __init__(self, kind: SourceKind, source: Source) -> None:
        self._make = kind.make
        self._source = source
        self.name = kind.name
        self.service = kind.name
        self.query: str = source.query
        self.endpoint: str = source.endpoint
        self.largest_page: int = source.largest_page
        self.smallest_page: int = source.smallest_page
        self.is_billed_by_post = False
        self.counter: Counter | None = None

    def reach(self, span: Span) -> Reach:
        """Return what of *span* can be read now."""
        return guarded(self.name, self._make, lambda: self._source.reach(span))

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return a page; posts that name another source are not taken."""
        return guarded(self.name, self._make, lambda: self._checked(self._source.fetch(span, limit=limit)))

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return present counters."""
        return guarded(self.name, self._make, lambda: self._checked(self._source.fetch_counts(ids)))

    def _checked(self, page: Page) -> Page:
        if not isinstance(page, Page) or any(post.source != self.name for post in page.posts):
            raise _broken(self.name, self._make, f"it returned what is no page of posts of {self.name}")
        return page


def guarded_sources(kind: SourceKind, opening: Opening) -> list[Source]:
    """Return the sources that another package makes; none, and a line in the log, when it cannot."""
    try:
        return guarded(
            kind.name, kind.make, lambda: [GuardedSource(kind, source) for source in load(kind.make)(opening)]
        )
    except BrokenPackageError as error:
        log.warning("%s", error)
        return [_Unmade(kind, error)]


class _Unmade:
    """A source that could not be made: reading it says so, and the others are read."""

    counter: Counter | None = None
    is_billed_by_post = False
    query, endpoint = "all", "all"
    largest_page = smallest_page = 1

    def __init__(self, kind: SourceKind, error: BrokenPackageError) -> None:
        self.name = self.service = kind.name
        self._error = error

    def reach(self, span: Span) -> Reach:
        raise self._error

    def fetch(self, span: Span, *, limit: int) -> Page:
        raise self._error

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        raise self._error


def guarded(name: str, make: str, call: Callable[[], T]) -> T:
    """Return what a call of another package returns. Raises BrokenPackageError for what it should not raise."""
    try:
        return call()
    except TrendSparkError:
        raise
    except Exception as error:
        log.warning("the package of %s raised", name, exc_info=True)
        raise _broken(name, make, f"{type(error).__name__}: {error}"[:300]) from error


def _broken(name: str, make: str, told: str) -> BrokenPackageError:
    where = make.partition(":")[0].partition(".")[0]
    hint = f"it is a bug of {where}: tell those who made it, or uninstall it"
    return BrokenPackageError(name, f"the package {where} broke: {told}", hint=hint)
