"""Archive files and what became of their rows."""

from typing import Literal, NamedTuple

from trendspark_cli.kinds.sources import SOURCES

FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"  # of tombstones that are for ever

ManifestState = Literal["planned", "exported", "uploaded", "verified", "deleting", "done"]


class Manifest(NamedTuple):
    """One archive file, from the choice of its rows to the last deletion. Times are text in the stored form.

    `url` and `key` say where the object is. `rows`, `bytes`, `sha256` and the times of its first and last row are known
    once it is exported. `restored_until`: its rows were brought back, and stay live until then.
    """

    id: str
    table_name: str
    source: str | None  # of posts; None for other tables
    day: str  # YYYY-MM-DD, UTC
    format: str
    url: str
    key: str
    state: ManifestState
    created_at: str
    rows: int = 0
    bytes: int = 0
    sha256: str | None = None
    min_time: str | None = None
    max_time: str | None = None
    deleted_rows: int = 0
    kept_rows: int = 0  # changed since they were exported, so they stayed
    run_id: int | None = None
    done_at: str | None = None
    restored_until: str | None = None
    missing_since: str | None = None  # the object was not found, or is not what was stored
    written_off_at: str | None = None
    written_off_why: str | None = None


class ChosenRow(NamedTuple):
    """A row that may leave: its id, its time as text in the stored form, and the bytes of its texts."""

    id: int
    time: str
    text_bytes: int


class DeletedBatch(NamedTuple):
    """What one transaction of deletes did. `kept` rows were changed since their export, or are needed by an alert."""

    deleted: int
    kept: int
    is_last: bool


class RestoredBatch(NamedTuple):
    """What one transaction of restoring did. `foreign` rows were left out: another row has their id."""

    restored: int
    live: int
    foreign: int = 0


class Tombstone(NamedTuple):
    """A post, or everything by an author, that must not come back. One of `source_id` and `author` is set.

    What a source tells of a deletion concerns the files of some days, `first_day` to `last_day`, and no longer matters
    once there are none; of an author, archived posts of these days are meant. Without days it stays for ever. The
    archive need not know of it unless it is `in_files`.
    """

    id: str
    source: str
    source_id: str | None
    author: str | None
    created_at: str
    is_pushed: bool = False  # whether the archive knows it too
    first_day: str | None = None
    last_day: str | None = None
    in_files: bool = True  # whether a file may have the post
    batch: str | None = None  # the object in the archive that tells of it among others, by its SHA-256

    @property
    def is_found_by_ids(self) -> bool:
        """Tell whether the ids of its posts tell the author, so that not all posts have to be read."""
        kind = SOURCES.get(self.source)
        return self.author is not None and kind is not None and bool(kind.ids_of_author)


class KnownTrend(NamedTuple):
    """A trend that is in the database, and what alerts of it in the archive may say.

    They may quote forgotten posts when `is_quoting`; `label` stands for the title of a trend that was such a post.
    """

    trend_id: int
    is_quoting: bool
    label: str | None
