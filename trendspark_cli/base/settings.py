"""Every setting, in one table: name, how it is read, default, help. Nothing else reads the environment.

Order: environment, then the first env file found, then the default. Empty means unset.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from trendspark_cli.base import setting_values as read
from trendspark_cli.base.alert_settings import AlertSettings
from trendspark_cli.base.database_urls import UnfitValueError, secrets_in
from trendspark_cli.base.env_files import SECRETS_SENT, EnvFile, find_env_file, home_folder, user_cache
from trendspark_cli.base.errors import ConfigError, os_words
from trendspark_cli.base.feed_addresses import secrets_of
from trendspark_cli.base.named_settings import (
    Known,
    channels_in,
    lonely_addresses,
    named_in,
    plugin_settings_in,
    secret_parts,
    unknown_channel,
)
from trendspark_cli.base.redaction import MASK
from trendspark_cli.base.retention import Retention
from trendspark_cli.base.setting_specs import WITH_FOLDERS, SettingSpec, folders_for, setting, variable_of
from trendspark_cli.base.source_settings import PlaceSettings, SourceSettings
from trendspark_cli.base.trusted_files import UntrustedFileError, read_secret
from trendspark_cli.kinds.channel_addresses import CHAT_SCHEME, URL
from trendspark_cli.kinds.channels import alerts_are_sent
from trendspark_cli.kinds.installed import SETTINGS as PLUGIN
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.kinds.sources import SOURCES

OPS = "OPS_CHANNELS"
SHORTEST_SECRET_PATH = 16  # characters


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)  # never shown whole: it holds secrets
class Settings(AlertSettings, SourceSettings, PlaceSettings):
    """All settings, read and checked. `origins` says where each came from."""

    search_index: bool = setting(
        "SEARCH_INDEX",
        read.BOOL,
        "ranking",
        "Index posts for `posts search`; without, it reads them all.",
        default="true",
    )

    openai_api_key: str = setting("OPENAI_API_KEY", read.KEY, "OpenAI", "Key for `brief`; works without.", secret=True)
    openai_base_url: str = setting(
        "OPENAI_BASE_URL",
        read.HTTP_URL,
        "OpenAI",
        "Any OpenAI-compatible endpoint.",
        default="https://api.openai.com/v1",
    )
    openai_model: str = setting(
        "OPENAI_MODEL", read.TEXT, "OpenAI", "Model for labels and ideas.", default="gpt-5-mini"
    )
    openai_max_tokens_per_day: int = setting(
        "OPENAI_MAX_TOKENS_PER_DAY",
        read.COUNT,
        "OpenAI",
        "Tokens a UTC day may cost.",
        default="100000",
    )
    openai_max_usd_per_month: float = setting(
        "OPENAI_MAX_USD_PER_MONTH",
        read.AMOUNT,
        "OpenAI",
        "USD a UTC month may cost.",
        default="5",
    )

    openai_timeout: timedelta = setting(
        "OPENAI_TIMEOUT",
        read.duration(maximum="10m"),
        "OpenAI",
        "Longest wait for all answers of one run together; a model on one's own machine may need minutes.",
        default="60s",
    )
    openai_api: str = setting(
        "OPENAI_API",
        read.choice("auto", "responses", "chat"),
        "OpenAI",
        "Which of its two APIs a server is asked by; auto tries the newer one first.",
        default="auto",
    )
    openai_reasoning_effort: str = setting(
        "OPENAI_REASONING_EFFORT",
        read.optional(read.choice("none", "minimal", "low", "medium", "high", "xhigh")),
        "OpenAI",
        "How much a model thinks before it writes; unset, little if its name says that it thinks.",
        example="low",
    )
    openai_max_output_tokens: int = setting(
        "OPENAI_MAX_OUTPUT_TOKENS",
        read.MOST_TOKENS,
        "OpenAI",
        "Tokens an answer may have, thinking included; unset, 1500 for a label and 3000 for ideas.",
        example="8000",
    )
    openai_price_input_usd: float = setting(
        "OPENAI_PRICE_INPUT_USD",
        read.AMOUNT,
        "OpenAI",
        "Price of a million input tokens of that model, in USD.",
        default="0.25",
    )
    openai_price_output_usd: float = setting(
        "OPENAI_PRICE_OUTPUT_USD",
        read.AMOUNT,
        "OpenAI",
        "Price of a million output tokens of that model, in USD.",
        default="2",
    )

    retention_of_posts: timedelta = setting(
        "RETENTION_DAYS_POSTS", read.DAYS, "keeping", "Days posts stay live.", default="45"
    )
    retention_of_ingest_audit: timedelta = setting(
        "RETENTION_DAYS_INGEST_AUDIT",
        read.DAYS,
        "keeping",
        "Days audit rows stay live.",
        default="45",
    )
    retention_of_notifications: timedelta = setting(
        "RETENTION_DAYS_NOTIFICATIONS",
        read.DAYS,
        "keeping",
        "Days alerts stay live.",
        default="90",
    )
    retention_of_job_runs: timedelta = setting(
        "RETENTION_DAYS_JOB_RUNS",
        read.DAYS,
        "keeping",
        "Days job runs stay live.",
        default="90",
    )
    archive_url: str = setting(
        "ARCHIVE_URL",
        read.ARCHIVE_URL,
        "keeping",
        "Bucket or folder for archives.",
        example="s3://trendai-archive",
    )
    archive_format: str = setting(
        "ARCHIVE_FORMAT",
        read.choice("parquet", "csv"),
        "keeping",
        "Form of archive objects.",
        default="parquet",
    )
    archive_addressing: str = setting(
        "ARCHIVE_ADDRESSING",
        read.choice("auto", "path", "virtual"),
        "keeping",
        "Where a bucket's name goes: into the path, or into the host (virtual). auto: the path, unless the store "
        "is Amazon's or known to refuse it.",
        default="auto",
    )

    aws_access_key_id: str = setting(
        "AWS_ACCESS_KEY_ID",
        read.TEXT,
        "keeping",
        "Key of the identity that may put, get and list; unset, the AWS SDK looks for one itself.",
        secret=True,
    )
    aws_secret_access_key: str = setting("AWS_SECRET_ACCESS_KEY", read.TEXT, "keeping", "Its secret.", secret=True)
    aws_session_token: str = setting(
        "AWS_SESSION_TOKEN", read.TEXT, "keeping", "Token of temporary credentials.", secret=True
    )
    aws_profile: str = setting("AWS_PROFILE", read.TEXT, "keeping", "Profile of the AWS SDK's own files.")
    aws_region: str = setting("AWS_REGION", read.TEXT, "keeping", "Region of the bucket.", example="eu-central-1")
    aws_default_region: str = setting("AWS_DEFAULT_REGION", read.TEXT, "keeping", "The same, by its older name.")
    aws_endpoint_url_s3: str = setting(
        "AWS_ENDPOINT_URL_S3",
        read.OPTIONAL_HTTP_URL,
        "keeping",
        "Address of a store that speaks S3, when it is not Amazon's.",
        example="https://s3.example.org",
    )
    aws_endpoint_url: str = setting(
        "AWS_ENDPOINT_URL", read.OPTIONAL_HTTP_URL, "keeping", "The same, for all AWS services."
    )
    aws_ca_bundle: str = setting("AWS_CA_BUNDLE", read.TEXT, "keeping", "File of certificates to trust.")

    report_url: str = setting(
        "REPORT_URL",
        read.REPORT_URL,
        "report",
        "Where `report` puts its page and feeds: a folder or a bucket.",
        default="file://$TRENDSPARK_HOME/report",
    )
    report_since: timedelta = setting(
        "REPORT_SINCE",
        read.duration(maximum="400d", minimum="1m"),
        "report",
        "How far back `report` goes.",
        default="7d",
    )

    http_timeout: timedelta = setting(
        "HTTP_TIMEOUT",
        read.duration(maximum="5m"),
        "watch",
        "Longest wait for a remote service to begin its answer; the whole answer may take half as much again.",
        default="20s",
    )

    retention_of_sources: Mapping[str, timedelta] = field(default_factory=dict)  # where it is not that of all posts
    job_timeouts: Mapping[str, timedelta | None] = field(default_factory=dict)
    job_intervals: Mapping[str, timedelta] = field(default_factory=dict)
    heartbeat_urls: Mapping[str, str] = field(default_factory=dict)
    alert_urls: Mapping[str, str] = field(default_factory=dict)  # of channels, by name
    alert_secrets: Mapping[str, str] = field(default_factory=dict)
    plugin_settings: Mapping[str, str] = field(default_factory=dict)  # of other installed packages
    alert_min_scores: Mapping[str, float] = field(default_factory=dict)
    alert_only_watchlist: frozenset[str] = frozenset()  # channels

    raw: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # name -> (value, origin)
    problems: tuple[str, ...] = ()  # malformed values, one line each
    unknown: tuple[tuple[str, str], ...] = ()  # (name, nearest known name or "")
    env_file: Path | None = None
    doubts: tuple[str, ...] = ()  # what jobs put up with, and `config check` does not; one line each
    passed_over: tuple[str, ...] = ()  # files, and names in them, that are not believed; one line each
    unquoted: tuple[str, ...] = ()  # names whose value in the environment had quotes around it
    user_cache: Path | None = None  # for what may be lost, where the places above cannot be used

    def __getattr__(self, name: str) -> str:
        """Return a setting of another installed package: its text, "" when it is not set."""
        if name.startswith(PLUGIN.lower()) and name != "plugin_settings":
            return self.plugin_settings.get(name, "")
        raise AttributeError(name)

    def require(self) -> None:
        """Raise ConfigError when a value is malformed: the first one, and how many more there are."""
        if self.problems:
            first, *more = self.problems
            told = f"{len(more)} more: `trendspark config check`" if more else "see `trendspark config check`"
            raise ConfigError(first, hint=told)

    def secrets(self) -> tuple[str, ...]:
        """Return every secret value in use, for redaction."""
        known = specs(self.raw)
        found = [value for name, (value, _) in self.raw.items() if name in known and known[name].secret]
        # A value is used as it was read: without blanks around it, an address without its last slash.
        forms = [form for value in found for form in (value, value.strip(), value.strip().rstrip("/"))]
        # A library may name an address without its host; what is shorter may be an ordinary word.
        paths = [urlsplit(url).path for url in self.heartbeat_urls.values()]
        forms += [part for address in self.feeds or () for part in secrets_of(address)]
        forms += secrets_in(self.raw.get("DATABASE_URL", ("", ""))[0])
        paths += [part for url in self.alert_urls.values() for part in secret_parts(url)]
        return tuple(dict.fromkeys([*forms, *(path for path in paths if len(path) >= SHORTEST_SECRET_PATH)]))

    @property
    def retention(self) -> dict[str, Retention]:
        """Return how long the rows of each table stay live."""
        return {
            "posts": Retention(self.retention_of_posts, self.retention_of_sources),
            "ingest_audit": Retention(self.retention_of_ingest_audit),
            "notifications": Retention(self.retention_of_notifications),
            "job_runs": Retention(self.retention_of_job_runs),
        }

    @property
    def alerts_are_muted(self) -> bool:
        """Return whether alerts are only recorded: switched off, or nowhere to go."""
        return not alerts_are_sent(self)


POSTS_STAY = "RETENTION_DAYS_POSTS"
_PER_JOB: tuple[tuple[str, read.ValueReader[Any], str, bool], ...] = (
    ("JOB_TIMEOUT_", read.DURATION, "Longest run of `{}`; unset is no limit.", False),
    (
        "JOB_INTERVAL_",
        read.INTERVAL,
        "Longest time between two runs of `{}`, when no crontab or timer of this machine starts it.",
        False,
    ),
    ("HEARTBEAT_URL_", read.HTTP_URL, "Pinged when `{}` begins and ends, as healthchecks.io wants it.", True),
)


def specs(names: Iterable[str] = ()) -> dict[str, SettingSpec]:
    """Return every setting by name, per-job ones included, in the order of the docs.

    Of those whose last part an operator chooses, the ones among *names*.
    """
    table = {}
    for spec in (f.metadata["spec"] for f in fields(Settings) if f.metadata):
        table[spec.name] = spec
        if spec.name == POSTS_STAY:
            table |= _retention_of_sources(spec)
    for prefix, reader, told, is_secret in _PER_JOB:
        for job_id, kind in JOBS.items():
            name, default = variable_of(prefix, job_id), kind.time_limit if reader is read.DURATION else ""
            text = told.format(job_id)
            table[name] = SettingSpec(name, reader.read, reader.expected, default, "watch", text, is_secret)
    for name, family in named_in(names).items():
        table[name] = SettingSpec(name, family.parse, family.expected, "", "named", family.help, family.is_secret)
    return table


def _retention_of_sources(of_all: SettingSpec) -> dict[str, SettingSpec]:
    """Return the settings that say of one source how long its posts stay live."""
    found = {}
    for source, kind in SOURCES.own.items():
        name = variable_of(f"{POSTS_STAY}_", source)
        help = f"Days posts of {kind.called} stay live, where it is not {POSTS_STAY}."
        found[name] = SettingSpec(name, of_all.parse, of_all.expected, "", of_all.group, help)
    return found


def load_settings(environment: Mapping[str, str] | None = None, *, env_file: Path | None = None) -> Settings:
    """Return the settings of this process. Malformed values are listed in `problems`, not raised.

    Raises ConfigError when an env file was named that does not exist, or when nobody knows where our data shall lie.
    """
    environment = os.environ if environment is None else environment
    table = specs(environment)
    secret_files = {f"{name}_FILE" for name, spec in table.items() if spec.may_be_in_file}
    plain, unquoted = _without_quotes(environment, {*table, *secret_files, "TRENDSPARK_ENV_FILE"})
    file = find_env_file(plain, env_file, Known(table))
    table = specs([*environment, *file.values])
    secret_files = {f"{name}_FILE" for name, spec in table.items() if spec.may_be_in_file}
    problems, passed_over = list(file.problems), list(file.passed_over)
    raw = _raw_values(table, plain, file, problems, passed_over)
    values = _parse_values(table, raw, plain, problems, file)
    unknown = read.unknown_names(tuple(table), {*table, *secret_files}, environment, file.values)
    return Settings(
        **values,
        raw=raw,
        problems=tuple(problems),
        unknown=unknown,
        env_file=file.path,
        doubts=file.doubts,
        passed_over=tuple(passed_over),
        unquoted=unquoted,
        user_cache=user_cache(environment),
    )


def _without_quotes(environment: Mapping[str, str], names: Set[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the environment with one pair of quotes taken off each of our values, and the names that had one."""
    plain = {name: read.without_quotes(value) if name in names else value for name, value in environment.items()}
    return plain, tuple(name for name in plain if plain[name] != environment[name])


