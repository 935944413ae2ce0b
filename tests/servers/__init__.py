"""Local imitations of the X, Reddit, Telegram and OpenAI web APIs, answering on real sockets of this machine.

Tests point the real tweepy and praw at them; see `XServer`, `RedditServer`, and `faults` for
what can be made to go wrong. Nothing here reaches the network.
"""

from .bluesky_api_server import BlueskyApiServer, post_view
from .bluesky_server import BlueskyServer
from .clients import praw_client, tweepy_client
from .fault_plan import FaultPlan
from .feed_server import FeedServer, feed_entry
from .hackernews_server import HackerNewsServer, hackernews_story
from .http_base import LocalServer
from .jetstream_server import JetstreamServer, account_event, delete_event, post_event
from .mastodon_server import MastodonServer, mastodon_status
from .messages import Answer, Fault, LoggedRequest, Request
from .openai_server import OpenAIServer
from .reddit_posts import reddit_post
from .reddit_server import RedditServer
from .telegram_server import TelegramServer
from .x_posts import edit_of, retweet_of, x_id, x_post
from .x_server import XServer

__all__ = [
    "Answer",
    "BlueskyApiServer",
    "BlueskyServer",
    "Fault",
    "FaultPlan",
    "FeedServer",
    "HackerNewsServer",
    "JetstreamServer",
    "LocalServer",
    "LoggedRequest",
    "MastodonServer",
    "OpenAIServer",
    "RedditServer",
    "Request",
    "TelegramServer",
    "XServer",
    "account_event",
    "delete_event",
    "edit_of",
    "feed_entry",
    "hackernews_story",
    "mastodon_status",
    "post_event",
    "post_view",
    "praw_client",
    "reddit_post",
    "retweet_of",
    "tweepy_client",
    "x_id",
    "x_post",
]
