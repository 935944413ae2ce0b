"""What the tests of this folder share: a file that is read, and what was in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.models import Post
from trendspark_cli.services.post_files.reading import PostFile


@dataclass(frozen=True)
class Contents:
    """What a file held: posts, reasons of what was refused and skipped, and what its reading ends with."""

    posts: list[Post]
    refused: list[str]
    skipped: list[str]
    end: TrendSparkError | None

    @property
    def post(self) -> Post:
        """The only post there is."""
        [post] = self.posts
        return post

    @property
    def texts(self) -> list[str]:
        """What the posts say."""
        return [post.text for post in self.posts]


def contents(folder: Path, content: bytes, name: str = "posts") -> Contents:
    """Read these bytes as a file."""
    (folder / name).write_bytes(content)
    file = PostFile(str(folder / name))
    end: TrendSparkError | None = None
    found: Contents = Contents([], [], [], None)
    try:
        for page in file.pages():
            found.posts.extend(page.posts)
            found.refused.extend(rejection.reason for rejection in page.rejections)
            found.skipped.extend(item.reason for item in page.skipped)
            assert page.fetched == len(page.posts) + len(page.rejections) + len(page.skipped)
        file.check()
    except TrendSparkError as error:
        end = error
    return Contents(found.posts, found.refused, found.skipped, end)
