"""What a service is opened with: plain values. It says itself which settings it takes, and sees no others' names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypeVar

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.models import Profile

T = TypeVar("T")
NOBODYS = Profile("", ())  # for what belongs to no profile


@dataclass(frozen=True)
class Opening:
    """Settings by name, where calls are kept, and the time of the run. `profile`: whose topics are searched for.

    `profiles`: all whose topics are looked for together, by sources that are read once for everybody.
    """

    value_of: Callable[[str], object]  # of a setting, by its name in lower case
    record: Callable[[ApiCall], None]
    answer_seconds: float  # longest wait for the service to begin its answer
    now: datetime = field(default_factory=utc_now)
    profile: Profile = NOBODYS
    profiles: Sequence[Profile] = ()

    def read(self, form: type[T]) -> T:
        """Return a dataclass whose fields are called like settings, each with that setting's value."""
        values = {each.name: self.value_of(each.name) for each in fields(form)}  # type: ignore[arg-type]
        return form(**values)
