"""Readers for setting values: text in, typed value out, ValueError when it does not fit."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import unquote, urlsplit

from trendspark_cli.base import database_urls
from trendspark_cli.base.clock import parse_duration
from trendspark_cli.base.database_urls import database_url
from trendspark_cli.base.quiet_hours import quiet_hours

T = TypeVar("T")

# Names that start like ours, in an environment that is not ours alone.
_OUR_PREFIXES = (
    "TRENDSPARK_",
    "X_",
    "REDDIT_",
    "BLUESKY_",
    "HACKERNEWS_",
    "MASTODON_",
    "PLUGIN_",
    "TELEGRAM_",
    "RETENTION_DAYS_",
    "JOB_TIMEOUT_",
    "JOB_INTERVAL_",
    "HEARTBEAT_URL_",
    "ALERT_",
    "OPENAI_M",
    "OPENAI_REASONING_",
    "OPENAI_TIMEOUT",
    "ARCHIVE_",
    "REPORT_",
    "API_ERROR_",
    "OPS_",
    "TEXTFILE_",
)
# Names of other programs that an env file of ours may rightly hold.
_FOREIGN = (
    r"(?i)AWS_\w+|PRAWCORE_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|"
    r"NO_COLOR|TZ|PATH|HOME|LANG|LC_\w+|MAILTO|SHELL|XDG_\w+|TRENDSPARK_ENV_FILE|OPENAI_(ORG|PROJECT)_ID"
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


TREND_KINDS = ("topic", "post", "volume", "silence")
MOST_INTERESTS, LONGEST_INTEREST = 20, 60


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


def _paired(text: str) -> tuple[str, ...]:
    """Read a list whose quotes are closed."""
    if text.count('"') % 2 and not text.strip().startswith("["):
        raise ValueError(text)
    return _list(text)


def _subreddits(text: str) -> tuple[str, ...]:
    """Read names of subreddits, with or without r/ before them."""
    names = _paired(text)
    if not all(re.fullmatch(r"(/?r/)?\w{2,21}", name, re.ASCII) for name in names):
        raise ValueError(text)
    return names


def _interest(text: str) -> tuple[str, ...]:
    """Read names of what matters: words, several of them together, and communities with r/ before them."""
    names = _paired(text)
    if len(names) > MOST_INTERESTS:
        raise ValueError(text)
    for name in names:
        word = name.removeprefix("r/") if name.startswith("r/") else name
        if len(name) > LONGEST_INTEREST or not name.isprintable() or not re.search(r"[^\W_]", word):
            raise ValueError(text)
    return names


def _languages(text: str) -> tuple[str, ...]:
    """Read codes of languages, as services write them in what they give: en, pt-BR, zh-Hant."""
    codes = _paired(text)
    if not all(re.fullmatch(r"[a-zA-Z]{2,3}(-\w{2,8})*", code, re.ASCII) for code in codes):
        raise ValueError(text)
    return codes


def _of_form(form: str) -> Callable[[str], str]:
    """Return what reads a text of one form; nothing stays nothing."""

    def read(text: str) -> str:
        text = text.strip()
        if text and not re.fullmatch(form, text):
            raise ValueError(text)
        return text

    return read


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
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", text) or not urlsplit(text).hostname:
        raise ValueError(text)
    _ = urlsplit(text).port  # raises for one that is none
    return text.rstrip("/")


def _stream_hosts(text: str) -> tuple[str, ...]:
    """Read hosts, or whole addresses of WebSocket servers, as addresses without a last slash."""
    addresses = []
    for item in _list(text):
        address = item if "://" in item else f"wss://{item}"
        if not re.fullmatch(r"wss?://[^\s/?#@]+(/[^\s?#]*)?", address) or not urlsplit(address).hostname:
            raise ValueError(item)
        _ = urlsplit(address).port  # raises for one that is none
        addresses.append(address.rstrip("/"))
    if not addresses:
        raise ValueError(text)
    return tuple(addresses)


def _timelines(text: str) -> tuple[str, ...]:
    """Read timelines of Mastodon as addresses: `https://HOST/public`, `.../public/local` or `.../tags/NAME`."""
    addresses = []
    for item in _paired(text):
        address = item if "://" in item else f"https://{item}"
        parts = urlsplit(address)
        is_known = re.fullmatch(r"/(?:public(?:/local)?|tags/\w{1,100})/?", unquote(parts.path))
        if parts.scheme not in ("http", "https") or not is_known or not parts.hostname or set(address) & set("@?#"):
            raise ValueError(item)
        _ = parts.port  # raises for one that is none
        if not re.fullmatch(r"[\w.-]+|[0-9a-f:]+", parts.hostname):
            raise ValueError(item)
        addresses.append(f"{parts.scheme}://{parts.netloc.lower()}{unquote(parts.path).rstrip('/')}")
    return tuple(dict.fromkeys(addresses))


def _feeds(text: str) -> tuple[str, ...]:
    """Read addresses of feeds; those with a comma stand in quotes."""
    return tuple(_http_url(item) for item in _paired(text))


def _archive_url(text: str) -> str:
    """Read a bucket or an absolute folder; a path alone is a folder."""
    text = text.strip().rstrip("/")
    if text.startswith("/"):
        text = f"file://{text}"
    if not re.fullmatch(r"s3://[a-zA-Z0-9][\w.-]+(/[^\s?#]+)*|file:///[^?#]+", text):
        raise ValueError(text)
    return text


def _report_url(text: str) -> str:
    """Read a bucket, or an absolute folder, whatever signs are in its name; a path alone is a folder."""
    text = text.strip()
    text = f"file://{text}" if text.startswith("/") else text
    if not re.fullmatch(r"s3://[a-zA-Z0-9][\w.-]+(/[^\s?#]+)*/?|file:///[^\0]+", text):
        raise ValueError(text)
    return text.rstrip("/")


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


def positive_span(unit: str) -> ValueReader[timedelta]:
    """Return a reader for a whole number of seconds or minutes, at least 1."""
    whole = positive(unit)
    return ValueReader(lambda text: parse_duration(f"{whole.read(text)}{unit[0]}"), whole.expected)


def duration(maximum: str, minimum: str = "") -> ValueReader[timedelta]:
    """Return a reader for a duration of at most *maximum*, and at least *minimum* when there is one."""

    def read(text: str) -> timedelta:
        value = parse_duration(text)
        if not timedelta(0) < value <= parse_duration(maximum) or (minimum and value < parse_duration(minimum)):
            raise ValueError(text)
        return value

    least = f"at least {minimum}, " if minimum else ""
    return ValueReader(read, f"a duration such as 90s, 15m, 6h or 2d, {least}at most {maximum}")


def _zone(text: str) -> tzinfo:
    """Read the name of a time zone, as /usr/share/zoneinfo has it."""
    if text.strip() in ("UTC", "Z", "Etc/UTC"):
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text.strip())
    except (OSError, KeyError) as error:  # a folder of names, a name that is none
        raise ValueError(text) from error


def optional(reader: ValueReader[str]) -> ValueReader[str]:
    """Return a reader that takes nothing for "" as well."""
    return ValueReader(lambda text: reader.read(text) if text else "", reader.expected)


def _most_tokens(text: str) -> int:
    """Read a number of tokens in which an answer fits; 0 when there is none."""
    if text and not 100 <= _count(text) <= 1_000_000:
        raise ValueError(text)
    return int(text) if text else 0


def _chat(text: str) -> str:
    """Read a chat as Telegram's Bot API knows it, with a topic of it behind a colon."""
    text = text.strip()
    if text and not re.fullmatch(r"(-?[1-9][0-9]{0,18}|@[A-Za-z][A-Za-z0-9_]{3,31})(:[1-9][0-9]{0,9})?", text):
        raise ValueError(text)
    return text


