"""Rules of X's filtered stream: read, added and removed through tweepy; and what X would refuse, told beforehand."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import requests
import tweepy

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import (
    BadAnswerError,
    ConfigError,
    CredentialsRefusedError,
    RateLimitedError,
    UpstreamError,
)
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.services.http import BoundedAdapter, session
from trendspark_cli.services.transport_errors import no_answer
from trendspark_cli.services.x.search import LIBRARY_HOST

TAG = "trendspark"  # rules of other programs of the same app have other tags, and are left alone
LONGEST_RULE = 1024  # characters; 512 on some plans, which X then says
_TOKEN = re.compile(r'"[^"]*"|\(|\)|[^\s()"]+')
_OPERATOR = re.compile(r"-?([a-z_]+):.+")
_KNOWN_OPERATOR = re.compile(
    "bio|bio_location|bio_name|bounding_box|context|conversation_id|entity|followers_count|following_count|from|has|"
    "https?|in_reply_to_tweet_id|is|lang|list|listed_count|place|place_country|point_radius|retweets_of|"
    "retweets_of_tweet_id|sample|source|to|tweets_count|url|url_contains|url_description|url_title"
)
_NOT_ALONE = re.compile(r"-?(is|has|lang|sample|followers_count|tweets_count|following_count|listed_count):.*|-.*")


@dataclass(frozen=True)
class Rule:
    """A rule as X has it."""

    id: str
    value: str
    tag: str

    @property
    def is_ours(self) -> bool:
        """Tell whether we may remove it."""
        return self.tag.partition(":")[0] == TAG


class _Rule(msgspec.Struct):
    value: str
    id: str = ""
    tag: str = ""


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""
    details: list[str] = []
    value: str = ""


class _Rules(msgspec.Struct):
    data: list[_Rule] | None = None
    errors: list[_Problem] | None = None


class XRules:
    """The rules of this app at X."""

    def __init__(
        self, *, bearer_token: str, base_url: str, record: Callable[[ApiCall], None], answer_seconds: float
    ) -> None:
        self._client = tweepy.StreamingClient(bearer_token, return_type=requests.Response)
        adapter = BoundedAdapter(
            "x",
            record,
            rewrites={LIBRARY_HOST: base_url},
            endpoint_of=lambda path: "stream_rules",
            remaining_header="x-rate-limit-remaining",
            answer_seconds=answer_seconds,
        )
        session(adapter, self._client.session).hooks["response"].append(_judge)

    def all(self) -> list[Rule]:
        """Return every rule of the app, ours and others'."""
        return [Rule(rule.id, rule.value, rule.tag) for rule in self._ask(self._client.get_rules).data or ()]

    def add(self, values: Sequence[str], *, is_dry: bool = False) -> None:
        """Add rules with our tag; with *is_dry* X only says what it thinks of them.

        Raises ConfigError when X refuses one. One that is there already is no problem.
        """
        rules = [tweepy.StreamRule(value, tag=tag_of(value)) for value in values]
        answer = self._ask(lambda: self._client.add_rules(rules, dry_run=is_dry))
        problems = [problem for problem in answer.errors or () if problem.title != "DuplicateRule"]
        if problems:
            first = problems[0]
            told = excerpt("; ".join([first.title, first.detail, *first.details]).strip("; "), 300)
            raise ConfigError(f"x refused the rule {first.value!r}: {told}", hint="see `trendspark rules list`")

    def remove(self, rules: Sequence[Rule]) -> None:
        """Remove rules of ours. Raises ValueError for one of another program: those are never touched."""
        foreign = [rule.value for rule in rules if not rule.is_ours]
        if foreign:
            raise ValueError(f"rules of another program are not ours to remove: {foreign}")
        self._ask(lambda: self._client.delete_rules([rule.id for rule in rules]))

    def make(self, values: Sequence[str], *, is_dry: bool = False) -> tuple[int, int]:
        """Make our rules at X these; return how many were added and how many removed.

        Added first, then removed, so that nothing is missed in between; X takes up to 20 s for it. Rules of other
        programs are left alone. Raises ConfigError when X refuses one.
        """
        actual = self.all()
        have = {rule.value for rule in actual if rule.is_ours}
        missing = [value for value in values if value not in have]
        surplus = [rule for rule in actual if rule.is_ours and rule.value not in values]
        if missing:
            self.add(missing, is_dry=is_dry)
        if surplus and not is_dry:
            self.remove(surplus)
        return len(missing), len(surplus)

    def _ask(self, call: Callable[[], Any]) -> _Rules:
        try:
            response = call()
        except requests.exceptions.RequestException as error:
            raise no_answer("x", error, "X_API_BASE_URL") from error
        try:
            return msgspec.json.decode(response.content, type=_Rules)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            hint = "check X_API_BASE_URL, proxies and captive portals on this network"
            raise BadAnswerError("x", f"the answer is no list of rules ({excerpt(error, 100)})", hint=hint) from error


def tag_of(value: str) -> str:
    """Return the tag of a rule of ours, which also tells rules apart in what X sends."""
    return f"{TAG}:{hashlib.sha256(value.encode()).hexdigest()[:8]}"


def rule_problems(value: str) -> list[str]:
    """Return what X would refuse in a rule, as far as that can be known without asking."""
    problems = []
    if not value.strip():
        return ["it is empty"]
    if len(value) > LONGEST_RULE:
        problems.append(f"it has {len(value)} characters; X accepts {LONGEST_RULE}")
    if value.count('"') % 2:
        problems.append("a quote is not closed")
    depth, tokens = 0, _TOKEN.findall(value)
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth < 0:
            break
    if depth:
        problems.append("brackets do not match")
    if "AND" in tokens:
        problems.append("AND is no operator: a space is enough")
    if tokens and (tokens[0] == "OR" or tokens[-1] == "OR"):
        problems.append("OR stands between two terms")
    names = [match[1] for token in tokens if (match := _OPERATOR.fullmatch(token))]
    problems += [f"{name}: is no operator of X" for name in names if not _KNOWN_OPERATOR.fullmatch(name)]
    if all(token in ("(", ")", "OR") or _NOT_ALONE.fullmatch(token) for token in tokens):
        problems.append("it needs a word, phrase, hashtag or account: what narrows cannot stand alone")
    return problems


def _judge(response: requests.Response, **options: Any) -> None:
    """Raise what an answer means that is no list of rules."""
    status, told = response.status_code, excerpt(response.text, 200)
    if status in (200, 201):
        return
    if status in (401, 402, 403):
        hint = "check X_BEARER_TOKEN, and the app's access level in the X developer portal"
        raise CredentialsRefusedError("x", f"the app may not read or change rules ({status})", status=status, hint=hint)
    if status == 400:
        raise ConfigError(f"x refused the rules (400): {told}", hint="see `trendspark rules list`")
    if status == 429:
        raise RateLimitedError("x", "rate limit of rules reached (429)", status=429, hint="try again in a few minutes")
    if status >= 500:
        raise UpstreamError("x", f"rules are failing ({status})", status=status, hint="try again later")
    raise BadAnswerError("x", f"rules answered {status}: {told}", status=status, hint="check X_API_BASE_URL")
