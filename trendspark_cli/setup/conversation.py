"""One answer after another: from the command line, from the environment, or from whoever is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trendspark_cli.base import redaction
from trendspark_cli.base.console import Output, printable
from trendspark_cli.base.errors import ConfigError, TrendSparkError, UsageError
from trendspark_cli.base.setting_specs import SettingSpec
from trendspark_cli.base.settings import Settings
from trendspark_cli.setup.asking import Person
from trendspark_cli.setup.draft import Draft, complaint
from trendspark_cli.setup.given import Given
from trendspark_cli.setup.questions import flag_of, how_to_give

AGAIN, KEEP, LEAVE = "akl"
Objection = Callable[[Settings], str | None]  # to settings that are good by themselves


class Conversation:
    """What is known of the answers so far. Without a `person` nobody is asked, and what is missing is an error."""

    def __init__(self, draft: Draft, given: Given, output: Output, person: Person | None) -> None:
        self.draft = draft
        self.given = given
        self.output = output
        self.person = person
        self.is_again = False  # the answers of the command line have been refused, so the person is asked

    def settle(self, spec: SettingSpec, *, is_needed: bool, objection: Objection = lambda settings: None) -> None:
        """Have an answer for one setting. Raises UsageError when a given one is none, or a needed one is missing."""

        def wrong(text: str) -> str | None:
            if not text:
                return "an answer" if is_needed and not self.draft.text_of(spec) else None
            return complaint(self.draft, spec, text) or objection(self.draft.with_answer(spec.name, text))

        if spec.name in self.given.values and not self.is_again:
            text = self.given.values[spec.name]
            if expected := wrong(text):
                raise UsageError(f"{flag_of(spec)} {text!r}: expected {expected}")
            self.draft.keep(spec.name, text)
        elif self.person is None:
            self._take_what_is_there(spec, wrong, is_needed=is_needed)
        else:
            self._ask(self.person, spec, wrong)
        redaction.install(self.draft.settings.secrets())

    def say_yes(self, name: str) -> None:
        """Keep `true` for a setting that is a switch."""
        self.draft.keep(name, "true")

    def says_yes(self, question: str, *, default: bool) -> bool:
        """Return whether the person says yes; nobody says no."""
        return self.person is not None and self.person.says_yes(question, default=default)

    def tried(self, name: str, configure: Callable[[], None], trial: Callable[[], None]) -> bool:
        """Have the answers of one service, and try them; return False when they were taken back.

        A person may answer again, keep them all the same, or leave the service out. Raises what the trial raises when
        nobody is there.
        """
        before: Mapping[str, str] = dict(self.draft.answers)
        self.is_again = False
        while True:
            configure()
            if not self.given.is_tried:
                return True
            try:
                trial()
                return True
            except TrendSparkError as error:
                if self.person is None:
                    raise
                self.output.prose(f"{error}; {error.command_hint}" if error.hint else str(error), indent=2)
            told = "Answer again (a), keep it all the same (k) or leave it out (l)?"
            chosen = self.person.choice(f"  {told}", AGAIN + KEEP + LEAVE)
            if chosen == KEEP:
                return True
            if chosen == LEAVE:
                self.draft.restore(before)
                return False
            self.is_again = True

    def _take_what_is_there(self, spec: SettingSpec, wrong: Callable[[str], str | None], *, is_needed: bool) -> None:
        text = self.draft.text_of(spec)
        if is_needed and not text:
            raise UsageError(f"{spec.name} is missing", hint=how_to_give(spec))
        if text and (expected := wrong(text)):
            shown = "(secret)" if spec.secret else repr(text)
            raise ConfigError(f"{spec.name}={shown}: expected {expected}", hint=how_to_give(spec))
        self.draft.keep_of_environment(spec)

    def _ask(self, person: Person, spec: SettingSpec, wrong: Callable[[str], str | None]) -> None:
        example = f" Such as {spec.example}" if spec.example else ""
        self.output.prose(f"{spec.help}{example}", indent=2)
        current = self.draft.text_of(spec)
        if spec.secret:
            text = person.secret(f"  {spec.name}", has_one=bool(current), complaint=wrong)
        else:
            text = person.text(f"  {spec.name}", default=printable(current), complaint=wrong)
        if text:
            self.draft.keep(spec.name, text)
        else:
            self.draft.keep_of_environment(spec)
