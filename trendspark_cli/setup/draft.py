"""The settings as they would be with what was answered so far. Nothing of it is written yet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from trendspark_cli.base.setting_specs import SettingSpec
from trendspark_cli.base.setting_values import without_quotes
from trendspark_cli.base.settings import Settings, load_settings, specs

NOTHING = Path(os.devnull)  # read for an env file that is named and not there yet


class Draft:
    """Answers by the name of their setting, above the environment and the env file that is there."""

    def __init__(self, environment: Mapping[str, str], target: Path, named: Path | None) -> None:
        self.target = target
        self.answers: dict[str, str] = {}
        self._environment = dict(environment)
        self._read = named if named is None or named.exists() else NOTHING
        self._made: Settings | None = None

    @property
    def settings(self) -> Settings:
        """Return the settings with all answers, as the jobs will read them."""
        if self._made is None:
            self._made = self._load(self.answers)
        return self._made

    def with_answer(self, name: str, text: str) -> Settings:
        """Return the settings with one answer more, which is not kept."""
        return self._load({**self.answers, name: text})

    def keep(self, name: str, text: str) -> None:
        """Keep an answer; of a secret it is what it is, whichever file held it before."""
        self.answers[name] = without_quotes(text)
        self.answers.pop(f"{name}_FILE", None)
        self._made = None

    def keep_of_environment(self, spec: SettingSpec) -> None:
        """Keep what the environment says, so that jobs have it that do not see this shell."""
        if self._environment.get(spec.name) and spec.name in self.settings.raw:
            self.keep(spec.name, self.settings.raw[spec.name][0])
        elif spec.may_be_in_file and (path := self._environment.get(f"{spec.name}_FILE")):
            self.answers[f"{spec.name}_FILE"] = os.path.abspath(os.path.expanduser(path))
            self._made = None

    def restore(self, answers: Mapping[str, str]) -> None:
        """Go back to the answers of before."""
        self.answers = dict(answers)
        self._made = None

    def text_of(self, spec: SettingSpec) -> str:
        """Return a setting's value as it is written, its default when nobody said anything."""
        return self.settings.raw.get(spec.name, (spec.default, ""))[0]

    def _load(self, answers: Mapping[str, str]) -> Settings:
        loaded = load_settings({**self._environment, **answers}, env_file=self._read)
        ours = {name.removesuffix("_FILE") for name in answers} & set(specs([*loaded.raw, *answers]))
        raw = {
            name: (value, str(self.target) if name in ours else origin) for name, (value, origin) in loaded.raw.items()
        }
        return replace(loaded, raw=raw, env_file=self.target)


def complaint(draft: Draft, spec: SettingSpec, text: str) -> str | None:
    """Return what a good value of a setting looks like, when this is none; None when it is good."""
    if not text.isprintable():
        return "one line without control characters"
    problems = draft.with_answer(spec.name, text).problems
    found = next((problem for problem in problems if problem.startswith(f"{spec.name}=")), None)
    return None if found is None else found.rpartition("): expected ")[2]
