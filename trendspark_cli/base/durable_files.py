"""What every file that must outlast a power cut needs, wherever it lies."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def publish(unfinished: Path, target: Path) -> None:
    """Give a finished file its name, for good: flushed before it, and the name flushed after it."""
    with unfinished.open("rb") as stream:
        os.fsync(stream.fileno())
    unfinished.rename(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder: a new name is on the disk only then."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
