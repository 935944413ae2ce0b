"""A person at a terminal: questions with what an empty answer means, and secrets that are not shown."""

from __future__ import annotations

import select
import sys
import termios
from collections.abc import Callable

from trendspark_cli.base.console import Output, printable

Complaint = Callable[[str], str | None]  # what was expected, when an answer is none
LOOK_SECONDS = 0.2  # between two looks whether Ctrl-C was pressed just before we began to wait


class Person:
    """Whoever is asked. Each question is asked until its answer is one; Ctrl-C and Ctrl-D end all of it."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def text(self, name: str, *, default: str, complaint: Complaint) -> str:
        """Return one line; nothing typed is the default."""
        shown = f" [{printable(default)}]" if default else ""
        return self._asked(lambda: _line(f"{name}{shown}: ") or default, name, complaint)

    def secret(self, name: str, *, has_one: bool, complaint: Complaint) -> str:
        """Return one line that is not shown; "" when nothing was typed and there is one already."""
        shown = " [as it is]" if has_one else ""
        return self._asked(lambda: _unseen_line(f"{name} (not shown){shown}: "), name, complaint)

    def says_yes(self, question: str, *, default: bool) -> bool:
        """Return whether the answer is yes."""
        shown = "Y/n" if default else "y/N"
        while True:
            answer = _line(f"{question} [{shown}] ").lower()
            if answer in ("", "y", "yes", "n", "no"):
                return default if not answer else answer[0] == "y"
            self._output.prose("y for yes, n for no", indent=2)

    def choice(self, question: str, answers: str) -> str:
        """Return one letter of *answers*, the first one for nothing typed."""
        while True:
            answer = _line(f"{question} [{answers[0]}] ").lower()[:1] or answers[0]
            if answer in answers:
                return answer

    def _asked(self, ask: Callable[[], str], name: str, complaint: Complaint) -> str:
        while True:
            answer = ask()
            expected = complaint(answer)
            if expected is None:
                return answer
            self._output.prose(f"{name}: expected {expected}", indent=2)


def _line(prompt: str) -> str:
    """Return what is typed in one line, without blanks around it. Raises EOFError for Ctrl-D."""
    print(prompt, end="", flush=True)
    # `input` would miss a Ctrl-C between its prompt and its waiting, and wait on.
    while not select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
        pass
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def _unseen_line(prompt: str) -> str:
    """Return a line that the terminal does not show while it is typed."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    unseen = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, unseen)
    try:
        return _line(prompt)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        print()
