"""What is asked of a person who begins: derived from the tables, so that an entry there is a question here."""

from __future__ import annotations

from collections.abc import Iterable

from trendspark_cli.base.setting_specs import SettingSpec
from trendspark_cli.base.setting_values import BOOL
from trendspark_cli.base.settings import specs
from trendspark_cli.kinds.channel_addresses import address_titles
from trendspark_cli.kinds.channels import CHANNELS, ChannelKind
from trendspark_cli.kinds.sources import SOURCES, SourceKind

TOPICS, METRICS_FOLDER = "KEYWORDS", "TEXTFILE_DIR"


def ordered_sources() -> tuple[SourceKind, ...]:
    """Return the sources in the order in which they are asked about: those without keys first."""
    return tuple(sorted(SOURCES.values(), key=lambda kind: kind.needs_key))


def switches(kind: SourceKind) -> tuple[str, ...]:
    """Return the settings that say yes to a source."""
    named = (*kind.needs, *([kind.switch] if kind.switch else ()))
    return tuple(name.upper() for name in named if _is_switch(name))


def needed(kind: SourceKind) -> tuple[SettingSpec, ...]:
    """Return the settings without which a source is not read, but for its switches."""
    return _asked((*kind.needs, *kind.reads))


def optional(kind: SourceKind) -> tuple[SettingSpec, ...]:
    """Return further settings worth a question: the most it may use, and which posts are kept."""
    modes = (kind.keyword_mode,) if kind.keyword_mode else ()
    return _asked((*(ceiling.setting for ceiling in kind.costs.ceilings), *modes))


def needed_by_channel(kind: ChannelKind) -> tuple[SettingSpec, ...]:
    """Return the settings without which a channel of the table cannot be used."""
    return _asked(kind.needs)


def flagged_settings() -> tuple[SettingSpec, ...]:
    """Return the settings that have a flag, in the order in which they are asked: all but the secret ones."""
    table = specs()
    asked = [spec for kind in ordered_sources() for spec in (*needed(kind), *optional(kind))]
    asked += [table[TOPICS], *(spec for kind in CHANNELS.values() for spec in needed_by_channel(kind))]
    asked.append(table[METRICS_FOLDER])
    return tuple({spec.name: spec for spec in asked if not spec.secret}.values())


def flag_of(spec: SettingSpec) -> str:
    """Return the flag of a setting: `--keywords`."""
    return "--" + spec.name.lower().replace("_", "-")


def how_to_give(spec: SettingSpec) -> str:
    """Return how a setting is given where nobody is asked; secrets never stand on a command line."""
    return f"set {spec.name} or {spec.name}_FILE in the environment" if spec.secret else f"give {flag_of(spec)}"


def address_words() -> str:
    """Return what serves an address, for people: `mail, Slack, Discord, ntfy, webhook`."""
    return ", ".join(address_titles())


def _asked(names: Iterable[str]) -> tuple[SettingSpec, ...]:
    table = specs()
    return tuple(table[name.upper()] for name in names if not _is_switch(name))


def _is_switch(name: str) -> bool:
    return specs()[name.upper()].parse is BOOL.read
