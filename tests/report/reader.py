"""A reader of reports: runs the job, and looks at what it made as browsers and feed readers do."""

from __future__ import annotations

import json
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import feedparser

from tests.installation import Installation
from trendspark_cli.base.models import RunResult
from trendspark_cli.screens.report import report_body

VOID = {"meta", "link", "line", "path", "rect", "text", "br"}


class Page(HTMLParser):
    """A page as a parser sees it: every element with its attributes, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [str(link["href"]) for link in self.all("a")]


class Made:
    """The files of a report in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def page(self) -> Page:
        """The page."""
        return Page((self.folder / "index.html").read_text(encoding="utf-8"))

    @property
    def atom(self) -> Any:
        """The Atom feed, as a feed reader has it."""
        return feedparser.parse((self.folder / "trends.atom").read_bytes())

    @property
    def json(self) -> Any:
        """The JSON feed."""
        return json.loads((self.folder / "trends.json").read_bytes())

    @property
    def everything(self) -> str:
        """All that was written."""
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.iterdir()))


def report(workplace: Installation, *, is_dry: bool = False, since: timedelta | None = None, **options: str) -> Made:
    """Run the job in this process, which must work, and return what it made."""
    result = run_report(workplace, is_dry=is_dry, since=since, **options)
    assert result.exit_code == 0, result.cause
    return Made(Path(options.get("output") or workplace.home / "report"))


def run_report(
    workplace: Installation, *, is_dry: bool = False, since: timedelta | None = None, **options: str
) -> RunResult:
    """Run the job in this process."""
    return workplace.run_body("report", report_body(since=since, **options), is_dry=is_dry)
