"""What each host of an installation has of its own: a private folder, and lock files in it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from trendspark_cli.base.durable_files import create_file, make_folder
from trendspark_cli.base.locks import STORE_ALERT_MARKER, STORE_LOCK

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def make_host_folders(folder: Path) -> None:
    """Make the folder of this host's files, with locks/ and the files in there that must not need room later."""
    make_folder(folder, PRIVATE_FOLDER)
    make_folder(folder / "locks", PRIVATE_FOLDER)
    for name in (STORE_ALERT_MARKER, STORE_LOCK):
        with suppress(FileExistsError):
            descriptor = create_file(folder / "locks" / name, PRIVATE_FILE)
            os.utime(descriptor, (0, 0))  # of the marker it is the time of the last such alert
            os.close(descriptor)
