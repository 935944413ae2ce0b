"""Settings of what is collected: topics and places first, then one group for each source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from trendspark_cli.base import setting_values as read
from trendspark_cli.base.database_urls import without_secrets
from trendspark_cli.base.setting_specs import setting


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # fields alone: `Settings` makes the rest
class PlaceSettings:
    """Where things are, and what they are about."""

    trendspark_home: Path = setting(
        "TRENDSPARK_HOME",
        read.PATH,
        "place",
        "Folder for the database, locks and logs.",
        default="$XDG_DATA_HOME/trendspark",
    )
    database_url: str = setting(
        "DATABASE_URL",
        read.DATABASE_URL,
        "place",
        "Where rows live: a file of this machine, or a database of PostgreSQL that many hosts may share.",
        default="sqlite:///$TRENDSPARK_HOME/trendspark.db",
        without_secrets=without_secrets,
    )
    metrics_host: str = setting(
        "METRICS_HOST",
        read.TEXT,
        "place",
        "Of many hosts with one database, the one that exports what is of all of them; unset, the one that made it.",
        example="worker-1",
    )
    textfile_dir: Path = setting(
        "TEXTFILE_DIR",
        read.PATH,
        "place",
        "Folder for .prom files; in production the folder node_exporter reads.",
        default="$TRENDSPARK_HOME/textfile_collector",
    )
    log_file: Path = setting(
        "LOG_FILE",
        read.PATH,
        "place",
        "Log file; safe to rotate while jobs run. `trendspark logs` reads it.",
        default="$TRENDSPARK_HOME/trendspark.log",
    )
    log_format: str = setting("LOG_FORMAT", read.choice("text", "json"), "place", "Form of log lines.", default="text")

    keywords: tuple[str, ...] = setting(
        "KEYWORDS",
        read.LIST,
        "topics",
        "Words and phrases to look for, where a source does not give all its posts.",
        example='bridge,"harbour ferry"',
    )
    exclude_keywords: tuple[str, ...] = setting(
        "EXCLUDE_KEYWORDS",
        read.LIST,
        "topics",
        "Posts with these words are not searched for.",
        example="giveaway",
    )
    watchlist: tuple[str, ...] = setting(
        "WATCHLIST",
        read.LIST,
        "topics",
        "Terms whose trends are marked in lists.",
        example="ferry",
    )
    niche: str = setting(
        "NICHE",
        read.TEXT,
        "topics",
        "The operator's field, in a few words, for ideas.",
        example="local transport",
    )
    languages: tuple[str, ...] = setting(
        "LANGUAGES",
        read.LANGUAGES,
        "topics",
        "Languages to search X for, as two-letter codes.",
        example="en,de",
    )


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # fields alone: `Settings` makes the rest
class SourceSettings:
    """What each source is asked, and how."""

    x_bearer_token: str = setting(
        "X_BEARER_TOKEN", read.KEY, "X", "App-only token of the X developer portal.", secret=True
    )
    x_ingest_enabled: bool = setting("X_INGEST_ENABLED", read.BOOL, "X", "Whether `ingest` reads X.", default="true")
    x_stream_enabled: bool = setting("X_STREAM_ENABLED", read.BOOL, "X", "Whether `stream` reads X.", default="false")
    x_stream_rules: tuple[str, ...] = setting(
        "X_STREAM_RULES", read.LIST, "X", "Stream rules; made from KEYWORDS when unset."
    )
    x_max_reads_per_day: int = setting(
        "X_MAX_READS_PER_DAY", read.COUNT, "X", "Post reads a UTC day may cost.", default="5000"
    )
    x_max_reads_per_month: int = setting(
        "X_MAX_READS_PER_MONTH",
        read.COUNT,
        "X",
        "Post reads a UTC month may cost.",
        default="50000",
    )
    x_price_per_read_usd: float = setting(
        "X_PRICE_PER_READ_USD",
        read.AMOUNT,
        "X",
        "Price of one post read, in USD.",
        default="0.005",
    )
    x_first_run_lookback: timedelta = setting(
        "X_FIRST_RUN_LOOKBACK",
        read.duration(maximum="7d"),
        "X",
        "How far back the first run of a query reads.",
        default="48h",
    )
    x_expand_authors: bool = setting(
        "X_EXPAND_AUTHORS",
        read.BOOL,
        "X",
        "Ask for the names of authors too; X bills each user read. Without, people see ids where no file told a name.",
        default="false",
    )
    x_counts_first: bool = setting(
        "X_COUNTS_FIRST",
        read.BOOL,
        "X",
        "Buy posts only when cheap counts depart from usual.",
        default="false",
    )
    x_api_base_url: str = setting(
        "X_API_BASE_URL",
        read.HTTP_URL,
        "X",
        "Address of the X API.",
        default="https://api.x.com",
    )

    reddit_client_id: str = setting("REDDIT_CLIENT_ID", read.KEY, "Reddit", "Id of a Reddit script app.", secret=True)
    reddit_client_secret: str = setting("REDDIT_CLIENT_SECRET", read.KEY, "Reddit", "Its secret.", secret=True)
    reddit_user_agent: str = setting(
        "REDDIT_USER_AGENT",
        read.TEXT,
        "Reddit",
        "Unique user agent, as Reddit asks for.",
        example="linux:trendspark:0.1 (by /u/yourname)",
    )
    reddit_subreddits: tuple[str, ...] = setting(
        "REDDIT_SUBREDDITS",
        read.SUBREDDITS,
        "Reddit",
        "Subreddits to read, without r/.",
        example="cityscience,homebrewing",
    )
    reddit_ingest_enabled: bool = setting(
        "REDDIT_INGEST_ENABLED",
        read.BOOL,
        "Reddit",
        "Whether `ingest` reads Reddit.",
        default="true",
    )
    reddit_base_url: str = setting(
        "REDDIT_BASE_URL",
        read.HTTP_URL,
        "Reddit",
        "Address for access tokens.",
        default="https://www.reddit.com",
    )
    reddit_oauth_url: str = setting(
        "REDDIT_OAUTH_URL",
        read.HTTP_URL,
        "Reddit",
        "Address of the Reddit API.",
        default="https://oauth.reddit.com",
    )

    bluesky_ingest_enabled: bool = setting(
        "BLUESKY_INGEST_ENABLED",
        read.BOOL,
        "Bluesky",
        "Whether `ingest` reads the posts of Bluesky; no key is needed.",
        default="false",
    )
    bluesky_mode: str = setting(
        "BLUESKY_MODE",
        read.choice("keywords", "all"),
        "Bluesky",
        "Which posts are stored: those with keywords of the settings or of profiles, or all in LANGUAGES.",
        default="keywords",
    )
    bluesky_hosts: tuple[str, ...] = setting(
        "BLUESKY_HOSTS",
        read.STREAM_HOSTS,
        "Bluesky",
        "Where its stream is read; when a host is silent or refuses, the next one is asked.",
        default="jetstream1.us-east.bsky.network,jetstream2.us-east.bsky.network,jetstream1.us-west.bsky.network,"
        "jetstream2.us-west.bsky.network,jetstream.us-east.bsky.network,jetstream.us-west.bsky.network",
    )
    bluesky_api_base_url: str = setting(
        "BLUESKY_API_BASE_URL",
        read.HTTP_URL,
        "Bluesky",
        "Address of its public API, for likes and replies.",
        default="https://public.api.bsky.app",
    )
    bluesky_first_run_lookback: timedelta = setting(
        "BLUESKY_FIRST_RUN_LOOKBACK",
        read.duration(maximum="3d"),
        "Bluesky",
        "How far back the first run reads; hosts replay about a day and a half.",
        default="1h",
    )

    hackernews_ingest_enabled: bool = setting(
        "HACKERNEWS_INGEST_ENABLED",
        read.BOOL,
        "Hacker News",
        "Whether `ingest` reads the stories of Hacker News; no key is needed.",
        default="false",
    )
    hackernews_mode: str = setting(
        "HACKERNEWS_MODE",
        read.choice("all", "keywords"),
        "Hacker News",
        "Which stories are stored: all, or those with keywords of the settings or of profiles.",
        default="all",
    )
    hackernews_api_base_url: str = setting(
        "HACKERNEWS_API_BASE_URL",
        read.HTTP_URL,
        "Hacker News",
        "Address of the search of Hacker News.",
        default="https://hn.algolia.com/api/v1",
    )

    feeds: tuple[str, ...] = setting(
        "FEEDS",
        read.FEEDS,
        "Feeds",
        "Addresses of RSS, Atom and JSON feeds: news, forums, videos, private feeds of Reddit.",
        secret=True,
        example="https://news.example.org/rss.xml,https://example.org/feed.json",
    )

    mastodon_timelines: tuple[str, ...] = setting(
        "MASTODON_TIMELINES",
        read.TIMELINES,
        "Mastodon",
        "Timelines to read, of everybody or of a tag, at instances that show them without an account.",
        example="mastodon.social/tags/ferry,fosstodon.org/public/local",
    )
