"""Settings whose last part an operator chooses: `ALERT_URL_DESK` gives the channel `desk` its address."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import NamedTuple, cast
from urllib.parse import unquote, urlsplit

from trendspark_cli.base.setting_values import AMOUNT, BOOL
from trendspark_cli.kinds.channel_addresses import (
    MIN_SCORE,
    NAME,
    ONLY_WATCHLIST,
    PARTS_OF_HEALTH,
    SECRET,
    URL,
    address_kind,
    expected_addresses,
)
from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.kinds.installed import SETTINGS as PLUGIN
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.kinds.services import SERVICES


class Family(NamedTuple):
    """Settings that begin alike."""

    prefix: str
    parse: Callable[[str], object]
    expected: str
    help: str
    example: str = ""
    is_secret: bool = True


class Channels(NamedTuple):
    """What is set of each channel, by its name, and a sentence for each value that cannot be used."""

    urls: Mapping[str, str]
    secrets: Mapping[str, str]
    min_scores: Mapping[str, float]
    only_watchlist: frozenset[str]
    problems: tuple[str, ...]


def _address(text: str) -> str:
    """Read the address of a channel."""
    text = text.strip()
    if address_kind(text) is None:
        raise ValueError(text)
    return text


def _signing_secret(text: str) -> str:
    """Read what messages are signed with."""
    text = text.strip()
    if len(text) < SHORTEST_SIGNING_SECRET:
        raise ValueError(text)
    return text


SHORTEST_SIGNING_SECRET = 8  # characters; shorter ones could be guessed from one message
FAMILIES = (
    Family(
        URL,
        _address,
        expected_addresses(),
        "Address of a channel of alerts, which is called as the name ends, in lower case.",
        "https://HOST/PATH",
    ),
    Family(
        SECRET,
        _signing_secret,
        f"a text of at least {SHORTEST_SIGNING_SECRET} characters",
        "What the messages of that channel are signed with, when it is a webhook.",
    ),
    Family(PLUGIN, str.strip, "text", "A setting of another installed package, which reads it itself."),
    Family(
        MIN_SCORE,
        AMOUNT.read,
        AMOUNT.expected,
        "Least score of a trend that this channel is told of, as `trends list` shows it; `telegram` has one too.",
        "9",
        is_secret=False,
    ),
    Family(
        ONLY_WATCHLIST,
        BOOL.read,
        BOOL.expected,
        "true tells this channel only of trends about a term of a watchlist; `telegram` has one too.",
        "true",
        is_secret=False,
    ),
)


class Known(Container[str]):
    """The names of settings: those of a table, and all that a family may have."""

    def __init__(self, table: Container[str]) -> None:
        self._table = table

    def __contains__(self, name: object) -> bool:
        return name in self._table or (isinstance(name, str) and family_of(name) is not None)


def family_of(name: str) -> Family | None:
    """Return the family that a setting belongs to, or None."""
    found = next((family for family in FAMILIES if name.startswith(family.prefix)), None)
    return found if found is not None and NAME.fullmatch(name.removeprefix(found.prefix)) else None


def named_in(names: Iterable[str]) -> dict[str, Family]:
    """Return the settings of families among *names*; a secret one that names a file of its value counts as well."""
    found = {}
    for given in sorted(set(names)):
        family = family_of(given)
        if family is not None:
            found[given.removesuffix("_FILE") if family.is_secret else given] = family
    return found


def channels_in(raw: Mapping[str, tuple[str, str]], place_of: Callable[[str], str]) -> Channels:
    """Return the channels of these values; *place_of* says where a setting stands, for people."""
    values: dict[str, dict[str, object]] = {family.prefix: {} for family in FAMILIES}
    problems = []
    named = named_in(raw)
    told = {name.removeprefix(URL).lower() for name in named if name.startswith(URL)}
    for name, family in named.items():
        if family.prefix == PLUGIN:
            continue
        text, channel = raw[name][0], name.removeprefix(family.prefix).lower()
        place = f"{name}={_told(text, family)} ({place_of(name)})"
        if channel in CHANNELS and not family.is_secret:
            pass  # it has settings of its own for the rest
        elif channel in (*SERVICES, *JOBS, *PARTS_OF_HEALTH):
            problems.append(f"{place}: expected a name for the channel that nothing else has, and {channel!r} is taken")
            continue
        elif channel not in told:
            problems.append(f"{place}: expected {URL}{channel.upper()} beside it")
            continue
        try:
            values[family.prefix][channel] = family.parse(text)
        except ValueError:
            problems.append(f"{place}: expected {family.expected}")
    only_watchlist = frozenset(channel for channel, is_set in values[ONLY_WATCHLIST].items() if is_set)
    return Channels(
        urls=cast(dict[str, str], values[URL]),
        secrets=cast(dict[str, str], values[SECRET]),
        min_scores=cast(dict[str, float], values[MIN_SCORE]),
        only_watchlist=only_watchlist,
        problems=tuple(problems),
    )


def unknown_channel(values: Mapping[str, object], urls: Iterable[str]) -> str | None:
    """Return the first of OPS_CHANNELS that is not set up, or None; *values* are fields of the settings."""
    known = {**cast(dict[str, object], values["plugin_settings"]), **values}
    own = [name for name, kind in CHANNELS.items() if all(known.get(needed) for needed in kind.needs)]
    wanted = cast(tuple[str, ...], values["ops_channels"] or ())
    return next((name for name in wanted if name not in (*own, *urls)), None)


def lonely_addresses(values: Mapping[str, object], urls: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the channels that need a setting which is not set, with that; *values* are fields of the settings."""
    for channel, url in urls.items():
        kind = address_kind(url)
        if kind is not None and kind.needs and not values[kind.needs]:
            yield channel, kind.needs.upper()


def _told(text: str, family: Family) -> str:
    if not family.is_secret:
        return repr(text)
    return _shown(text) if family.prefix == URL else "(secret)"


def _shown(text: str) -> str:
    """Return what may be told of an address: its scheme."""
    scheme = re.match(r"[a-z][a-z0-9+.-]{0,19}://", text.strip())
    return f"{scheme[0]}***" if scheme else "(secret)"


def secret_parts(url: str) -> list[str]:
    """Return what of an address may be told apart from it: its path, each part of that, its password."""
    parts = urlsplit(url)
    found = [parts.path, *parts.path.split("/"), parts.password or "", unquote(parts.password or "")]
    kind = address_kind(url)
    if kind is not None and not kind.names_a_host:  # tokens stand anywhere in it
        found += [form for part in re.split(r"[/?&=@:#,]", url) for form in (part, unquote(part))]
    return found


def plugin_settings_in(raw: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the settings of other installed packages, by their names in lower case."""
    return {name.lower(): raw[name][0].strip() for name in named_in(raw) if name.startswith(PLUGIN)}
