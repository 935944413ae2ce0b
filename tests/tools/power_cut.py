"""What a disk would hold had the power gone at some moment of a run: only what was flushed, or more by chance.

A run is recorded by strace; then its folder is built anew as of chosen calls. A name is durable once its folder was
flushed (a new one also when the file itself was); content is durable once the file was. Memory maps are not seen, so
SQLite's `-shm` files are left out, as after a real start.
"""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from tests.tools.processes import Ended, run

WRITES = ("write", "writev", "pwrite64", "pwritev")
FLUSHES = ("fsync", "fdatasync")
OPENS, NAMES = ("open", "openat", "creat"), ("rename", "renameat", "renameat2", "unlink", "unlinkat")
CALLS = (*OPENS, *WRITES, "ftruncate", "lseek", *NAMES, *FLUSHES)
SECTOR = 512
LONGEST_TEXT = 4 * 2**20  # of one call

Variant = Literal["nothing", "names", "chance"]  # what of the unflushed survives
VARIANTS: tuple[Variant, ...] = ("nothing", "names", "chance")


class Change(NamedTuple):
    """Bytes at an offset, or with None the new length."""

    offset: int
    content: bytes | None


class Move(NamedTuple):
    """A name that appeared (`old` empty), changed, or went (`new` empty)."""

    old: str
    new: str
    file: int


@dataclass
class _File:
    """One file: what is flushed, what a reader sees, and what lies between."""

    flushed: bytes = b""
    seen: bytearray = field(default_factory=bytearray)
    waiting: list[Change] = field(default_factory=list)

    def change(self, change: Change) -> None:
        _apply(self.seen, change)
        self.waiting.append(change)

    def flush(self) -> None:
        self.flushed, self.waiting = bytes(self.seen), []


class Call(NamedTuple):
    """A system call as strace wrote it."""

    name: str
    text: str
    result: int


