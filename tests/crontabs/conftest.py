"""A place to check crontabs at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crontabs.desk import Desk
from tests.installation import Installation


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Settings that are all defaults, and a program that is there."""
    return Desk(tmp_path)


@pytest.fixture
def with_crontab(workplace: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation whose user's crontab is a file: nobody's real one is touched."""
    folder = workplace.home.parent / "bin"
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(f'#!/bin/sh\n[ "$1" = -l ] && exec cat {folder}/installed\ncat > {folder}/installed\n')
    program.chmod(0o755)
    workplace.environment |= {"PATH": f"{folder}:/usr/bin:/bin"}
    monkeypatch.setenv("PATH", workplace.environment["PATH"])
    return workplace
