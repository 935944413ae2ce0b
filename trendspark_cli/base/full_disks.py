"""A disk without room, in words: what the system and SQLite say of one is for programmers."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from trendspark_cli.base.durable_files import unfinished

_WORDS = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota is used up"}
_TRIED_BYTES = 1 << 16


def no_room(error: OSError) -> str:
    """Return in words that there is no room, empty when the error says something else."""
    return _WORDS.get(error.errno or 0, "")


def in_words(error: OSError) -> str:
    """Return what an error says, in words when it is about room."""
    return no_room(error) or str(error)


def why_no_room_beside(path: Path) -> str:
    """Return in words why nothing more can be written beside a file, empty when it can: a small file is tried there.

    For SQLite, which says no more than that something failed.
    """
    try:
        with unfinished(path) as (descriptor, _):
            os.pwrite(descriptor, bytes(_TRIED_BYTES), 0)
            os.fsync(descriptor)
    except OSError as error:
        return no_room(error)
    return ""