class Disk:
    """A folder as the kernel and the platter see it, call by call."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._files: list[_File] = []
        self._names: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._moves: list[Move] = []
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.name.endswith("-shm"):
                content = path.read_bytes()
                self._names[str(path)] = self._add(_File(content, bytearray(content)))
        self._flushed_names = dict(self._names)
        self._folders = [path for path in root.rglob("*") if path.is_dir()]

    def take(self, call: Call) -> bool:
        """Apply a call; return whether it changed or flushed anything in the folder."""
        if call.result < 0:
            return False
        if call.name in OPENS:
            return self._open(call)
        if call.name.startswith("rename"):
            return self._rename(*_paths(call, self._root))
        if call.name.startswith("unlink"):
            return self._unlink(_paths(call, self._root)[0])
        path = _descriptor_path(call)
        if call.name in FLUSHES:
            return self._flush(path)
        return path in self._names and self._write(path, call)

    def build(self, variant: Variant, dice: random.Random) -> None:
        """Put the folder into the state in which the disk would be found."""
        shutil.rmtree(self._root)
        for folder in [Path(self._root), *self._folders]:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = dict(self._flushed_names)
        survived = {"nothing": 0, "names": len(self._moves), "chance": dice.randint(0, len(self._moves))}[variant]
        for move in self._moves[:survived]:
            _move(names, move)
        for name, number in names.items():
            file = self._files[number]
            content = bytearray(file.flushed)
            for change in file.waiting if variant == "chance" else ():
                if dice.random() < 0.5:
                    _apply(content, _torn(change, dice))
            path = Path(name)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o644 if path.suffix == ".prom" else 0o600)

    def _add(self, file: _File) -> int:
        self._files.append(file)
        return len(self._files) - 1

    def _is_ours(self, path: str) -> bool:
        return path.startswith(f"{self._root}/") and not path.endswith("-shm")

    def _open(self, call: Call) -> bool:
        path = _paths(call, self._root)[0]
        if not self._is_ours(path) or "O_DIRECTORY" in call.text:
            return False
        self._places[path] = 0
        if path not in self._names:
            if "O_CREAT" not in call.text and call.name != "creat":
                return False
            self._names[path] = self._add(_File())
            self._moves.append(Move("", path, self._names[path]))
            return True
        if "O_TRUNC" in call.text:
            self._files[self._names[path]].change(Change(0, None))
            return True
        if "O_APPEND" in call.text:
            self._places[path] = len(self._files[self._names[path]].seen)
        return False

    def _write(self, path: str, call: Call) -> bool:
        file = self._files[self._names[path]]
        if call.name == "lseek":
            self._places[path] = call.result
            return False
        if call.name == "ftruncate":
            file.change(Change(int(call.text.rsplit(",", 1)[1]), None))
            return True
        content = b"".join(_strings(call))[: call.result]
        if call.name.startswith("p"):
            file.change(Change(int(call.text.rsplit(",", 1)[1]), content))
        else:
            file.change(Change(self._places.get(path, 0), content))
            self._places[path] = self._places.get(path, 0) + len(content)
        return True

    def _flush(self, path: str) -> bool:
        if path in self._names:
            number = self._names[path]
            self._files[number].flush()
            self._settle([move for move in self._moves if move.file == number and not move.old])
            return True
        if path == self._root or self._is_ours(path):
            self._settle([m for m in self._moves if str(Path(m.new or m.old).parent) == path])
            return True
        return False

    def _settle(self, moves: list[Move]) -> None:
        for move in moves:
            _move(self._flushed_names, move)
            self._moves.remove(move)

    def _rename(self, old: str, new: str) -> bool:
        if old not in self._names:
            return False
        self._names[new] = self._names.pop(old)
        self._moves.append(Move(old, new, self._names[new]))
        return True

    def _unlink(self, path: str) -> bool:
        if path not in self._names:
            return False
        self._moves.append(Move(path, "", self._names.pop(path)))
        return True


def power_cuts(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, *, cuts: int, seed: int
) -> tuple[Ended, Iterator[str]]:
    """Run *argv*, which changes files in *folder*; then put that folder into each state it could be found in.

    Yields what each state is. The caller looks, runs what it wants, and asks for the next.
    """
    root = folder.resolve()
    with tempfile.TemporaryDirectory(prefix="before-") as aside:
        before, log = Path(aside) / "folder", Path(aside) / "trace"
        shutil.copytree(root, before)
        traced = ",".join(f"?{call}" for call in CALLS)
        strace = ["strace", "-f", "-y", "-xx", "-s", str(LONGEST_TEXT), "-o", str(log), "-e", f"trace={traced}"]
        ended = run([*strace, *argv], environment, root)
        calls = list(_calls(log.read_text(errors="replace")))
        shutil.rmtree(root)
        shutil.copytree(before, root)
    probe, dice = Disk(root), random.Random(seed)
    points = [number for number, call in enumerate(calls) if probe.take(call)]
    chosen = sorted(dice.sample(points, min(cuts, len(points))))
    return ended, _states(root, calls, [*chosen, len(calls)], dice)


def _states(root: Path, calls: Sequence[Call], cuts: Sequence[int], dice: random.Random) -> Iterator[str]:
    disk, done = Disk(root), 0
    for cut in cuts:
        for call in calls[done:cut]:
            disk.take(call)
        done = cut
        for variant in VARIANTS:
            disk.build(variant, dice)
            yield f"call {cut} of {len(calls)}, {variant} survived"


def _calls(log: str) -> Iterator[Call]:
    """Yield calls in the order in which they ended; strace writes those of several threads in two halves."""
    half: dict[str, str] = {}
    for line in log.splitlines():
        process, _, text = line.partition(" ")
        text = text.strip()
        if text.endswith("<unfinished ...>"):
            half[process] = text.removesuffix("<unfinished ...>")
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", text):
            text = half.pop(process, "") + resumed[1]
        if call := re.match(r"(\w+)\((.*)\)\s+= (-?\d+)", text):
            yield Call(call[1], call[2], int(call[3]))


def _strings(call: Call) -> list[bytes]:
    return [_plain(found) for found in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', call.text)]


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if "\\x" in text else text.encode()


def _descriptor_path(call: Call) -> str:
    found = re.match(r"\d+<((?:\\x[0-9a-f]{2})*)", call.text)
    return _plain(found[1]).decode("utf-8", "replace") if found else ""


def _paths(call: Call, working_folder: str) -> list[str]:
    """Return the paths a call names, whole."""
    bases = [_plain(text).decode() for text in re.findall(r"(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>", call.text)]
    names = [text.decode("utf-8", "replace") for text in _strings(call)]
    return [str(Path(bases[0] if bases else working_folder) / name) for name in names]


def _apply(content: bytearray, change: Change) -> None:
    offset, new = change
    if len(content) < offset:
        content.extend(b"\0" * (offset - len(content)))
    if new is None:
        del content[offset:]
    else:
        content[offset : offset + len(new)] = new


def _torn(change: Change, dice: random.Random) -> Change:
    """Return a write of which, now and then, only the first sectors came to the disk."""
    if change.content is None or len(change.content) <= SECTOR or dice.random() > 0.2:
        return change
    return Change(change.offset, change.content[: SECTOR * dice.randint(0, len(change.content) // SECTOR)])


def _move(names: dict[str, int], move: Move) -> None:
    if not move.old:
        names[move.new] = move.file
    elif not move.new:
        names.pop(move.old, None)
    elif move.old in names:
        names[move.new] = names.pop(move.old)
