"""What `health` says of each part in words."""

from __future__ import annotations

import re

from trendspark_cli.base.console import short_time, size_text
from trendspark_cli.screens.health_report import State

TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def word_of(state: State) -> str:
    """Return what a person reads first: what is not configured is off, and neither well nor ill."""
    if not state["ok"]:
        return "FAILS"
    return "off" if state.get("configured") is False else "ok"


def facts_of(state: State) -> str:
    """Return what else there is to say in one line; times and lateness of each job are for --json and `jobs list`."""
    parts = []
    ordered = sorted(state.items(), key=lambda fact: fact[0] != "configured")
    for name, value in ordered:
        if name in ("last_success", "lateness_seconds") or value == []:
            continue
        if isinstance(value, dict):
            parts += [f"{key} {item}" for key, item in value.items()]
        elif name != "ok":
            parts.append(_fact(name.replace("_", " "), value))
    return ", ".join(parts)


def _fact(name: str, value: object) -> str:
    """Return one fact in words: sizes and times as people read them, nothing as no or none."""
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if name == "bytes":
        return size_text(int(str(value)))
    if value == 0:
        return f"no {name.removesuffix(' open')} open" if name.endswith(" open") else f"none {name}"
    text = str(value)
    return f"{name} {short_time(text) if TIME.fullmatch(text) else text}"
