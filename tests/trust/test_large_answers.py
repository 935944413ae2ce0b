"""The largest answers there are, of each service: read or refused, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.memory import LARGE_ANSWERS, answer_peak
from tests.tools.odd_services import SERVICES

MOST_MIB = 300
WORST = ("objects", "a text below all limits", "lists below all limits", "tags below all limits")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("answer", WORST)
def test_an_answer_takes_bounded_memory(tmp_path: Path, service: str, answer: str) -> None:
    assert answer in LARGE_ANSWERS

    done = answer_peak(tmp_path / "home", service, answer)

    assert (done.mebibytes < MOST_MIB, "Traceback" in done.told) == (True, False), done
