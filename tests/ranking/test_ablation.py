"""What `scripts/eval` switches off is there to be switched off."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def test_each_part_of_the_ranking_that_is_switched_off_has_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    ablation = importlib.import_module("ablation")
    sys.modules.pop("ablation")
    gone = [
        (part, name)
        for part, switches in ablation.PARTS.items()
        for module, name, _ in switches
        if not hasattr(module, name)
    ]
    assert len(ablation.PARTS) > 15
    assert gone == []
