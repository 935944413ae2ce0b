"""The env file: which one is read, and how much of it is believed.

One that a person named is read. One that was found by its place must be ours alone, in a folder that is ours alone,
and hold a name of ours. Whoever chooses the address of a service chooses who gets its secret, so an env file that may
be somebody else's work (`./.env`, or a named one that others may write) says the address of a service only together
with its secret.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from trendspark_cli.base.errors import ConfigError, os_words
from trendspark_cli.base.trusted_files import (
    UntrustedFileError,
    opened,
    opened_from_trusted_folder,
    other_writers,
    read_all,
)

MOST_BYTES = 1 << 20
# The secrets that are sent to each address, none for a service that takes no key. An address that is a secret itself
# brings its own.
SECRETS_SENT: Mapping[str, tuple[str, ...]] = {
    "X_API_BASE_URL": ("X_BEARER_TOKEN",),
    "REDDIT_BASE_URL": ("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET"),
    "REDDIT_OAUTH_URL": ("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET"),
    "TELEGRAM_API_BASE_URL": ("TELEGRAM_BOT_TOKEN",),
    "OPENAI_BASE_URL": ("OPENAI_API_KEY",),
    "AWS_ENDPOINT_URL": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "AWS_ENDPOINT_URL_S3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
}
# Names of ours that env files of other programs hold as well: they alone do not make a file ours.
_COMMON = r"AWS_\w+|OPENAI_(API_KEY|BASE_URL|MODEL)|DATABASE_URL|LOG_(FILE|FORMAT)|LANGUAGES|TIMEZONE|HTTP_TIMEOUT"


@dataclass(frozen=True)
class EnvFile:
    """What was read, and what was not believed: `passed_over` has a line for each file left aside."""

    path: Path | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()  # lines that are no NAME=value
    doubts: tuple[str, ...] = ()  # names that stand in it twice
    lines: Mapping[str, int] = field(default_factory=dict)  # of names
    passed_over: tuple[str, ...] = ()
    is_believed: bool = True  # in what it says of addresses
    doubt: str = ""  # why a file that was named may not name further files


def home_folder(environment: Mapping[str, str]) -> str | None:
    """Return the home folder of this user, None when nobody knows it: a uid without an account, HOME unset."""
    home = environment.get("HOME") or os.path.expanduser("~")
    return None if home.startswith("~") else home


def user_cache(environment: Mapping[str, str]) -> Path | None:
    """Return this user's folder for what may be lost; None where no home is named, or the named one is missing."""
    home = environment.get("HOME", "")
    place = environment.get("XDG_CACHE_HOME") or f"{home}/.cache"
    return Path(place, "trendspark") if home.startswith("/") and place.startswith("/") and os.path.isdir(home) else None


def find_env_file(environment: Mapping[str, str], flag: Path | None, known: Container[str]) -> EnvFile:
    """Return the env file of this process: the named one, else the first of those places that holds one of ours.

    Raises ConfigError when one was named that does not exist.
    """
    named = flag or environment.get("TRENDSPARK_ENV_FILE")
    if named:
        return _read_named(Path(os.path.expanduser(named)), known)
    passed_over: list[str] = []
    here = Path(".env")
    config_home = environment.get("XDG_CONFIG_HOME")
    home = home_folder(environment)
    candidates = [here]
    if config_home or home:
        candidates.append(Path(config_home or f"{home}/.config", "trendspark", ".env"))
    for path in candidates:
        try:
            with opened_from_trusted_folder(path) as descriptor:
                found = _parse(path, read_all(str(path), descriptor, MOST_BYTES), known)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue  # a virtual environment may be called so
        except UntrustedFileError as error:
            passed_over.append(f"env file {str(path.absolute())!r} is passed over: {error}")
        except UnicodeDecodeError:
            passed_over.append(f"env file {str(path.absolute())!r} is passed over: it is no text in UTF-8")
        except OSError as error:
            if _is_meant_for_us(path):
                return EnvFile(path, {}, (f"{path} cannot be read: {os_words(error)}",), passed_over=tuple(passed_over))
            passed_over.append(f"env file {str(path.absolute())!r} is passed over: {error.strerror}")
        else:
            if path is not here or is_ours(found.values, known):
                return replace(found, passed_over=tuple(passed_over), is_believed=path is not here)
            told = "it holds no name of ours; name it with --env-file if it is meant"
            passed_over.append(f"env file {str(path.absolute())!r} is passed over: {told}")
    return EnvFile(passed_over=tuple(passed_over))


def is_ours(values: Mapping[str, str], known: Container[str]) -> bool:
    """Tell whether an env file is meant for us: a name in it that no other program uses is ours."""
    names = [name for name in values if not re.fullmatch(_COMMON, name)]
    return any(name.startswith("TRENDSPARK_") or name in known or name.removesuffix("_FILE") in known for name in names)


def _read_named(path: Path, known: Container[str]) -> EnvFile:
    """Read what a person named; a pipe is as good as a file. One that others may have written is half believed."""
    if _is_missing(path):
        raise ConfigError(
            f"env file {str(path)!r} does not exist",
            hint="give an existing file to --env-file or TRENDSPARK_ENV_FILE",
        )
    try:
        with opened(path) as descriptor:
            doubt = other_writers(str(path), descriptor)
            found = _parse(path, read_all(str(path), descriptor, MOST_BYTES), known)
    except (OSError, UnicodeDecodeError) as error:
        return EnvFile(path, {}, (f"{path} cannot be read: {os_words(error)}",))
    return replace(found, is_believed=not doubt, doubt=doubt)


def _is_missing(path: Path) -> bool:
    try:
        return not path.exists() or path.is_dir()
    except PermissionError:  # the folder another user was in before `sudo -u`, for example: reading it says so
        return False


def _is_meant_for_us(path: Path) -> bool:
    """Tell whether a file that cannot be opened is root's or this user's own, so that somebody must mend it."""
    try:
        return path.stat().st_uid in (0, os.geteuid())
    except OSError:
        return False


def _parse(path: Path, content: bytes, known: Container[str]) -> EnvFile:
    """Return the values of an env file, and a sentence for each of its lines that is no NAME=value or says one again.

    A bare word is a value that lost its name, unless it is a *known* name: then it is unset.
    """
    from dotenv.parser import parse_stream

    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems, doubts = [], []
    for binding in parse_stream(io.StringIO(content.decode("utf-8-sig"), newline=None)):
        written = binding.original.string
        line = binding.original.line + written[: len(written) - len(written.lstrip())].count("\n")
        is_name = binding.key is None or re.fullmatch(r"[A-Za-z_]\w*", binding.key) is not None
        if (
            binding.error
            or not is_name
            or (binding.value is None and binding.key is not None and binding.key not in known)
        ):
            # The text may be half a secret, so only the place is told.
            quotes = [quote for quote in "\"'" if written.count(quote) % 2]
            expected = "a quote without its pair" if quotes else "expected NAME=value"
            problems.append(f"{path} line {line}: {expected}")
        elif binding.key is not None:
            if binding.key in values:
                first = lines[binding.key]
                doubts.append(f"{path} line {line}: {binding.key} stands in line {first} too; the last one counts")
            values[binding.key] = binding.value or ""
            lines[binding.key] = line
    return EnvFile(path, values, tuple(problems), tuple(doubts), lines)
