"""Look whether node_exporter can read the metrics: as the user it runs as, or as any other would."""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trendspark_cli.screens.doctor.files import out_of_reach
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding

PROCESS_NAMES = ("node_exporter", "prometheus-node")  # the kernel keeps 15 characters
USER_NAMES = ("node_exporter", "node-exporter", "prometheus")  # upstream's habit, and Debian's packages
_FOLDER_FLAG = "--collector.textfile.directory"
_READ, _ENTER = 4, 1


@dataclass(frozen=True)
class MetricsReader:
    """Who shall read the metrics; `folder` is where it looks, when that is known."""

    name: str
    uid: int
    groups: frozenset[int]
    folder: Path | None = None
    is_certain: bool = True

    def may(self, path: Path, need: int) -> bool:
        """Tell whether the mode of *path* lets it; access lists are not looked at."""
        found = path.stat()
        if self.uid == 0:
            return True
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid in self.groups else 0
        return found.st_mode >> shift & need == need


def check_metrics_folder(folder: Path, processes: Path = Path("/proc")) -> Iterator[Finding]:
    """Yield what keeps metrics from being written, or from being read by node_exporter."""
    if hidden := out_of_reach(folder):
        yield Finding("metrics", FAIL, f"this user may not enter {str(hidden)!r}", "run as the user of the crontab")
        return
    if not folder.is_dir():
        yield Finding("metrics", FAIL, f"TEXTFILE_DIR {str(folder)!r} is no folder", "run a job, or make the folder")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        fix = "let this user write there, for example as a member of the folder's group"
        yield Finding("metrics", FAIL, f"TEXTFILE_DIR {str(folder)!r} cannot be written", fix)
    reader = find_metrics_reader(processes)
    state = FAIL if reader.is_certain else WARN
    if reader.folder is not None and reader.folder.resolve() != folder.resolve():
        what = f"node_exporter reads {str(reader.folder)!r}, and metrics are written to {str(folder)!r}"
        yield Finding("metrics", state, what, f"set TEXTFILE_DIR={shlex.quote(str(reader.folder))}")
        return
    closed = [path for path in reversed(folder.parents) if not reader.may(path, _ENTER)]
    unreadable = [path for path in sorted(folder.glob("trendspark*.prom")) if not reader.may(path, _READ)]
    if closed:
        what = f"{reader.name} cannot enter {str(closed[0])!r}, so nobody reads the metrics"
        fix = "set TEXTFILE_DIR to node_exporter's own folder, or: chmod o+x " + _quoted(closed)
        yield Finding("metrics", state, what, fix)
    elif not reader.may(folder, _READ | _ENTER):
        yield Finding("metrics", state, f"{reader.name} cannot read {str(folder)!r}", f"chmod o+rx {_quoted([folder])}")
    elif unreadable:
        what = f"{reader.name} cannot read {unreadable[0].name!r}"
        yield Finding("metrics", state, what, f"chmod o+r {_quoted(unreadable)}")
    else:
        yield Finding("metrics", OK, f"{reader.name} can read {str(folder)!r}")


def find_metrics_reader(processes: Path) -> MetricsReader:
    """Return the node_exporter that runs here, else its user, else anybody."""
    for entry in processes.glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().strip() in PROCESS_NAMES:
                return _running(entry)
        except OSError:
            continue  # it ended meanwhile
    for name in USER_NAMES:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return MetricsReader(f"user {name}", account.pw_uid, frozenset(os.getgrouplist(name, account.pw_gid)))
    return MetricsReader("a node_exporter with a user of its own", -1, frozenset(), is_certain=False)


def _running(entry: Path) -> MetricsReader:
    status = dict(line.partition(":")[::2] for line in (entry / "status").read_text().splitlines())
    groups = {int(word) for name in ("Gid", "Groups") for word in status[name].split()}
    words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    folder = None
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, _, value = word.partition("=")
        if name.lstrip("-") == _FOLDER_FLAG.lstrip("-"):
            folder = Path(value or following)
    name = f"node_exporter (process {entry.name})"
    return MetricsReader(name, int(status["Uid"].split()[1]), frozenset(groups), folder)


def _quoted(paths: list[Path]) -> str:
    return " ".join(shlex.quote(str(path)) for path in paths)
