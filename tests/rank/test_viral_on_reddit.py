"""From a service's counters, read again by `ingest`, to the alert that a post goes viral."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.ingest.operator import NOW, Operator
from tests.rank.viral import ingest, quiet_days
from tests.servers import RedditServer, reddit_post


def test_counters_read_again_show_a_post_that_takes_off(tmp_path: Path) -> None:
    post = reddit_post(NOW - timedelta(minutes=5), "The ferry is back", subreddit="ferries", author="captain", score=6)
    with RedditServer([post], client_id="reddit-app-id-of-tests", client_secret="reddit-app-secret-of-tests") as reddit:
        operator = Operator(
            tmp_path / "home",
            {
                "REDDIT_CLIENT_ID": "reddit-app-id-of-tests",
                "REDDIT_CLIENT_SECRET": "reddit-app-secret-of-tests",
                "REDDIT_USER_AGENT": "linux:trendspark-tests:1 (by /u/nobody)",
                "REDDIT_SUBREDDITS": "ferries",
                "REDDIT_BASE_URL": reddit.url,
                "REDDIT_OAUTH_URL": reddit.url,
            },
        )
        ingest(operator, [{**one, "source": "reddit", "community": "ferries"} for one in quiet_days(NOW)])
        operator.ingest()
        operator.rank()
        operator.later(minutes=40)
        reddit.update(f"t3_{post['id']}", score=2_000, num_comments=80)

        operator.ingest()
        operator.rank()

    [trend] = operator.rows("SELECT label, kind, sources, observed FROM trends")
    assert trend == {"label": "The ferry is back", "kind": "post", "sources": '{"reddit": 1}', "observed": 2000.0}
