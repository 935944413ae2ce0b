"""A few causes of alerts, acted out, and what Alertmanager sends. `scripts/prove monitoring` has all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from monitoring.rules import RULES

from tests.tools.alert_causes import CAUSES, QUIET
from tests.tools.alert_stack import AlertStack, stack_missing
from tests.tools.alert_trials import AlertTrial, act_out, trials

FASTER = 600
LONGEST_SECONDS = 60
FEW = ("cron stopped", "a .prom file of mode 000", "a message that Telegram refuses", "an archive object deleted")

needs_stack = pytest.mark.skipif(stack_missing() is not None, reason=stack_missing() or "")


@pytest.fixture(scope="module")
def acted() -> Iterator[tuple[list[AlertTrial], AlertStack]]:
    """Installations with a few troubles, two without any, and what watches them, after all troubles are over."""
    causes = [*(cause for cause in CAUSES if cause.words in FEW), *QUIET]
    with (
        tempfile.TemporaryDirectory(prefix="trendspark-alerts-") as folder,  # pytest's own are closed to other users
        trials(causes, Path(folder), faster=FASTER) as (found, stack),
    ):
        act_out(found[: len(FEW)], seconds=LONGEST_SECONDS, beside=found[len(FEW) :])
        yield found, stack


@needs_stack
@pytest.mark.parametrize("words", FEW)
def test_a_trouble_is_told_and_so_is_its_end(acted: tuple[list[AlertTrial], AlertStack], words: str) -> None:
    [trial] = [trial for trial in acted[0] if trial.cause.words == words]

    assert set(trial.fired_after) == set(trial.cause.rules)
    assert set(trial.over_after) == set(trial.cause.rules)


@needs_stack
def test_healthy_and_fresh_installations_are_left_in_peace(acted: tuple[list[AlertTrial], AlertStack]) -> None:
    assert [trial.others for trial in acted[0][len(FEW) :]] == [[], []]


@needs_stack
def test_what_is_critical_also_comes_by_telegram_with_its_runbook(
    acted: tuple[list[AlertTrial], AlertStack],
) -> None:
    rule = RULES["TrendSparkArchiveObjectsMissing"]

    [told] = [text for text in acted[1].telegram.texts if "🔥" in text and "archive objects are missing" in text]

    assert rule.description in told
    assert f"docs/runbooks/{rule.runbook}" in told


@needs_stack
def test_a_heartbeat_says_that_monitoring_works(acted: tuple[list[AlertTrial], AlertStack]) -> None:
    assert acted[1].inbox.last_heartbeat > 0


def test_each_rule_has_a_cause_that_can_be_acted_out() -> None:
    acted_out = [rule for cause in CAUSES for rule in cause.rules]

    assert sorted([*acted_out, "TrendSparkWatchdog"]) == sorted(RULES)
