"""Proofs about what both servers share: scripted faults, stopping, encryption."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import tweepy  # type: ignore[import-untyped, unused-ignore]

from . import Fault, Request, XServer, faults
from . import tweepy_client as make_tweepy
from .certificates import CertificateError, make_certificate
from .samples import QUERY, at_now, posts, search


@pytest.fixture
def x() -> Iterator[XServer]:
    with XServer(posts(25), clock=at_now) as server:
        yield server


def test_faults_come_in_the_order_they_were_queued(x: XServer) -> None:
    x.faults.add(None).add(faults.forbidden(), times=2).add(faults.not_found(), endpoint="usage")
    search(x)
    for _ in range(2):
        with pytest.raises(tweepy.Forbidden):
            search(x)

    assert search(x)["meta"]["result_count"] == 10
    assert [entry.status for entry in x.log] == [200, 403, 403, 200]


def test_a_flaky_server_fails_the_same_requests_for_the_same_seed() -> None:
    def fates(seed: int) -> list[str | None]:
        with XServer(posts(1), clock=at_now) as server:
            server.faults.decide_with(faults.flaky(seed, 0.5, faults.QUICK_FAULTS))
            headers = {"Authorization": f"Bearer {server.bearer_token}"}
            with requests.Session() as session:
                session.trust_env = False
                for _ in range(40):
                    try:
                        session.get(
                            f"{server.url}/2/tweets/search/recent?query=python",
                            headers=headers,
                            timeout=1,
                            allow_redirects=False,
                        )
                    except requests.RequestException:
                        continue
            return [entry.fault for entry in server.log]

    first = fates(1)

    assert first == fates(1) != fates(2)
    assert 10 < sum(fate is not None for fate in first) < 30


def test_stopping_frees_hanging_requests_at_once() -> None:
    server = XServer(clock=at_now).start()
    server.faults.add(faults.hang(), times=None)
    with pytest.raises(requests.exceptions.ReadTimeout):
        search(server)
    began = time.monotonic()
    server.stop()

    assert time.monotonic() - began < 1
    with pytest.raises(requests.exceptions.ConnectionError):
        search(server)


def test_an_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    try:
        certificate = make_certificate(tmp_path)
    except CertificateError as reason:
        pytest.skip(str(reason))
    with XServer(posts(1), clock=at_now, certificate=certificate) as server:
        with pytest.raises(requests.exceptions.SSLError):
            search(server)
        client = make_tweepy(server)
        client.session.verify = str(certificate.certificate_file)

        assert len(client.search_recent_tweets(QUERY).data) == 1


def _broken(request: Request) -> Fault | None:
    raise ZeroDivisionError


def test_a_bug_in_a_server_fails_the_test_that_uses_it() -> None:
    server = XServer(posts(1), clock=at_now).start()
    server.faults.decide_with(_broken)
    with pytest.raises(tweepy.TwitterServerError):
        search(server)

    with pytest.raises(RuntimeError, match="test server itself failed"):
        server.__exit__(None, None, None)


def test_many_requests_at_once_are_all_logged_and_counted() -> None:
    with XServer(posts(1), clock=at_now) as server, ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: search(server, seconds=30.0), range(64)))

        assert sorted(entry.request.number for entry in server.log) == list(range(1, 65))
        assert server.billing.billed_posts == 1
