"""A folder that one installation has to itself says whose it is, so that two never write over each other's files."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from trendspark_cli.base.durable_files import create_file, replacing
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.trusted_files import read_own

MARKER = ".trendspark-home"
_LONGEST = 4200  # bytes; a path has at most 4096


def claim(folder: Path, home: Path) -> None:
    """Mark a folder as that of the installation in *home*, if nobody has done so. One within *home* needs no mark.

    Raises ConfigError when another installation has marked it, OSError when the folder cannot be written.
    """
    if _is_within(folder, home):
        if os.path.lexists(folder / MARKER):  # another installation was told to write here
            with replacing(folder / MARKER, 0o644) as stream:
                stream.write(_content(home))
        return
    if problem := foreign_claim(folder, home):
        raise problem
    with suppress(FileExistsError):
        descriptor = create_file(folder / MARKER, 0o644)
        try:
            os.write(descriptor, _content(home))
        finally:
            os.close(descriptor)
        return
    if problem := foreign_claim(folder, home):  # somebody was quicker
        raise problem


def foreign_claim(folder: Path, home: Path) -> ConfigError | None:
    """Return why a folder cannot be that of the installation in *home*, None when it is or may become so."""
    marker = folder / MARKER
    if _is_within(folder, home):
        return None
    try:
        owner = os.fsdecode(read_own(marker, _LONGEST)).rstrip("\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        told = error.strerror or str(error)
        return ConfigError(f"{str(marker)!r} cannot be read: {told}", hint="look who made it, and remove it")
    if owner in ("", _named(home)):  # empty: its writer was killed
        return None
    return ConfigError(
        f"TEXTFILE_DIR {str(folder)!r} is used by the installation in {owner!r}, and this is {_named(home)!r}",
        hint="give each installation a folder, and that a node_exporter, of its own; if the other one is gone or was "
        f"moved, remove {str(marker)!r}",
    )


def _is_within(folder: Path, home: Path) -> bool:
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(home))


def _content(home: Path) -> bytes:
    return os.fsencode(f"{_named(home)}\n")


def _named(home: Path) -> str:
    return os.path.realpath(home)
