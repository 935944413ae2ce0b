"""Which of our commands a line of a crontab starts, and how: through wrappers, with `cd ... &&`, in pipes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import NamedTuple

OURS = "trendspark"
MODULE = "trendspark_cli"
_SEPARATORS = frozenset({";", "&&", "||", "|", "&", "(", ")", "|&", ";;", "\n"})
_REDIRECTION = r"&?>>?[&|]?|<|<<<?|>&|&>"
# Words before a command that start none, and programs that only look at another one: `test -x PROGRAM && PROGRAM ...`.
_KEYWORDS = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "{", "time", "exec"})
_LOOKING = frozenset({"[", "[[", "test", "command", "which", "type", "echo", "printf", "ls", "cat", "cd"})
_ASSIGNMENT = r"[A-Za-z_]\w*="


class Call(NamedTuple):
    """One call of ours in a command: the program as it is written there, its arguments, and where its words go."""

    program: str
    arguments: tuple[str, ...]
    settings: Mapping[str, str]  # NAME=value before it
    wrapper: str = ""  # the first word, when that is another program
    errors_go_to: str = ""  # a file

    @property
    def job(self) -> str | None:
        """Return the job this call runs; None for a command that is none, and for one that only tries."""
        words = list(self.arguments)
        if "--dry-run" in words or "--help" in words or "-h" in words:
            return None
        names: list[str] = []
        while words and len(names) < 3:
            word = words.pop(0)
            if word == "--env-file" and words:
                words.pop(0)
            elif not word.startswith("-"):
                names.append(word)
        if names[:2] == ["jobs", "run"]:
            return names[2] if len(names) > 2 else None
        return names[0] if names else None


def calls(command: str) -> Iterator[Call]:
    """Yield each call of ours in what a shell gets.

    Raises ValueError when quotes do not match.
    """
    simple: list[str] = []
    for word in [*_words(command), ";"]:
        if word not in _SEPARATORS:
            simple.append(word)
            continue
        call = _call(simple)
        if call is not None:
            yield call
        for flag, inner in pairwise(simple):
            if call is None and flag == "-c" and mentions_us(inner):  # sh -c 'trendspark ingest'
                yield from calls(inner)
        simple = []


def mentions_us(command: str) -> bool:
    """Tell whether a command may be one of ours, however it is written."""
    return OURS in command


def first_word(command: str) -> str:
    """Return the first word of a command, "" for none."""
    return command.split(None, 1)[0] if command.strip() else ""


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""  # a # inside a word is none; those before a word are cut below
    words = list(lexer)
    start = next((n for n, word in enumerate(words) if word.startswith("#")), len(words))
    return words[:start]


def _call(words: Sequence[str]) -> Call | None:
    plain, errors_go_to = _without_redirections(words)
    while plain and plain[0] in _KEYWORDS:
        plain.pop(0)
    settings: dict[str, str] = {}
    at = next((n for n in range(len(plain)) if _is_ours(plain, n)), None)
    if at is None or (at > 0 and plain[0] in _LOOKING):
        return None
    for word in plain[:at]:
        if re.match(_ASSIGNMENT, word):
            name, _, value = word.partition("=")
            settings[name] = value
    before = [word for word in plain[:at] if not re.match(_ASSIGNMENT, word)]
    if plain[at] == MODULE:  # python -m trendspark_cli
        program = before[-2] if len(before) > 1 else ""
        wrapper = before[0] if len(before) > 2 else ""
    else:
        program, wrapper = plain[at], before[0] if before else ""
    return Call(program, tuple(plain[at + 1 :]), settings, wrapper, errors_go_to)


def _is_ours(words: Sequence[str], at: int) -> bool:
    if words[at] == MODULE:
        return at > 0 and words[at - 1] == "-m"
    return PurePath(words[at]).name == OURS


def _without_redirections(words: Sequence[str]) -> tuple[list[str], str]:
    """Return the words without `>file` and the like, and where stderr goes when that is a file."""
    plain: list[str] = []
    goes: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not re.fullmatch(_REDIRECTION, word):
            plain.append(word)
            continue
        target = rest.pop(0) if rest else ""
        if word.startswith("<"):
            continue
        descriptor = plain.pop() if plain and plain[-1] in ("1", "2") else "1"
        if word in (">&",):
            goes[descriptor] = goes.get(target, "") if target.isdigit() else target
        elif word.startswith("&"):
            goes["1"] = goes["2"] = target
        else:
            goes[descriptor] = target
    return plain, goes.get("2", "")
