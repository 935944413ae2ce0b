"""`report`: a page to look at and two feeds to follow, made of what the database knows, put where people find them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from trendspark_cli.reports.made_file import MadeFile, Place
from trendspark_cli.reports.page import Report, State
from trendspark_cli.reports.report_files import report_files
from trendspark_cli.reports.trend_words import silence_text
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.trends.interest import Names, OperatorInterest
from trendspark_cli.trends.telling import Fits, told_trends

MOST_TRENDS = 500  # more than anybody reads


@dataclass(frozen=True)
class ReportRules:
    """What a report tells of: the trends that lived in the last `span`, those that fit. `profile` names whose."""

    span: timedelta
    version: str
    profile: str = ""
    fits: Fits | None = None
    watchlist: Collection[str] = ()
    interest: Names = ()  # what matters, by profile


def report(job: JobContext, place: Place, rules: ReportRules, state: Callable[[], State]) -> None:
    """Make the report and put it in its place; in a dry run only make it.

    *state* says how the installation does. Raises what the place answers; what stood there then stays.
    """
    since = job.now - rules.span
    interest = OperatorInterest(job.store, rules.interest, job.now)
    found = told_trends(job.store, since, job.now, MOST_TRENDS + 1, rules.watchlist, rules.fits, interest)
    made = Report(
        since=since,
        now=job.now,
        trends=found[:MOST_TRENDS],
        state=state(),
        version=rules.version,
        profile=rules.profile,
        has_more=len(found) > MOST_TRENDS,
        silence=silence_text(job.store.posts.newest_created(job.now), job.now, job.store.ranking.sources()),
    )
    files = report_files(made, place.url)
    job.count("trends", len(made.trends))
    job.count("bytes", sum(len(file.content) for file in files))
    job.result["report"] = {"url": place.url, "files": [_told(file) for file in files]}
    if job.dry_run:
        return
    for file in files:
        place.replace(file)
    job.count("files", len(files))


def _told(file: MadeFile) -> dict[str, object]:
    return {"name": file.name, "bytes": len(file.content)}
