"""Write what was shown: whole or not at all, each older file kept."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from trendspark_cli.base.durable_files import create_file, make_files_for_owner_of, make_folder, replacing
from trendspark_cli.base.errors import OutputError, os_words
from trendspark_cli.base.settings import Settings
from trendspark_cli.setup.plan import EnvChange, read_before
from trendspark_cli.store.open_store import database_of

PRIVATE = 0o600


def write_env_file(change: EnvChange, now: datetime) -> Path | None:
    """Write an env file, and return where the older one is kept, if there was one.

    Raises OutputError when it cannot be written, or was changed since it was read.
    """
    try:
        make_folder(change.path.parent, 0o700)
        if read_before(change.path) != change.before:
            told = f"env file {str(change.path)!r} was changed by somebody else meanwhile"
            raise OutputError(told, hint="nothing was written; start again")
        backup = None if change.before is None else _keep(change.path, change.before, now)
        with replacing(change.path, PRIVATE) as stream:
            stream.write(change.after)
    except OSError as error:
        raise OutputError(f"env file {str(change.path)!r} cannot be written: {os_words(error)}") from error
    return backup


def make_database(settings: Settings) -> bool:
    """Make the database and the folder of metrics, if they are missing; return whether the database is new."""
    database = database_of(settings)
    make_files_for_owner_of(database.folder)
    try:
        has_file = bool(database.files) and database.files[0].exists()  # which may be damaged, and is left alone
        is_new = not has_file and database.create()
        make_folder(settings.textfile_dir, 0o755)
    except OSError as error:
        raise OutputError(f"cannot create {error.filename!r}: {error.strerror}") from error
    return is_new


def _keep(path: Path, content: bytes, now: datetime) -> Path:
    """Write the older content beside the file, under a name that tells when; return the name."""
    for number in range(1000):
        ending = f"-{number}" if number else ""
        backup = path.with_name(f"{path.name}.bak-{now:%Y%m%dT%H%M%SZ}{ending}")
        try:
            descriptor = create_file(backup, PRIVATE)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        return backup
    raise OutputError(f"no name is left for a copy of {str(path)!r}")
