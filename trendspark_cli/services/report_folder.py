"""Reports in a folder of this machine, for a browser here or a web server."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from urllib.parse import unquote

from trendspark_cli.base.durable_files import make_folder, replacing
from trendspark_cli.base.errors import ConfigError, OutputError, StoreError
from trendspark_cli.base.full_disks import no_room
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.trusted_files import other_writers
from trendspark_cli.reports.made_file import MadeFile


class ReportFolder:
    """A folder, made when it is missing. Its files may be read by whoever may list it; a new one is its owner's."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder

    def replace(self, file: MadeFile) -> None:
        """Put a file there, whole, in place of the one of that name."""
        try:
            make_folder(self._folder, 0o700)
            mode = self._checked_mode()
            with replacing(self._folder / file.name, mode) as stream:
                stream.write(file.content)
        except OSError as error:
            if told := no_room(error):
                raise StoreError(f"folder {str(self._folder)!r}: {told}", hint="free space there") from error
            if error.errno == errno.EIO:
                raise StoreError(f"folder {str(self._folder)!r}: {error}", hint="check that disk") from error
            raise OutputError(f"report folder {str(self._folder)!r}: {error}") from error

    def _checked_mode(self) -> int:
        """Return the mode of files there; raise ConfigError when others may put their own in the folder."""
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if told := other_writers(str(self._folder), descriptor):
                hint = "name a folder of this user alone: whoever writes there decides what readers see"
                raise ConfigError(f"report folder {told}", hint=hint)
            readers = stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o055
        finally:
            os.close(descriptor)
        return 0o600 | (0o040 if readers & 0o050 == 0o050 else 0) | (0o004 if readers & 0o005 == 0o005 else 0)


def make(opening: Opening, url: str) -> ReportFolder:
    """Return the folder of an address such as `file:///srv/report`."""
    return ReportFolder(url, Path(unquote(url.removeprefix("file://"))))
