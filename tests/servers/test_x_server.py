"""Proofs that the real tweepy works, and fails, against the local X."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import tweepy  # type: ignore[import-untyped, unused-ignore]

from . import XServer, edit_of, faults, retweet_of
from . import tweepy_client as make_tweepy
from .messages import Fault
from .samples import NOW, QUERY, at_now, ids_of, posts, search
from .x_posts import id_time, quote_of, x_post
from .x_problems import oldest_searchable_id
from .x_query import QueryError, parse_query


@pytest.fixture
def x() -> Iterator[XServer]:
    with XServer(posts(25), clock=at_now) as server:
        yield server


# X: healthy answers


def test_an_id_carries_the_time_of_its_post() -> None:
    post = x_post(NOW, "python")

    assert id_time(post["id"]) == NOW.timestamp()
    assert post["created_at"] == "2026-11-01T12:00:00.000Z"


def test_pages_go_from_the_newest_post_to_the_oldest_without_repeats(x: XServer) -> None:
    pages = tweepy.Paginator(make_tweepy(x).search_recent_tweets, QUERY, max_results=10)
    found = [str(tweet.id) for page in pages for tweet in page.data]

    assert found == ids_of(posts(25))


def test_since_id_gives_only_newer_posts_and_keeps_paging(x: XServer) -> None:
    since_id = posts(25)[12]["id"]
    page = search(x, since_id=since_id, max_results=10)
    token = page["meta"]["next_token"]
    rest = search(x, since_id=since_id, max_results=10, next_token=token)

    assert ids_of(page["data"] + rest["data"]) == ids_of(posts(25)[:12])
    assert page["meta"]["newest_id"] == posts(1)[0]["id"]
    assert "next_token" not in rest["meta"]


def test_no_result_has_no_data_key(x: XServer) -> None:
    assert search(x, query="nothing") == {"meta": {"result_count": 0}}


def test_posts_younger_than_thirty_seconds_are_not_found_yet(x: XServer) -> None:
    x.add([x_post(NOW - timedelta(seconds=29), "python right now")])

    assert search(x)["meta"]["newest_id"] == posts(1)[0]["id"]


def test_only_the_fields_asked_for_are_answered(x: XServer) -> None:
    plain = search(x)["data"][0]
    asked = search(x, tweet_fields=["lang", "public_metrics"])["data"][0]

    assert set(plain) == {"id", "text", "edit_history_tweet_ids"}
    assert set(asked) - set(plain) == {"lang", "public_metrics"}


def test_expansions_bring_authors_and_quoted_posts_and_errors_for_missing_ones(x: XServer) -> None:
    original = posts(1)[0]
    elsewhere = x_post(NOW - timedelta(days=1), "elsewhere", author_id="77")
    x.add([quote_of(original, NOW - timedelta(seconds=40), "python quoted")])
    x.add([quote_of(elsewhere, NOW - timedelta(seconds=41), "python lost", author_id="13")])
    x.suspend_author("13")
    answer = search(x, expansions=["author_id", "referenced_tweets.id"])

    assert {user["id"] for user in answer["includes"]["users"]} == {"2244994945", "12"}
    assert ids_of(answer["includes"]["tweets"]) == [original["id"]]
    assert {error["value"] for error in answer["errors"]} == {elsewhere["id"], "13"}
    assert answer["meta"]["result_count"] == 10


def test_only_the_last_version_of_an_edited_post_is_found(x: XServer) -> None:
    first = posts(1)[0]
    second = edit_of(first, NOW - timedelta(seconds=45), "python, corrected")
    x.add([second])
    found = search(x)["data"]

    assert found[0]["edit_history_tweet_ids"] == [first["id"], second["id"]]
    assert first["id"] not in ids_of(found)


def test_a_long_post_is_cut_in_text_and_whole_in_note_tweet(x: XServer) -> None:
    x.add([x_post(NOW - timedelta(seconds=45), "long & " * 60 + "python")])
    found = search(x, tweet_fields=["note_tweet"])["data"][0]

    assert found["text"].endswith("…")
    assert "python" not in found["text"]
    assert found["note_tweet"]["text"].endswith("&amp; python")


def test_a_short_page_still_has_a_next_token(x: XServer) -> None:
    x.short_page = 3
    answer = search(x, max_results=100)

    assert answer["meta"]["result_count"] == 3
    assert answer["meta"]["next_token"]


def test_one_post_is_billed_once_a_day(x: XServer) -> None:
    search(x)
    search(x)

    assert x.billing.delivered_posts == 20
    assert x.billing.cost_usd == 0.05


def test_a_look_up_answers_metrics_and_names_what_is_missing(x: XServer) -> None:
    post = posts(1)[0]
    x.set_metrics(post["id"], like_count=12)
    client = make_tweepy(x, return_type=dict)
    answer = client.get_tweets([post["id"], "1"], tweet_fields=["public_metrics"])

    assert answer["data"][0]["public_metrics"]["like_count"] == 12
    assert [error["value"] for error in answer["errors"]] == ["1"]


def test_counts_and_usage_answer_without_billing_posts(x: XServer) -> None:
    client = make_tweepy(x, return_type=dict)
    counts = client.get_recent_tweets_count(QUERY)
    headers = {"Authorization": f"Bearer {x.bearer_token}"}
    usage = client.session.get(f"{x.url}/2/usage/tweets", headers=headers).json()

    assert counts["meta"]["total_tweet_count"] == 25
    assert sum(part["tweet_count"] for part in counts["data"]) == 25
    assert usage["data"]["project_usage"] == "0"


def test_the_bearer_token_is_logged_apart_from_the_headers(x: XServer) -> None:
    search(x)

    assert x.log[0].authorization == f"Bearer {x.bearer_token}"
    assert "authorization" not in x.log[0].headers
    assert (x.log[0].endpoint, x.log[0].status) == ("search_recent", 200)


# X: refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"query": "a" * 513}, "512"),
        ({"max_results": 9}, "between 10 and 100"),
        ({"max_results": 101}, "between 10 and 100"),
        ({"since_id": "1" * 18}, "'since_id' must be a tweet id created after 2026-10-25T12:00Z."),
        ({"since_id": posts(1)[0]["id"], "start_time": NOW}, "in conjunction with"),
        ({"end_time": NOW - timedelta(seconds=9)}, "minimum of 10 seconds prior"),
        ({"start_time": NOW - timedelta(days=8)}, "must be on or after 2026-10-25T12:00Z"),
        ({"next_token": "forged"}, "not valid"),
        ({"tweet_fields": ["colour"]}, "is not one of"),
        ({"query": "python AND rust"}, "Ambiguous use of and"),
        ({"query": "lang:en"}, "standalone operator"),
    ],
)
def test_what_x_refuses_is_a_bad_request(x: XServer, options: dict[str, Any], message: str) -> None:
    with pytest.raises(tweepy.BadRequest, match="400 Bad Request") as caught:
        search(x, **options)

    assert message in caught.value.api_messages[0]


def test_the_refusal_of_an_old_since_id_names_the_smallest_that_works(x: XServer) -> None:
    with pytest.raises(tweepy.BadRequest) as caught:
        search(x, since_id="1")
    smallest = oldest_searchable_id(at_now())

    assert f"larger than {smallest}" in str(caught.value)
    assert search(x, since_id=smallest + 1)["meta"]["result_count"] == 10


def test_a_wrong_token_is_unauthorized(x: XServer) -> None:
    with pytest.raises(tweepy.Unauthorized):
        make_tweepy(x, bearer_token="wrong").search_recent_tweets(QUERY)


def test_a_used_up_quota_answers_429_until_the_window_ends() -> None:
    now = [at_now()]
    with XServer(clock=lambda: now[0], quotas={"search_recent": 2}) as server:
        search(server)
        search(server)
        with pytest.raises(tweepy.TooManyRequests) as caught:
            search(server)
        now[0] += 900

        assert caught.value.reset_time == at_now() + 900
        assert search(server)["meta"]["result_count"] == 0


def test_no_credits_left_is_402_and_a_used_up_cap_is_429(x: XServer) -> None:
    search(x)
    x.credits_usd = 0.05
    with pytest.raises(tweepy.HTTPException, match="402 Payment Required"):
        search(x)
    x.credits_usd, x.post_cap = None, 10
    with pytest.raises(tweepy.TooManyRequests, match="Usage cap exceeded"):
        search(x)


def test_the_query_language() -> None:
    post = x_post(NOW, "Ça va, C# & Machine-Learning? #AI $TSLA", lang="fr")
    retweet = retweet_of(post, NOW)
    matching = ("ca", "VA", '"machine learning"', "(rust OR ca) lang:fr", "#ai", "$tsla")
    missing = ("machin", '"learning machine"', "ca -va", "ca lang:en", "rust OR (ca -#ai)")

    assert all(parse_query(query)(post) for query in matching)
    assert not any(parse_query(query)(post) for query in missing)
    assert parse_query("ca is:retweet")(retweet)
    assert not parse_query("ca -is:retweet")(retweet)
    for broken in ("ca -(va OR rust)", "(ca", "ca OR", "ca min_likes:5"):
        with pytest.raises(QueryError):
            parse_query(broken)


# X: faults, and what tweepy makes of them


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.unauthorized(), tweepy.Unauthorized),
        (faults.credits_depleted(), tweepy.HTTPException),
        (faults.forbidden(), tweepy.Forbidden),
        (faults.not_found(), tweepy.NotFound),
        *((faults.rate_limited(reset), tweepy.TooManyRequests) for reset in faults.Reset),
        (faults.usage_capped(), tweepy.TooManyRequests),
        *((faults.server_error(s), tweepy.TwitterServerError) for s in (500, 502, 503, 504)),
        (faults.hang(), requests.exceptions.ReadTimeout),
        (faults.truncated_body(), requests.exceptions.ChunkedEncodingError),
        (faults.connection_reset(), requests.exceptions.ConnectionError),
        (faults.html_page(), requests.exceptions.JSONDecodeError),
        (faults.redirect_to_login(), requests.exceptions.JSONDecodeError),
        (faults.broken_json(), requests.exceptions.JSONDecodeError),
        (faults.empty_body(), requests.exceptions.JSONDecodeError),
        (faults.json_list(), AttributeError),
        (faults.since_id_too_old(), tweepy.BadRequest),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_tweepy_raises_what_the_notes_say_and_then_recovers(
    x: XServer,
    fault: Fault,
    error: type[Exception],
) -> None:
    x.faults.add(fault)
    client = make_tweepy(x, seconds=0.3)
    with pytest.raises(error) as caught:
        client.search_recent_tweets(QUERY)

    assert type(caught.value) is error
    assert x.log[0].fault == fault.name
    assert len(client.search_recent_tweets(QUERY).data) == 10


@pytest.mark.parametrize("reset", faults.Reset)
def test_a_429_says_when_it_ends_or_does_not(x: XServer, reset: faults.Reset) -> None:
    x.faults.add(faults.rate_limited(reset))
    with pytest.raises(tweepy.TooManyRequests) as caught:
        search(x)
    expected = None if reset.value is None else at_now() + reset.value

    assert caught.value.reset_time == expected


@pytest.mark.parametrize("fault", [faults.null_data(), faults.errors_only()])
def test_an_answer_without_data_is_no_error_to_tweepy(x: XServer, fault: Fault) -> None:
    x.faults.add(fault)

    assert make_tweepy(x).search_recent_tweets(QUERY).data is None


def test_a_slow_body_outlasts_a_time_out_between_bytes(x: XServer) -> None:
    x.faults.add(faults.slow_body(seconds_per_drip=0.02, drips=40))
    began = time.monotonic()
    search(x)

    assert time.monotonic() - began > 0.6  # the client's time-out is 0.3


def test_a_redirect_to_another_host_does_not_carry_the_token_along(x: XServer) -> None:
    x.faults.add(faults.redirect_to_login())
    with pytest.raises(requests.exceptions.JSONDecodeError):
        search(x)

    assert [entry.authorization is None for entry in x.log] == [False, True]
