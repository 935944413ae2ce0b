"""How a setting is declared: its name, how it is read, what it is for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from trendspark_cli.base import setting_values as read
from trendspark_cli.base.redaction import MASK

T = TypeVar("T")

WITH_FOLDERS = ("place", "report")  # groups whose values may name $TRENDSPARK_HOME
WITH_ADDRESSES = ("report",)  # those in which it is a part of an address


@dataclass(frozen=True)
class SettingSpec:
    """How one setting is written by operators and read by us."""

    name: str
    parse: Callable[[str], Any]
    expected: str  # what a good value looks like, for error messages and docs
    default: str
    group: str
    help: str
    secret: bool = False
    without_secrets: Callable[[str], str] | None = None  # how a value is told that is secret in part
    example: str = ""  # shown as a comment in .env.example when there is no default

    @property
    def may_be_in_file(self) -> bool:
        """Whether NAME_FILE may name a file with its value."""
        return self.secret or self.without_secrets is not None

    def told(self, value: str) -> str:
        """Return a value as it may be told."""
        if self.secret:
            return MASK
        return self.without_secrets(value) if self.without_secrets else value


def folders_for(spec: SettingSpec, folders: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the names of folders stand for in a setting: in an address, odd signs are written as it has them."""
    return {name: quote(path) for name, path in folders.items()} if spec.group in WITH_ADDRESSES else folders


def setting(
    name: str,
    parse: read.ValueReader[T],
    group: str,
    help: str,
    *,
    default: str = "",
    secret: bool = False,
    without_secrets: Callable[[str], str] | None = None,
    example: str = "",
) -> T:
    """Declare one setting: its field below is typed by what its reader returns."""
    spec = SettingSpec(name, parse.read, parse.expected, default, group, help, secret, without_secrets, example)
    result: T = field(metadata={"spec": spec})
    return result


def variable_of(prefix: str, name: str) -> str:
    """Return the setting of one job or source: `JOB_TIMEOUT_INGEST`, `RETENTION_DAYS_POSTS_X`."""
    return prefix + name.upper().replace("-", "_")
