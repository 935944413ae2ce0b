"""Settings of alerts: what is worth one, where they go, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, tzinfo

from trendspark_cli.base import setting_values as read
from trendspark_cli.base.quiet_hours import QuietHours
from trendspark_cli.base.setting_specs import setting


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # fields alone: `Settings` makes the rest
class AlertSettings:
    """What is worth an alert, where alerts go, and when."""

    alert_false_alarms_per_day: float = setting(
        "ALERT_FALSE_ALARMS_PER_DAY",
        read.AMOUNT,
        "ranking",
        "False alarms a day to calibrate the threshold for.",
        default="0.5",
    )
    alert_max_per_day: int = setting(
        "ALERT_MAX_PER_DAY", read.COUNT, "ranking", "Most trend alerts a day.", default="20"
    )
    alert_recency: timedelta = setting(
        "ALERT_RECENCY_MINUTES",
        read.MINUTES,
        "ranking",
        "Older bursts open no trend; older waiting alerts expire.",
        default="30",
    )
    alert_cooldown: timedelta = setting(
        "ALERT_COOLDOWN_HOURS",
        read.HOURS,
        "ranking",
        "Hours before a closed trend's terms may open another.",
        default="12",
    )

    trend_kinds: tuple[str, ...] = setting(
        "TREND_KINDS",
        read.TREND_KIND_NAMES,
        "ranking",
        "Kinds of trends that open: topic, post, volume (of a profile or keyword), silence (where posts are usual).",
        default="topic,post,volume",
    )
    interest: tuple[str, ...] = setting(
        "INTEREST",
        read.INTEREST_NAMES,
        "ranking",
        "What matters to you: trends like these words and communities come first, within a factor of two in size.",
        example="r/news,police court,government",
    )

    telegram_bot_token: str = setting(
        "TELEGRAM_BOT_TOKEN", read.BOT_TOKEN, "alerts", "Token from @BotFather.", secret=True
    )
    telegram_chat_id: str = setting(
        "TELEGRAM_CHAT_ID",
        read.CHAT,
        "alerts",
        "Chat id (such as -1001234567890) or @channel; CHAT:THREAD for a topic of a group.",
    )
    telegram_thread_id: int = setting(
        "TELEGRAM_THREAD_ID",
        read.THREAD,
        "alerts",
        "Topic of the group, when TELEGRAM_CHAT_ID names none.",
        example="45",
    )
    telegram_api_base_url: str = setting(
        "TELEGRAM_API_BASE_URL",
        read.HTTP_URL,
        "alerts",
        "Address of the Bot API.",
        default="https://api.telegram.org",
    )
    telegram_markers: tuple[int, ...] = setting(
        "TELEGRAM_MARKERS",
        read.USER_IDS,
        "alerts",
        "People whose word counts on the buttons good and noise under trends; unset: no buttons, nothing is read.",
        example="123456789,987654321",
    )
    enable_realtime_alerts: bool = setting(
        "ENABLE_REALTIME_ALERTS",
        read.BOOL,
        "alerts",
        "false records alerts as muted and sends nothing.",
        default="true",
    )
    timezone: tzinfo = setting(
        "TIMEZONE",
        read.ZONE,
        "alerts",
        "Time zone in which people read times, on screens and in alerts; data and JSON stay UTC.",
        default="UTC",
    )
    alert_pictures: bool = setting(
        "ALERT_PICTURES",
        read.BOOL,
        "alerts",
        "true sends the plot of a topic after its alert, where the channel takes pictures; needs the extra `pictures`.",
        default="false",
    )
    ops_channels: tuple[str, ...] = setting(
        "OPS_CHANNELS",
        read.CHANNEL_NAMES,
        "alerts",
        "Channels of alerts on jobs, services and money; unset is all.",
    )
    quiet_hours: QuietHours | None = setting(
        "QUIET_HOURS",
        read.QUIET_HOURS,
        "alerts",
        "Hours (in TIMEZONE) without trend alerts and ideas; afterwards one message tells of all. Other alerts pass.",
        example="22:00-07:00",
    )
    job_failure_threshold: int = setting(
        "JOB_FAILURE_THRESHOLD",
        read.positive("failures"),
        "alerts",
        "Failures of one job in a row before an alert.",
        default="3",
    )
    api_error_threshold: int = setting(
        "API_ERROR_THRESHOLD",
        read.positive("answers"),
        "alerts",
        "Server errors of one service before an alert.",
        default="5",
    )
    api_error_window: timedelta = setting(
        "API_ERROR_WINDOW_SECONDS",
        read.SECONDS,
        "alerts",
        "Time in which those errors are counted.",
        default="300",
    )
    ops_alert_cooldown: timedelta = setting(
        "OPS_ALERT_COOLDOWN_MINUTES",
        read.MINUTES,
        "alerts",
        "Least time between two alerts about one job or service.",
        default="30",
    )
