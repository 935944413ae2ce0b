"""Where reports may lie: nowhere that other files of ours are meant for, and nobody else reads."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from trendspark_cli.base.settings import Settings


def folder_of(url: str) -> Path | None:
    """Return the folder an address names, None for a bucket."""
    return Path(os.path.realpath(unquote(url.removeprefix("file://")))) if url.startswith("file://") else None


def report_place_problem(url: str, settings: Settings) -> str:
    """Return what is wrong with a place for reports, in words; empty when nothing is."""
    folder, archive_url = folder_of(url), settings.archive_url or ""  # none when it is malformed
    if folder is None:
        parts, archive = urlsplit(url), urlsplit(archive_url)
        is_theirs = archive.scheme == "s3" and archive.netloc == parts.netloc
        if is_theirs and _is_within(Path("/", parts.path.strip("/")), Path("/", archive.path.strip("/"))):
            return f"REPORT_URL {url!r} lies in ARCHIVE_URL {archive_url!r}: expected a place of its own"
        return ""
    if _is_within(folder, Path(os.path.realpath(settings.textfile_dir))):
        return f"REPORT_URL {url!r} lies in TEXTFILE_DIR {str(settings.textfile_dir)!r}: expected a folder of its own"
    archive_folder = folder_of(archive_url)
    if archive_folder is not None and _is_within(folder, archive_folder):
        return f"REPORT_URL {url!r} lies in ARCHIVE_URL {archive_url!r}: expected a folder of its own"
    if folder == Path(os.path.realpath(settings.trendspark_home)):
        return f"REPORT_URL {url!r} is the folder of the database: expected a folder of its own"
    return ""


def _is_within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
