"""Another user of the machine, without an account: may read all that tests need, and write nothing of others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

UID = 54321
# The interpreter and the folders of tests may be root's alone: to read is allowed, so only writing tells users apart.
AS_ANOTHER = (
    "setpriv",
    f"--reuid={UID}",
    f"--regid={UID}",
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)
NEEDS_ROOT = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can be another user"
)


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """Yield a folder on the way to which everybody may pass; pytest's own are closed."""
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        yield Path(folder)


def give(path: Path, uid: int = UID) -> None:
    """Give a file, or a folder with all that is in it, to another user."""
    for one in (path, *path.rglob("*")):
        os.chown(one, uid, uid, follow_symlinks=False)


def owners(folder: Path) -> dict[str, int]:
    """Return who owns each file and folder below *folder*."""
    return {str(path.relative_to(folder)): path.lstat().st_uid for path in sorted(folder.rglob("*"))}
