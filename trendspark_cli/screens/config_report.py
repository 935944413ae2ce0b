"""What `config show` and `config check` tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from trendspark_cli.app.adapters.x import X
from trendspark_cli.archiving.guards import check_retention
from trendspark_cli.base.clock import duration_text
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.extras import missing_extra
from trendspark_cli.base.models import Ceiling, Profile
from trendspark_cli.base.profiles import channels_gone, read_profiles, shares_of, shares_problem
from trendspark_cli.base.report_places import report_place_problem
from trendspark_cli.base.setting_specs import WITH_FOLDERS, folders_for
from trendspark_cli.base.setting_values import expand
from trendspark_cli.base.settings import Settings, specs
from trendspark_cli.collecting.matching import Matcher
from trendspark_cli.kinds.channel_addresses import address_kind
from trendspark_cli.kinds.channels import channels_of, configured_channels
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.services.s3_endpoints import endpoint_problem
from trendspark_cli.services.x.query import QUERY_LIMIT, queries_of
from trendspark_cli.store.protocol import Store
from trendspark_cli.trends.threshold import threshold_in_use, threshold_reason


def settings_table(settings: Settings) -> list[dict[str, str]]:
    """Return name, value and origin of every setting; secrets masked."""
    variables = {
        "TRENDSPARK_HOME": str(settings.trendspark_home),
        "XDG_DATA_HOME": str(settings.trendspark_home.parent),
    }
    rows = []
    for name, spec in specs(settings.raw).items():
        value, origin = settings.raw.get(name, (spec.default, "default"))
        if spec.group in WITH_FOLDERS:
            with suppress(ValueError):  # what is wrong with it is told by `config check`
                value = expand(value, folders_for(spec, variables))
        value = value and spec.told(value)
        rows.append({"name": name, "value": value, "origin": origin if value else "unset"})
    return rows


def threshold_told(settings: Settings, store: Store) -> dict[str, Any]:
    """Return the score that opens a trend, and where it comes from."""
    calibration = store.calibrations.last()
    return {
        "score": threshold_in_use(settings, calibration),
        "reason": threshold_reason(settings, calibration),
        "calibrated_at": None if calibration is None else calibration.made_at,
    }


def config_findings(settings: Settings, ceilings: Sequence[Ceiling], stored: Sequence[Profile]) -> dict[str, Any]:
    """Return problems, unknown names, the X queries of each profile with their length, and what a first run costs.

    *ceilings* are those of X, *stored* the profiles of the database.
    """
    problems = [*settings.problems, *settings.doubts]
    try:
        check_retention(settings.retention)
    except ConfigError as error:
        problems.append(f"{error} ({error.hint})")
    if problem := shares_problem(stored):
        problems.append(problem)
    configured = configured_channels(settings)
    problems += _address_problems(settings)
    problems += [
        f"profile {profile.name!r}: channel {channel!r} is not configured; the others are told"
        for profile in stored
        for channel in channels_gone(profile, configured)
    ]
    if found := endpoint_problem(settings.aws_endpoint_url_s3 or settings.aws_endpoint_url, settings.archive_url):
        problems.append("; ".join(found))
    if problem := report_place_problem(settings.report_url, settings):
        problems.append(problem)
    if settings.alert_pictures and find_spec("PIL") is None:
        missing = missing_extra("ALERT_PICTURES=true", "pictures")
        problems.append(f"{missing} ({missing.hint})")
    if any(kind.looks_for_keywords(settings) for kind in SOURCES.values()):
        try:
            Matcher(read_profiles(settings, stored))
        except ConfigError as error:
            problems.append(f"{error} ({error.hint})")
    profiles, queries = [], []
    for profile in read_profiles(settings, stored):
        try:
            own = queries_of(profile)
        except ConfigError as error:
            own = ()
            problems.append(f"profile {profile.name!r}: {error}" if stored else str(error))
        queries += [
            {"profile": profile.name, "query": query, "length": len(query), "limit": QUERY_LIMIT} for query in own
        ]
        profiles.append(
            {"name": profile.name, "queries": len(own), "share": profile.share, **_most(settings, profile, ceilings)}
        )
    return {
        "ok": not problems,
        "problems": problems,
        "unknown": [{"name": name, "nearest": nearest} for name, nearest in settings.unknown],
        "passed_over": list(settings.passed_over),
        "unquoted": list(settings.unquoted),
        "x_queries": queries,
        "profiles": profiles,
        "first_run": _first_run(settings, profiles),
        "env_file": str(settings.env_file) if settings.env_file else None,
    }


def _address_problems(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with addresses of channels that only their library can judge."""
    for address in (kind.address for kind in channels_of(settings).values() if kind.address is not None):
        kind = address_kind(address.url)
        if kind is None or not kind.examine:
            continue
        try:
            load(kind.examine)(address)
        except ConfigError as error:
            yield f"{address.setting}: {error} ({error.hint})"


def _most(settings: Settings, profile: Profile, ceilings: Sequence[Ceiling]) -> dict[str, Any]:
    """Return what the first run of a profile costs at most: its part of the tighter ceiling."""
    reads = min(int(ceiling.limit) for ceiling in (*ceilings, *shares_of(profile, ceilings)))
    return {"first_run_reads_at_most": reads, "first_run_usd_at_most": round(reads * settings.x_price_per_read_usd, 2)}


def _first_run(settings: Settings, profiles: Sequence[Mapping[str, Any]]) -> str:
    lacking = [] if X.is_configured(settings) else [X.needs_words]
    lacking += [] if any(profile["queries"] for profile in profiles) else ["KEYWORDS"]
    if lacking:
        return f"X is not configured: set {' and '.join(lacking)}, or read files with `ingest --from`"
    most = min(settings.x_max_reads_per_day, settings.x_max_reads_per_month)
    return (
        f"the first run reads back {duration_text(settings.x_first_run_lookback)}, at most {most} posts "
        f"(${most * settings.x_price_per_read_usd:.2f} at ${settings.x_price_per_read_usd:g} each)"
    )
