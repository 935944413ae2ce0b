"""The files of a report: the feeds first, so that the page is never older than what it names."""

from __future__ import annotations

from trendspark_cli.reports.feeds import atom_of, entries_of, json_of
from trendspark_cli.reports.made_file import MadeFile
from trendspark_cli.reports.page import Report, page_of

KEPT_FOR = "max-age=300, must-revalidate"  # the job is hourly; texts that must go are gone soon


def report_files(report: Report, url: str) -> list[MadeFile]:
    """Return the page and its feeds; *url* is where they will lie."""
    entries = entries_of(report)
    return [
        MadeFile("trends.atom", atom_of(report, entries, url), "application/atom+xml; charset=utf-8", KEPT_FOR),
        MadeFile("trends.json", json_of(report, entries), "application/feed+json; charset=utf-8", KEPT_FOR),
        MadeFile("index.html", page_of(report).encode(), "text/html; charset=utf-8", KEPT_FOR),
    ]
