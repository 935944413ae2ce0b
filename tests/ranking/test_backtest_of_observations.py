"""`backtest --viral` and `--counts`: one line of score for each line, as they come."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.installation import Installation
from trendspark_cli.base.clock import from_epoch, to_text

AT = 1_700_438_400


def observation(number: int, **changes: Any) -> str:
    """Return a look at a post."""
    fields = {"t": AT + 600 * number, "id": number, "author": "a", "community": "c", "posted_at": AT + 600 * number}
    return json.dumps({**fields, "score": 3 + number % 9, "comments": 1, **changes})


def test_each_look_gets_a_score_and_after_enough_settled_posts_a_forecast(workplace: Installation) -> None:
    observations = [observation(number) for number in range(600)]

    done = workplace.command("backtest", "--viral", stdin="\n".join(observations).encode())

    scores = [json.loads(line)["score"] for line in done.stdout.splitlines()]
    assert (len(scores), scores[0]) == (600, 0.0)
    assert 1.0 < scores[-1] < 3.0


def test_each_count_gets_a_score_and_series_do_not_mix(workplace: Installation) -> None:
    rows = [
        {"series": name, "t": to_text(from_epoch(AT + 300 * number)), "value": 3 + number % 4}
        for number in range(600)
        for name in ("one", "two")
    ]
    rows += [{"series": "two", "t": to_text(from_epoch(AT + 300 * number)), "value": 500} for number in (600, 601)]

    done = workplace.command("backtest", "--counts", stdin="\n".join(map(json.dumps, rows)).encode())

    scored = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(scored) == len(rows)
    told, after = scored[-2:]
    assert told["beyond"] > told["score"] == 0.65 > max(one["score"] for one in scored[:-2])
    assert (told["posts"], after["posts"], after["score"]) == (551, 1047, 0.0)
    assert told["usual_peak"] == pytest.approx(54)


@pytest.mark.parametrize("absurd", [{"score": 9 * 10**15}, {"comments": 10**12}, {"t": 1e300}])
def test_a_look_that_cannot_be_true_scores_nothing(workplace: Installation, absurd: dict[str, Any]) -> None:
    observations = [observation(number) for number in range(600)] + [observation(600, **absurd), observation(601)]

    done = workplace.command("backtest", "--viral", stdin="\n".join(observations).encode())

    *_, wrong, after = [json.loads(line)["score"] for line in done.stdout.splitlines()]
    assert wrong == 0.0
    assert 1.0 < after < 3.0


@pytest.mark.parametrize("flag", ["--viral", "--counts"])
@pytest.mark.parametrize("wrong", [b'{"id": 1}\n', b'{"a": ' * 100_000])
def test_a_line_that_is_neither_ends_it_with_its_number(workplace: Installation, flag: str, wrong: bytes) -> None:
    done = workplace.command("backtest", flag, stdin=wrong)

    assert done.exit_code == 65
    assert done.stderr.startswith("trendspark backtest: line 1 of standard input")


def test_a_score_is_written_before_the_next_look_is_read(workplace: Installation) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "trendspark_cli", "backtest", "--viral"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=workplace.surroundings(),
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(observation(1) + "\n")
        process.stdin.flush()

        answered = process.stdout.readline()

        process.stdin.close()
    assert json.loads(answered) == {"score": 0.0}


@pytest.mark.parametrize(
    "beside", ["--counts", "--json", "--summary", "--archive", "--since=2026-11-01", "--set=threshold=7"]
)
def test_what_looks_have_no_use_for_is_refused_and_not_ignored(workplace: Installation, beside: str) -> None:
    done = workplace.command("backtest", "--viral", beside, stdin=b"")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "expected alone" in done.stderr
