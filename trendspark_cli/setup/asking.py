"""A person at a terminal: questions with what an empty answer means, and secrets that are not shown."""

from __future__ import annotations

from collections.abc import Callable

from trendspark_cli.base.console import Output, printable

Complaint = Callable[[str], str | None]  # what was expected, when an answer is none


class Person:
    """Whoever is asked. Each question is asked until its answer is one; Ctrl-C and Ctrl-D end all of it."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def text(self, name: str, *, default: str, complaint: Complaint) -> str:
        """Return one line; nothing typed is the default."""
        shown = f" [{printable(default)}]" if default else ""
        return self._asked(lambda: input(f"{name}{shown}: ").strip() or default, name, complaint)

    def secret(self, name: str, *, has_one: bool, complaint: Complaint) -> str:
        """Return one line that is not shown; "" when nothing was typed and there is one already."""
        from getpass import getpass

        shown = " [as it is]" if has_one else ""
        return self._asked(lambda: getpass(f"{name} (not shown){shown}: ").strip(), name, complaint)

    def says_yes(self, question: str, *, default: bool) -> bool:
        """Return whether the answer is yes."""
        shown = "Y/n" if default else "y/N"
        while True:
            answer = input(f"{question} [{shown}] ").strip().lower()
            if answer in ("", "y", "yes", "n", "no"):
                return default if not answer else answer[0] == "y"
            self._output.prose("y for yes, n for no", indent=2)

    def choice(self, question: str, answers: str) -> str:
        """Return one letter of *answers*, the first one for nothing typed."""
        while True:
            answer = input(f"{question} [{answers[0]}] ").strip().lower()[:1] or answers[0]
            if answer in answers:
                return answer

    def _asked(self, ask: Callable[[], str], name: str, complaint: Complaint) -> str:
        while True:
            answer = ask()
            expected = complaint(answer)
            if expected is None:
                return answer
            self._output.prose(f"{name}: expected {expected}", indent=2)