def _raw_values(
    table: Mapping[str, SettingSpec],
    environment: Mapping[str, str],
    file: EnvFile,
    problems: list[str],
    passed_over: list[str],
) -> dict[str, tuple[str, str]]:
    """Return each set value with its origin; secrets may come from the file NAME_FILE names.

    An empty variable of the environment switches what the env file says of it off.
    """
    raw: dict[str, tuple[str, str]] = {}
    of_file = {
        name: value
        for name, value in file.values.items()
        if name not in environment and name.removesuffix("_FILE") not in environment
    }
    for name, spec in table.items():
        for values, origin in ((environment, "environment"), (of_file, str(file.path))):
            if values.get(name):
                raw[name] = (values[name], origin)
                break
            secret_file = values.get(f"{name}_FILE") if spec.may_be_in_file else None
            if secret_file and values is of_file and file.doubt:
                passed_over.append(f"{name}_FILE of env file {origin!r} is passed over: {file.doubt}")
            elif secret_file:
                try:
                    text = read_secret(Path(os.path.expanduser(secret_file)))
                except UntrustedFileError as error:
                    problems.append(f"{name}_FILE={secret_file!r} is refused: {error}")
                    break
                except (OSError, ValueError) as error:
                    problems.append(f"{name}_FILE={secret_file!r} cannot be read: {os_words(error)}")
                    break
                if text:
                    raw[name] = (text, f"{secret_file} (from {origin})")
                    break
    if not file.is_believed:
        _drop_addresses(raw, str(file.path), passed_over)
    return raw


