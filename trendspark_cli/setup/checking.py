"""What `config check` would say of settings that are not written yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from trendspark_cli.app.adapters.spending import spending_ceilings
from trendspark_cli.app.adapters.x import X
from trendspark_cli.app.installation import Installation
from trendspark_cli.app.with_store import try_read
from trendspark_cli.base.console import Output
from trendspark_cli.base.folder_markers import foreign_claim
from trendspark_cli.base.models import Profile
from trendspark_cli.base.settings import Settings
from trendspark_cli.screens.config_report import config_findings


def stored_profiles(settings: Settings) -> Sequence[Profile]:
    """Return the profiles of the database, none when there is no database."""
    return try_read(Installation(settings, Output()), lambda store: store.profiles.all()) or ()


def problems_of(settings: Settings) -> list[str]:
    """Return what `config check` refuses, one sentence each."""
    ceilings = spending_ceilings(settings)[X.name]
    found: list[str] = config_findings(settings, ceilings, stored_profiles(settings))["problems"]
    return found


def metrics_objection(settings: Settings) -> str | None:
    """Return what folder is expected for metrics, when this one is another's or cannot be written."""
    folder = settings.textfile_dir
    there = _nearest(folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return f"a folder that this user may write to, and {str(there)!r} is none"
    if claim := foreign_claim(folder, settings.trendspark_home):
        return f"a folder of this installation alone: {claim}"
    return None


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))
