"""A second house: the package with one more source, channel and job, each one file and one entry."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.tools.house import OURS, PACKAGE

SOURCE_SETTING = """
    toybox_posts: tuple[str, ...] = setting("TOYBOX_POSTS", read.LIST, "topics", "Posts of the toybox.")
"""
CHANNEL_SETTING = """
    toyphone_file: str = setting("TOYPHONE_FILE", read.TEXT, "alerts", "File that the toyphone writes to.")
"""

SOURCE = '''
"""Posts of a toybox, which holds what a setting says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Page, Post, Span
from trendspark_cli.collecting.source import Counter, Reach
from trendspark_cli.base.opening import Opening


@dataclass(frozen=True)
class _Given:
    toybox_posts: tuple[str, ...]


class Toybox:
    """Implements collecting.source.Source."""

    name = service = "toybox"
    query, endpoint = "all", "listing"
    largest_page, smallest_page = 100, 1
    counter: Counter | None = None
    is_billed_by_post = False

    def __init__(self, texts: tuple[str, ...], created_at: str) -> None:
        self._texts = texts
        self._created_at = created_at

    def reach(self, span: Span) -> Reach:
        return Reach(span)

    def fetch(self, span: Span, *, limit: int) -> Page:
        posts = tuple(self._post(number, text) for number, text in enumerate(self._texts, 1))
        return Page(posts, len(posts), newest_id=str(len(posts)), reads=1, endpoint=self.endpoint)

    def look_up(self, ids: Sequence[str]) -> Page:
        return Page((), 0, reads=1, endpoint="look_up")

    def _post(self, number: int, text: str) -> Post:
        values = dict.fromkeys(Post._fields) | {"source": self.name, "source_id": str(number), "text": text}
        return Post(**{**values, "created_at": self._created_at, "likes": 3, "edits": 0})


def make(opening: Opening) -> list[Toybox]:
    return [Toybox(opening.read(_Given).toybox_posts, to_text(opening.now))]


def check(opening: Opening) -> str:
    return f"the toybox holds {len(opening.read(_Given).toybox_posts)} posts"
'''
SOURCE_ENTRY = """
    SourceKind(
        name="toybox",
        make="trendspark_cli.services.toybox:make",
        check="trendspark_cli.services.toybox:check",
        needs=("toybox_posts",),
        engagement="hugs",
        addresses=(r"https://toybox\\.example/posts/(\\d+)",),
        example="https://toybox.example/posts/ID",
    ),
"""

CHANNEL = '''
"""Messages to a toyphone: lines of a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from trendspark_cli.alerts.channel import About, Message, Sent
from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.base.opening import Opening


@dataclass(frozen=True)
class _Given:
    toyphone_file: str


class Toyphone:
    """Implements alerts.channel.Notifier."""

    name = "toyphone"
    form = CHANNELS["toyphone"].form

    def __init__(self, file: Path) -> None:
        self._file = file

    def send(self, message: Message) -> Sent:
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(message.text) + "\\n")
        return Sent(str(len(self._file.read_text(encoding="utf-8").splitlines())), "the toyphone")

    def edit(self, message_id: str, message: Message) -> Sent:
        raise NotImplementedError

    def check(self) -> str:
        return "the toyphone rings"


def make(opening: Opening) -> Toyphone:
    return Toyphone(Path(opening.read(_Given).toyphone_file))
'''
CHANNEL_ENTRY = """
    ChannelKind(
        name="toyphone",
        title="The toyphone",
        make="trendspark_cli.services.toyphone:make",
        needs=("toyphone_file",),
        form=MessageForm(
            text_limit=100,
            unit="characters",
            markup="plain",
            can_edit=False,
            messages_per_minute=600,
            seconds_between=0.0,
        ),
    ),
"""

JOB = '''
"""`toy`: count the toys."""

from __future__ import annotations

from trendspark_cli.running.job_context import JobContext


def toy(job: JobContext) -> None:
    """Count three toys."""
    job.count("toys", 3)
'''
JOB_ENTRY = """
    JobKind(
        id="toy",
        run="trendspark_cli.jobs.toy:toy",
        time_limit="2m",
        cron="30 6 * * *",
        why="toys are counted in the morning",
        is_scheduled=True,
    ),
"""


PLACES = {  # where something is added, before what
    "kinds/sources.py": "\n)\nSOURCES =",
    "kinds/channels.py": "\n)\nCHANNELS =",
    "kinds/jobs.py": "\n)\nJOBS:",
    "base/source_settings.py": "\n    hackernews_api_base_url: ",
    "base/settings.py": "\n    job_timeouts: Mapping",
}
# A recipe of docs/contributing.md -> the name of the toy, and what is added to which file.
ADDED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "A source": (
        "toybox",
        {"services/toybox.py": SOURCE, "kinds/sources.py": SOURCE_ENTRY, "base/source_settings.py": SOURCE_SETTING},
    ),
    "A channel": (
        "toyphone",
        {"services/toyphone.py": CHANNEL, "kinds/channels.py": CHANNEL_ENTRY, "base/settings.py": CHANNEL_SETTING},
    ),
    "A job": ("toy", {"jobs/toy.py": JOB, "kinds/jobs.py": JOB_ENTRY}),
}


def house_with_toys(folder: Path) -> Path:
    """Copy the package into *folder*, add the three toys, and return what PYTHONPATH has to say."""
    package = folder / OURS
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    for _, additions in ADDED.values():
        for name, text in additions.items():
            _add(package / name, text, before=PLACES.get(name))
    return folder


def _add(file: Path, addition: str, *, before: str | None) -> None:
    """Make a new file, or add to one that is there."""
    if before is None:
        assert not file.exists()
        file.write_text(addition.lstrip(), encoding="utf-8")
        return
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.name} has no one place {before!r}"
    file.write_text(text.replace(before, addition.rstrip("\n") + before), encoding="utf-8")
