"""What `config show` and `config check` tell."""

from __future__ import annotations

from typing import Any

from trendspark_cli.clock import duration_text
from trendspark_cli.errors import ConfigError
from trendspark_cli.redaction import MASK
from trendspark_cli.setting_values import expand
from trendspark_cli.settings import Settings, specs
from trendspark_cli.sources.x_query import QUERY_LIMIT, x_queries


def settings_table(settings: Settings) -> list[dict[str, str]]:
    """Return name, value and origin of every setting; secrets masked."""
    variables = {
        "TRENDSPARK_HOME": str(settings.trendspark_home),
        "XDG_DATA_HOME": str(settings.trendspark_home.parent),
    }
    rows = []
    for name, spec in specs().items():
        value, origin = settings.raw.get(name, (spec.default, "default"))
        if spec.secret and value:
            value = MASK
        elif spec.group == "place":
            value = expand(value, variables)
        rows.append({"name": name, "value": value, "origin": origin if value else "unset"})
    return rows


def config_findings(settings: Settings) -> dict[str, Any]:
    """Return problems, unknown names, the X queries with their length, and the price of a first run."""
    problems = list(settings.problems)
    try:
        queries = x_queries(settings.keywords, settings.exclude_keywords, settings.languages)
    except ConfigError as error:
        queries = ()
        problems.append(str(error))
    if not settings.x_is_configured:
        first_run = "X is not configured: set X_BEARER_TOKEN and KEYWORDS, or read files with `ingest --from`"
    else:
        most = min(settings.x_max_reads_per_day, settings.x_max_reads_per_month)
        usd = most * settings.x_price_per_read_usd
        first_run = (
            f"the first run reads back {duration_text(settings.x_first_run_lookback)}, at most {most} posts "
            f"(${usd:.2f} at ${settings.x_price_per_read_usd:g} each)"
        )
    return {
        "ok": not problems,
        "problems": problems,
        "unknown": [{"name": name, "nearest": nearest} for name, nearest in settings.unknown],
        "x_queries": [{"query": query, "length": len(query), "limit": QUERY_LIMIT} for query in queries],
        "first_run": first_run,
        "env_file": str(settings.env_file) if settings.env_file else None,
    }
