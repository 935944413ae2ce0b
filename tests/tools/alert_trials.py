"""Act out causes of alerts side by side, note when each alert and its end was received, and print it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.tools.alert_causes import FIRST, QUIET, Cause
from tests.tools.alert_places import Place, place
from tests.tools.alert_stack import AlertStack, alert_stack
from tests.tools.processes import wait_for

PAUSE_SECONDS = 0.05
WATCHDOG_SECONDS = 60.0
SILENCE_SECONDS = 10.0  # heartbeats come every two or three


@dataclass
class AlertTrial:
    """A cause on its installation. Times are seconds, from the break and from the repair, to what was received."""

    cause: Cause
    place: Place
    fired_after: dict[str, float] = field(default_factory=dict)
    over_after: dict[str, float] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    _began: float = 0.0
    _mended: float = 0.0
    _next: float = 0.0
    _story: Iterator[float] | None = None

    def go_on(self) -> None:
        """Take the next step of the story when it is time, and look into the inbox."""
        now = time.monotonic()
        self._look(now)
        if now < self._next:
            return
        if self._story is None:
            self._story, self._began = self.cause.story(self.place), now
        if self.place.has_fired and not self._mended:
            self._mended = now
        self._next = time.monotonic() + next(self._story, 0.0)

    def go_on_until_fired(self, *, seconds: float) -> None:
        """Go on with this story alone."""

        def has_fired() -> bool:
            self.go_on()
            return self.place.has_fired

        wait_for(f"{self.cause.words}: alerts", has_fired, seconds=seconds)

    def finish(self) -> None:
        """Read the story to its end."""
        for _ in self._story or ():
            pass

    def _look(self, now: float) -> None:
        heard = self.place.stack.inbox.heard
        instance = "" if self.cause.is_nobodys else self.place.address
        for rule in self.cause.rules:
            if moment := heard.get((rule, instance, "firing")):
                self.fired_after.setdefault(rule, moment - self._began)
            if (moment := heard.get((rule, instance, "over"))) and self._began:
                self.over_after[rule] = max(0.0, moment - (self._mended or now))
        self.others = sorted({name for name, at, _ in heard if at == self.place.address} - set(self.cause.rules))
        self.place.has_fired = set(self.fired_after) == set(self.cause.rules)
        self.place.is_over = self.place.has_fired and set(self.over_after) == set(self.cause.rules)


@contextmanager
def trials(causes: Sequence[Cause], folder: Path, *, faster: float) -> Iterator[tuple[list[AlertTrial], AlertStack]]:
    """Set up an installation for each cause, and the stack that watches them all."""
    folder.chmod(0o755)
    with ExitStack() as places:
        found = [
            AlertTrial(cause, places.enter_context(place(folder / str(n), has_small_disk=cause.has_small_disk)))
            for n, cause in enumerate(causes)
        ]
        with alert_stack([trial.place.address for trial in found], folder, faster=faster) as stack:
            for trial in found:
                trial.place.stack = stack
            yield found, stack


def act_out(
    found: Sequence[AlertTrial],
    *,
    seconds: float,
    beside: Sequence[AlertTrial] = (),
    tell: Callable[[AlertTrial], object] = lambda trial: None,
) -> None:
    """Go on with all stories until each alert was received and is over, or time is up; others live on beside them."""
    end = time.monotonic() + seconds
    left = list(found)
    while left and time.monotonic() < end:
        for trial in (*left, *beside):
            trial.go_on()
        for trial in [trial for trial in left if trial.place.is_over]:
            trial.finish()
            tell(trial)
            left.remove(trial)
        time.sleep(PAUSE_SECONDS)


def prove_rules(causes: Sequence[Cause], folder: Path, *, faster: float, seconds: float) -> bool:
    """Act causes out, print what came of them, and tell whether all was as it should be."""
    print(f"{'rule':32} {'cause':36} {'fired after':>11} {'over after':>11}   also")
    with trials((*causes, *QUIET), folder, faster=faster) as (found, stack):
        loud, quiet = found[: len(causes)], found[len(causes) :]
        for first in (trial for trial in loud if trial.cause is FIRST):
            first.go_on_until_fired(seconds=60)
        act_out(loud, seconds=seconds, beside=quiet, tell=_tell)
        for trial in (*(trial for trial in loud if not trial.place.is_over), *quiet):
            _tell(trial)
        is_kept = all(trial.place.is_over for trial in loud) and not any(trial.others for trial in quiet)
        told = len(stack.telegram.messages)
        print(f"{told} messages in the Telegram chat for what is critical")
        return _watchdog_stops(stack) and is_kept and told > 0


def _tell(trial: AlertTrial) -> None:
    """Print a line for each rule of a cause."""
    also = " ".join(name.removeprefix("TrendSpark") for name in trial.others)
    for rule in trial.cause.rules or ("none",):
        moments = (trial.fired_after.get(rule), trial.over_after.get(rule))
        fired, over = ("" if moment is None else f"{moment:.0f} s" for moment in moments)
        print(f"{rule:32} {trial.cause.words:36} {fired:>11} {over:>11}   {also}", flush=True)


def _watchdog_stops(stack: AlertStack) -> bool:
    """Stop Prometheus; tell whether heartbeats came before, and stopped."""
    had, began = stack.inbox.last_heartbeat, time.monotonic()
    stack.stop_prometheus()
    wait_for(
        "silence",
        lambda: time.monotonic() - stack.inbox.last_heartbeat > SILENCE_SECONDS,
        seconds=WATCHDOG_SECONDS,
    )
    late = max(0.0, stack.inbox.last_heartbeat - began)
    print(f"TrendSparkWatchdog: the last heartbeat came {late:.0f} s after Prometheus was stopped")
    return began - had < SILENCE_SECONDS
