"""Where reports may lie: nowhere that other files of ours are meant for, and nobody else reads."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from trendspark_cli.base.settings import Settings


def folder_of(url: str) -> Path | None:
    """Return the folder an address names, None for a bucket."""
    return Path(unquote(url.removeprefix("file://"))) if url.startswith("file://") else None


def report_place_problem(url: str, settings: Settings) -> str:
    """Return what is wrong with a place for reports, in words; empty when nothing is."""
    folder = folder_of(url)
    if folder is None:
        parts, archive = urlsplit(url), urlsplit(settings.archive_url)
        is_theirs = archive.scheme == "s3" and archive.netloc == parts.netloc
        if is_theirs and _is_within(Path("/", parts.path.strip("/")), Path("/", archive.path.strip("/"))):
            return f"REPORT_URL {url!r} lies in ARCHIVE_URL {settings.archive_url!r}: expected a place of its own"
        return ""
    folder = folder.resolve()
    if _is_within(folder, settings.textfile_dir.resolve()):
        return f"REPORT_URL {url!r} lies in TEXTFILE_DIR {str(settings.textfile_dir)!r}: expected a folder of its own"
    archive_folder = folder_of(settings.archive_url)
    if archive_folder is not None and _is_within(folder, archive_folder.resolve()):
        return f"REPORT_URL {url!r} lies in ARCHIVE_URL {settings.archive_url!r}: expected a folder of its own"
    if folder == settings.trendspark_home.resolve():
        return f"REPORT_URL {url!r} is the folder of the database: expected a folder of its own"
    return ""


def _is_within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