def _drop_addresses(raw: dict[str, tuple[str, str]], origin: str, passed_over: list[str]) -> None:
    """Leave out addresses of an env file that may be somebody else's, but for those that come with their secret."""
    for name, secrets in SECRETS_SENT.items():
        came_with = {raw[secret][1] for secret in secrets if secret in raw}
        if secrets and name in raw and raw[name][1] == origin and came_with != {origin}:
            del raw[name]
            told = f"what is sent there, {' and '.join(secrets)}, does not stand in that file too"
            passed_over.append(f"{name} of env file {origin!r} is passed over: {told}")


def _parse_values(
    table: Mapping[str, SettingSpec],
    raw: Mapping[str, tuple[str, str]],
    environment: Mapping[str, str],
    problems: list[str],
    file: EnvFile,
) -> dict[str, Any]:
    """Return the fields of Settings; a malformed value becomes a problem and takes its default."""
    variables = _places(raw.get("TRENDSPARK_HOME", (table["TRENDSPARK_HOME"].default, ""))[0], environment)

    def place_of(name: str) -> str:
        origin = raw[name][1] if name in raw else "default"
        return origin + (f" line {file.lines[name]}" if origin == str(file.path) and name in file.lines else "")

    def value_of(spec: SettingSpec) -> Any:
        folders = folders_for(spec, variables)
        text = raw.get(spec.name, (spec.default, ""))[0]
        if not text:
            return None if spec.group == "watch" else spec.parse("")  # per-job settings are optional
        try:
            return spec.parse(read.expand(text, folders) if spec.group in WITH_FOLDERS else text)
        except ValueError as error:
            told = spec.told(text)
            shown = "(secret)" if MASK in told or "@" in text else repr(told)  # an address may hold a password
            expected = error if isinstance(error, UnfitValueError) else spec.expected
            problems.append(f"{spec.name}={shown} ({place_of(spec.name)}): expected {expected}")
            return spec.parse(read.expand(spec.default, folders)) if spec.default else None

    values = {f.name: value_of(f.metadata["spec"]) for f in fields(Settings) if f.metadata}
    names = {source: name for source in SOURCES.own if (name := variable_of(f"{POSTS_STAY}_", source)) in raw}
    ages = {source: value_of(table[name]) for source, name in names.items()}
    values["retention_of_sources"] = {source: age for source, age in ages.items() if age}
    values["trendspark_home"] = Path(variables["TRENDSPARK_HOME"])
    values["job_timeouts"] = {job: value_of(table[variable_of("JOB_TIMEOUT_", job)]) for job in JOBS}
    told = {job: value_of(table[variable_of("JOB_INTERVAL_", job)]) for job in JOBS}
    values["job_intervals"] = {job: interval for job, interval in told.items() if interval}
    urls = {job: value_of(table[variable_of("HEARTBEAT_URL_", job)]) for job in JOBS}
    values["heartbeat_urls"] = {job: url for job, url in urls.items() if url}
    channels = channels_in(raw, place_of)
    problems += channels.problems
    values["plugin_settings"] = plugin_settings_in(raw)
    values["alert_urls"], values["alert_secrets"] = dict(channels.urls), dict(channels.secrets)
    values["alert_min_scores"], values["alert_only_watchlist"] = dict(channels.min_scores), channels.only_watchlist
    for channel, needed in lonely_addresses(values, channels.urls):
        name = URL + channel.upper()
        problems.append(f"{name}={CHAT_SCHEME}*** ({place_of(name)}): expected {needed} beside it")
    if unknown := unknown_channel(values, channels.urls):
        place = f"{OPS}={raw[OPS][0]!r} ({place_of(OPS)})"
        problems.append(f"{place}: expected channels that are set up, and {unknown!r} is none")
    return values


def _places(home: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what `$XDG_DATA_HOME` and `$TRENDSPARK_HOME` mean in the place of a setting.

    Raises ConfigError when *home*, the value of TRENDSPARK_HOME, begins in a home folder and nobody knows one.
    """
    data_home = environment.get("XDG_DATA_HOME")
    if not data_home and (user_home := home_folder(environment)):
        data_home = f"{user_home}/.local/share"
    known = {"XDG_DATA_HOME": data_home} if data_home else {}
    try:
        place = read.expand(home, known)
    except ValueError:
        place = home
    if place.startswith("~") or ("XDG_DATA_HOME" in place and not data_home):
        raise ConfigError(
            f"TRENDSPARK_HOME is {home!r}, and uid {os.geteuid()} has no home folder (no account, HOME is not set)",
            hint="set TRENDSPARK_HOME to an absolute path",
        )
    return {**known, "TRENDSPARK_HOME": str(Path(place).absolute())}