def _thread(text: str) -> int:
    """Read the number of a topic; 0 when there is none."""
    if text and not re.fullmatch(r"[1-9][0-9]{0,9}", text.strip()):
        raise ValueError(text)
    return int(text) if text else 0


def _user_ids(text: str) -> tuple[int, ...]:
    """Read ids of people, each once."""
    ids = [one.strip() for one in text.split(",")] if text.strip() else []
    if not all(re.fullmatch(r"[1-9][0-9]{0,18}", one) for one in ids):
        raise ValueError(text)
    return tuple(dict.fromkeys(map(int, ids)))


def _channel_names(text: str) -> tuple[str, ...]:
    """Read names of channels, in lower case, each once."""
    names = [name.strip().lower() for name in text.split(",")] if text.strip() else []
    if not all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) for name in names):
        raise ValueError(text)
    return tuple(dict.fromkeys(names))


def _trend_kinds(text: str) -> tuple[str, ...]:
    """Read kinds of trends, each once."""
    kinds = _list(text.lower())
    if not kinds or not set(kinds) <= set(TREND_KINDS):
        raise ValueError(text)
    return kinds


TEXT = ValueReader(str.strip, "text")
BOOL = ValueReader(_bool, "true or false")
LIST = ValueReader(_paired, "words separated by commas, each quote with its pair, or a JSON list of strings")
SUBREDDITS = ValueReader(_subreddits, "names of subreddits such as news,r/askscience; no addresses")
INTEREST_NAMES = ValueReader(
    _interest,
    f"at most {MOST_INTERESTS} words and communities of at most {LONGEST_INTEREST} characters, such as r/news,police",
)
LANGUAGES = ValueReader(_languages, "codes of languages such as en,de")
KEY = ValueReader(_of_form(r"\S+"), "a key without blanks, and without a word such as Bearer before it")
BOT_TOKEN = ValueReader(_of_form(r"\d+:[\w-]+"), "the token that BotFather gave, such as 123456:ABC-DEF")
ZONE = ValueReader(_zone, "a time zone such as UTC or Europe/Berlin")
QUIET_HOURS = ValueReader(quiet_hours, "two times of a day that differ, such as 22:00-07:00")
COUNT = ValueReader(_count, "a whole number, 0 or more")
AMOUNT = ValueReader(_number, "a number, 0 or more")
USER_IDS = ValueReader(_user_ids, "ids of Telegram users such as 123456789,987654321 (@userinfobot tells yours)")
TREND_KIND_NAMES = ValueReader(_trend_kinds, f"some of {','.join(TREND_KINDS)}")
CHANNEL_NAMES = ValueReader(_channel_names, "names of channels such as desk,telegram")
CHAT = ValueReader(
    _chat,
    "one chat: -1001234567890 (a group or channel), 123456789 (a person) or @channel; with :45 behind it for a topic "
    "(https://t.me/c/1234567890/45 is -1001234567890:45)",
)
THREAD = ValueReader(_thread, "the number of a topic, such as 45: the second of https://t.me/c/1234567890/45/678")
MOST_TOKENS = ValueReader(_most_tokens, "a whole number of tokens, 100 to 1000000")
INTERVAL = duration("366d", minimum="1m")
DURATION = ValueReader(parse_duration, "a duration such as 90s, 15m or 6h")
SECONDS = positive_span("seconds")
MINUTES = positive_span("minutes")
HOURS = ValueReader(lambda text: parse_duration(f"{_number(text):.9f}h"), AMOUNT.expected)
DAYS = ValueReader(_days, "a number of days such as 45")
PATH = ValueReader(lambda text: Path(text).absolute(), "a path")
HTTP_URL = ValueReader(_http_url, "an address that starts with https:// or http://")
TIMELINES = ValueReader(
    _timelines, "timelines such as mastodon.social/public, fosstodon.org/public/local or mastodon.social/tags/ferry"
)
FEEDS = ValueReader(
    _feeds, "addresses that start with https:// or http://, a comma between two; one that holds a comma in quotes"
)
STREAM_HOSTS = ValueReader(_stream_hosts, "hosts or addresses that start with wss:// or ws://, a comma between two")
OPTIONAL_HTTP_URL = ValueReader(lambda text: _http_url(text) if text else "", HTTP_URL.expected)
ARCHIVE_URL = ValueReader(
    lambda text: _archive_url(text) if text else "", "s3://BUCKET, s3://BUCKET/PREFIX or file:///FOLDER"
)
REPORT_URL = ValueReader(_report_url, "s3://BUCKET, s3://BUCKET/PREFIX or file:///FOLDER")
DATABASE_URL = ValueReader(database_url, database_urls.EXPECTED)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Return *text* with `$NAME` of *variables* and a leading `~` replaced.

    Raises ValueError when it begins with a home folder that nobody knows.
    """
    for name, value in variables.items():
        text = text.replace(f"${name}", value).replace(f"${{{name}}}", value)
    text = os.path.expanduser(text)
    if text.startswith("~"):
        raise ValueError(text)
    return text


def without_quotes(text: str) -> str:
    """Return *text* without one pair of quotes around it: programs that pass env files on leave them there."""
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]
    return text[1:-1] if is_quoted else text


def unknown_names(
    known: Sequence[str], accepted: set[str], environment: Mapping[str, str], file_values: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return names that look like settings of ours but are none, each with the nearest known one.

    In an env file every name is meant for us; in the environment only what starts like ours.
    """
    suspects = [name for name in file_values if name not in accepted]
    suspects += [name for name in environment if name.startswith(_OUR_PREFIXES) and name not in accepted]
    suspects = sorted({name for name in suspects if not re.fullmatch(_FOREIGN, name)})
    if not suspects:
        return ()
    import difflib

    nearest = [(difflib.get_close_matches(name.upper(), known, 1, 0.6) or [""])[0] for name in suspects]
    return tuple(zip(suspects, nearest, strict=True))
