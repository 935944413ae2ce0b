"""Settings whose last part an operator chooses: `ALERT_URL_DESK` gives the channel `desk` its address."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from trendspark_cli.kinds.channel_addresses import NAME, PARTS_OF_HEALTH, SECRET, URL, address_kind, expected_addresses
from trendspark_cli.kinds.installed import SETTINGS as PLUGIN
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.kinds.services import SERVICES


class Family(NamedTuple):
    """Settings that begin alike. All of them are secret."""

    prefix: str
    parse: Callable[[str], str]
    expected: str
    help: str
    example: str = ""


class Channels(NamedTuple):
    """Addresses and secrets by the name of the channel, and a sentence for each that cannot be used."""

    urls: Mapping[str, str]
    secrets: Mapping[str, str]
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
    """Return the settings of families among *names*; one that names a file of its value counts as well."""
    found = {}
    for name in sorted({name.removesuffix("_FILE") for name in names}):
        family = family_of(name)
        if family is not None:
            found[name] = family
    return found


def channels_in(raw: Mapping[str, tuple[str, str]], place_of: Callable[[str], str]) -> Channels:
    """Return the channels of these values; *place_of* says where a setting stands, for people."""
    values: dict[str, dict[str, str]] = {URL: {}, SECRET: {}}
    problems = []
    for name, family in named_in(raw).items():
        if family.prefix not in values:
            continue
        text, channel = raw[name][0], name.removeprefix(family.prefix).lower()
        place = f"{name}={_shown(text) if family.prefix == URL else '(secret)'} ({place_of(name)})"
        if channel in (*SERVICES, *JOBS, *PARTS_OF_HEALTH):
            problems.append(f"{place}: expected a name for the channel that nothing else has, and {channel!r} is taken")
            continue
        try:
            values[family.prefix][channel] = family.parse(text)
        except ValueError:
            problems.append(f"{place}: expected {family.expected}")
    told = {name.removeprefix(URL).lower() for name in named_in(raw) if name.startswith(URL)}
    for channel in values[SECRET]:
        if channel not in told:
            name = SECRET + channel.upper()
            problems.append(f"{name}=(secret) ({place_of(name)}): expected {URL}{channel.upper()} beside it")
    return Channels(values[URL], values[SECRET], tuple(problems))


def _shown(text: str) -> str:
    """Return what may be told of an address: its scheme."""
    scheme = re.match(r"[a-z][a-z0-9+.-]{0,19}://", text.strip())
    return f"{scheme[0]}***" if scheme else "(secret)"


def secret_parts(url: str) -> list[str]:
    """Return what of an address may be told apart from it: its path, each part of that, its password."""
    parts = urlsplit(url)
    return [parts.path, *parts.path.split("/"), parts.password or "", unquote(parts.password or "")]


def plugin_settings_in(raw: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the settings of other installed packages, by their names in lower case."""
    return {name.lower(): raw[name][0].strip() for name in named_in(raw) if name.startswith(PLUGIN)}
