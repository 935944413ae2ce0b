"""What a writer promises: one task, one call, a value in the task's form or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Answer = Mapping[str, Any]  # JSON in the form of a task
QuestionKind = Literal["trend_label", "daily_ideas"]  # permanent: a metric label, and what is charged in the ledger


@dataclass(frozen=True)
class Task:
    """What a model is asked. `instructions` are ours; `content` is data from outside, and never more than that."""

    kind: QuestionKind
    instructions: str
    content: str
    most_output_tokens: int


@dataclass(frozen=True)
class Written:
    """What came back. `value` has the fields of the task's form when `outcome` is `ok`.

    `refused`: the model would not; `broken`: it wrote something else than the form; `incomplete`: it did not get to
    the end of what it wanted to write, and `why` says so in words that follow "the answer". Tokens are None when the
    service did not tell them.
    """

    outcome: Literal["ok", "refused", "broken", "incomplete"]
    value: Answer = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    why: str = ""
    is_too_short: bool = False  # more tokens, or less thinking, would help an answer that is incomplete


class Writer(Protocol):
    """A model. Knows a remote API and nothing of our tables."""

    service: str  # whose budget a call is charged to
    model: str

    def most_input_tokens(self, task: Task) -> int:
        """Return how many input tokens the task can be at most."""

    def most_output_tokens(self, task: Task) -> int:
        """Return how many output tokens an answer can have, thinking included."""

    def check(self, seconds: float) -> str:
        """Ask, within so many seconds and without cost, whether the key and the model are good; return what it says.

        Raises ConfigError, UpstreamError.
        """

    def write(self, task: Task, seconds: float) -> Written:
        """Return what the model wrote, asked once, within so many seconds.

        The forms: `trend_label` is {label, summary, posts: [number]}; `daily_ideas` is
        {ideas: [{title, pitch, trends: [number]}]}. Raises UpstreamError; `may_be_billed` says whether a call that
        failed can have cost something.
        """
