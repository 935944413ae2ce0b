"""Readers for setting values: text in, typed value out, ValueError when it does not fit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar

from trendspark_cli.base.clock import parse_duration

T = TypeVar("T")

# Names that start like ours, in an environment that is not ours alone.
_OUR_PREFIXES = (
    "TRENDSPARK_",
    "X_",
    "REDDIT_",
    "TELEGRAM_",
    "RETENTION_DAYS_",
    "JOB_TIMEOUT_",
    "HEARTBEAT_URL_",
    "ALERT_",
    "OPENAI_M",
    "ARCHIVE_",
    "API_ERROR_",
    "TEXTFILE_",
)
# Names of other programs that an env file of ours may rightly hold.
_FOREIGN = re.compile(
    r"AWS_\w+|PRAWCORE_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|"
    r"NO_COLOR|TZ|PATH|HOME|LANG|LC_\w+|MAILTO|SHELL|XDG_\w+|TRENDSPARK_ENV_FILE|OPENAI_(ORG|PROJECT)_ID",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ValueReader(Generic[T]):
    """How to read one kind of value, and how to say what was expected."""

    read: Callable[[str], T]
    expected: str


def _bool(text: str) -> bool:
    answers = {"true": True, "1": True, "yes": True, "on": True}
    answers |= {"false": False, "0": False, "no": False, "off": False}
    try:
        return answers[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None


def _list(text: str) -> tuple[str, ...]:
    """Read `a, b c, "d, e"` or a JSON list of strings; order kept, repeats and blanks dropped."""
    text = text.strip()
    if text.startswith("["):
        items = json.loads(text)
        if not all(isinstance(item, str) for item in items):
            raise ValueError(text)
    else:
        items = [quoted if quoted else plain for quoted, plain in re.findall(r'\s*"([^"]*)"\s*(?:,|$)|([^,]+)', text)]
    return tuple(dict.fromkeys(item.strip() for item in items if item.strip()))


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or number < 0:
        raise ValueError(text)
    return number


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text.strip()):
        raise ValueError(text)
    return int(text)


def _http_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", text):
        raise ValueError(text)
    return text.rstrip("/")


def _database_url(text: str) -> str:
    if not re.fullmatch(r"sqlite:///.+|postgres(ql)?://.+", text):
        raise ValueError(text)
    return text


def _archive_url(text: str) -> str:
    """Read a bucket or an absolute folder; a path alone is a folder."""
    text = text.strip().rstrip("/")
    if text.startswith("/"):
        text = f"file://{text}"
    if not re.fullmatch(r"s3://[a-zA-Z0-9][\w.-]+(/[^\s?#]+)*|file:///[^?#]+", text):
        raise ValueError(text)
    return text


def _days(text: str) -> timedelta:
    """Read days: a bare number counts days here, as the names of these settings say."""
    return parse_duration(text + "d" if re.fullmatch(r"[0-9.]+", text.strip()) else text)


def choice(*allowed: str) -> ValueReader[str]:
    """Return a reader for one of a few words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return ValueReader(read, " or ".join(allowed))


def positive(unit: str) -> ValueReader[int]:
    """Return a reader for a whole number of at least 1."""

    def read(text: str) -> int:
        if _count(text) < 1:
            raise ValueError(text)
        return int(text)

    return ValueReader(read, f"a whole number of {unit}, at least 1")


def duration(maximum: str) -> ValueReader[timedelta]:
    """Return a reader for a duration of at most *maximum*."""

    def read(text: str) -> timedelta:
        value = parse_duration(text)
        if not timedelta(0) < value <= parse_duration(maximum):
            raise ValueError(text)
        return value

    return ValueReader(read, f"a duration such as 90s, 15m, 6h or 2d, at most {maximum}")


TEXT = ValueReader(str.strip, "text")
BOOL = ValueReader(_bool, "true or false")
LIST = ValueReader(_list, "words separated by commas, or a JSON list of strings")
COUNT = ValueReader(_count, "a whole number, 0 or more")
AMOUNT = ValueReader(_number, "a number, 0 or more")
DURATION = ValueReader(parse_duration, "a duration such as 90s, 15m or 6h")
DAYS = ValueReader(_days, "a number of days such as 45")
PATH = ValueReader(lambda text: Path(text).absolute(), "a path")
HTTP_URL = ValueReader(_http_url, "an address that starts with https:// or http://")
OPTIONAL_HTTP_URL = ValueReader(lambda text: _http_url(text) if text else "", HTTP_URL.expected)
ARCHIVE_URL = ValueReader(
    lambda text: _archive_url(text) if text else "", "s3://BUCKET, s3://BUCKET/PREFIX or file:///FOLDER"
)
DATABASE_URL = ValueReader(_database_url, "sqlite:///PATH (absolute paths have four slashes) or postgresql://...")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Return *text* with `$NAME` of *variables* and a leading `~` replaced."""
    for name, value in variables.items():
        text = text.replace(f"${name}", value).replace(f"${{{name}}}", value)
    return str(Path(text).expanduser()) if text.startswith("~") else text


def read_env_file(path: Path, known: Container[str]) -> tuple[dict[str, str], list[str]]:
    """Return the values of an env file and a line for each of its lines that is no NAME=value.

    A bare word is a value that lost its name, unless it is a *known* name: then it is unset.
    """
    from dotenv.parser import parse_stream

    values: dict[str, str] = {}
    problems = []
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for binding in parse_stream(stream):
                is_name = binding.key is None or re.fullmatch(r"[A-Za-z_]\w*", binding.key) is not None
                if (
                    binding.error
                    or not is_name
                    or (binding.value is None and binding.key is not None and binding.key not in known)
                ):
                    # The text may be half a secret, so only the place is told.
                    problems.append(f"{path} line {binding.original.line}: expected NAME=value")
                elif binding.key is not None:
                    values[binding.key] = binding.value or ""
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path} cannot be read: {error}")
    return values, problems


def unknown_names(
    known: Sequence[str], accepted: set[str], environment: Mapping[str, str], file_values: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return names that look like settings of ours but are none, each with the nearest known one.

    In an env file every name is meant for us; in the environment only what starts like ours.
    """
    suspects = [name for name in file_values if name not in accepted]
    suspects += [name for name in environment if name.startswith(_OUR_PREFIXES) and name not in accepted]
    suspects = sorted({name for name in suspects if not _FOREIGN.fullmatch(name)})
    if not suspects:
        return ()
    import difflib

    nearest = [(difflib.get_close_matches(name.upper(), known, 1, 0.6) or [""])[0] for name in suspects]
    return tuple(zip(suspects, nearest, strict=True))
