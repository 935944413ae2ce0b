"""What would be written, shown before it is: the env file, the database, the crontab."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from trendspark_cli.app.installation import Installation
from trendspark_cli.base.console import Output
from trendspark_cli.base.env_files import MOST_BYTES, home_folder
from trendspark_cli.base.errors import ConfigError, os_words
from trendspark_cli.base.settings import load_settings, specs
from trendspark_cli.base.trusted_files import UntrustedFileError, opened_from_trusted_folder, read_all
from trendspark_cli.crontabs.installed import home_of, owner_of
from trendspark_cli.crontabs.installing import installed_text
from trendspark_cli.crontabs.printing import crontab_text, merged
from trendspark_cli.setup.draft import Draft
from trendspark_cli.setup.env_text import changed, line_of, values_in


class EnvChange(NamedTuple):
    """An env file before and after; `before` is None when there is none."""

    path: Path
    before: bytes | None
    after: bytes
    told: tuple[str, ...]  # the lines that are new, secrets masked

    @property
    def is_none(self) -> bool:
        """Tell whether the file says already what it shall say."""
        return not self.told


class CrontabChange(NamedTuple):
    """A user's crontab before and after; `block` is what is ours in it."""

    uid: int
    before: str
    after: str
    block: str


def place_of(environment: Mapping[str, str], named: Path | None) -> Path:
    """Return the env file to write: the one that is named, else the usual one.

    Raises ConfigError when there is no usual one, or another one would be read before it: what stands in a folder may
    be somebody else's work, so no secret is written beside it unless a person names it.
    """
    if named:
        return Path(os.path.realpath(named))
    used = load_settings(environment).env_file
    home = home_folder(environment)
    folder = environment.get("XDG_CONFIG_HOME") or (home and f"{home}/.config")
    if not folder:
        raise ConfigError("this user has no home folder for an env file", hint="name one with --env-file")
    usual = Path(os.path.realpath(Path(folder, "trendspark", ".env")))
    if used is not None and Path(os.path.realpath(used)) != usual:
        told = f"env file {str(used.absolute())!r} of this folder is read before {str(usual)!r}"
        raise ConfigError(told, hint="name the one you mean with --env-file, or start elsewhere")
    return usual


def read_before(path: Path) -> bytes | None:
    """Return what an env file holds, None when there is none. Raises ConfigError when it would not be believed."""
    try:
        with opened_from_trusted_folder(path) as descriptor:
            content = read_all(str(path), descriptor, MOST_BYTES)
        content.decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except UntrustedFileError as error:
        raise ConfigError(f"env file {str(path)!r}: {error}", hint="see docs/explanation/trust.md") from error
    except UnicodeDecodeError:
        raise ConfigError(f"env file {str(path)!r} is no text in UTF-8", hint="mend it, or name another") from None
    except OSError as error:
        raise ConfigError(f"env file {str(path)!r} cannot be read: {os_words(error)}") from error
    return content


def env_change(draft: Draft, before: bytes | None) -> EnvChange:
    """Return what the answers make of an env file: what they say already, and defaults, change nothing."""
    text = (before or b"").decode("utf-8-sig")
    there, table = values_in(text), specs(draft.answers)
    values, gone = {}, set()
    for name, value in draft.answers.items():
        spec = table.get(name)
        of_file = f"{name}_FILE" if spec is not None else name.removesuffix("_FILE")
        if of_file in there:
            gone.add(of_file)
        default = spec.default if spec is not None else ""
        if there.get(name) != value and (name in there or value != default):
            values[name] = value
    after = changed(text, values, frozenset(gone))
    told = [f"{name} (no more)" for name in sorted(gone)]
    for name, value in values.items():
        told.append(line_of(name, table[name].told(value) if name in table and value else value))
    mark = b"\xef\xbb\xbf" if (before or b"").startswith(b"\xef\xbb\xbf") else b""
    return EnvChange(draft.target, before, mark + after.encode(), tuple(told))


def crontab_change(draft: Draft) -> CrontabChange:
    """Return what the crontab would become.

    Raises ConfigError when it cannot be read, or starts us outside our block.
    """
    uid = owner_of(Installation(draft.settings, Output()).database.owned)
    block = crontab_text(draft.settings, home_of(uid))
    before = installed_text(uid)
    return CrontabChange(uid, before, merged(before, block), block)
