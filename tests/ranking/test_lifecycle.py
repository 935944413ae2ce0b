from dataclasses import replace

import pytest

from trendspark_cli.ranking.bursts.term_evidence import TermEvidence
from trendspark_cli.ranking.bursts.topics import Topic
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.topic_lifecycle import TrendChanges, advance_trends
from trendspark_cli.ranking.lifecycle.trends import TopicTrend, TrendState, moment_of

RULES = LifecycleRules(threshold=6.0)
NOON = 1_700_000_000
HOUR = 3600


def topic(*terms: str, score: float = 8.0, posts: tuple[int, ...] = (1, 2, 3, 4), at: int = NOON) -> Topic:
    evidence = tuple(TermEvidence(term, score, 9.0, 0.1, 3600, 9, 0.0, 1.0, 1.0, 5) for term in terms)
    return Topic(", ".join(terms), evidence, score, 9.0, 0.1, 3600, 9, {"x": 9}, at - HOUR, at, posts, posts[:3])


def stored(changes: TrendChanges, trends: tuple[TopicTrend, ...] = ()) -> tuple[TopicTrend, ...]:
    """Return the trends after a store wrote the changes."""
    known = {trend.stored_id: trend for trend in trends}
    for trend in changes.updated + changes.closed:
        known[trend.stored_id] = trend
    for trend in changes.opened:
        new_id = len(known) + 1
        known[new_id] = replace(trend, id=new_id)
    return tuple(known.values())


def opened(*topics: Topic) -> tuple[TopicTrend, ...]:
    return stored(advance_trends((), topics, NOON, RULES))


def test_a_topic_over_the_threshold_opens_a_trend() -> None:
    changes = advance_trends((), [topic("volcano")], NOON, RULES)

    assert [trend.label for trend in changes.opened] == ["volcano"]


def test_a_topic_below_the_threshold_opens_nothing() -> None:
    assert advance_trends((), [topic("volcano", score=5.9)], NOON, RULES) == TrendChanges()


def test_a_date_alone_opens_nothing_and_goes_on_with_a_trend() -> None:
    friday = topic("friday")._replace(says_what=False)

    alone, later = (
        advance_trends(trends, [friday], NOON + 900, RULES) for trends in ((), opened(topic("friday", "ash")))
    )

    assert alone == TrendChanges()
    assert [trend.last_strong_at for trend in later.updated] == [moment_of(NOON + 900)]


def test_a_tick_of_long_ago_opens_nothing() -> None:
    assert advance_trends((), [topic("volcano")], NOON, RULES, may_open=False) == TrendChanges()


def test_the_same_tick_again_changes_nothing() -> None:
    topics = [topic("volcano", "ash"), topic("senate", posts=(7, 8, 9))]
    trends = stored(advance_trends((), topics, NOON, RULES))

    assert advance_trends(trends, topics, NOON, RULES) == TrendChanges()


def test_a_topic_sharing_a_leading_term_updates_its_trend() -> None:
    changes = advance_trends(opened(topic("volcano", "ash")), [topic("lava", "ash", posts=(50, 51))], NOON + 900, RULES)

    assert (len(changes.opened), len(changes.updated), changes.updated[0].id) == (0, 1, 1)


def test_a_topic_sharing_a_quarter_of_the_posts_of_the_smaller_updates_its_trend() -> None:
    told = opened(topic("volcano", posts=tuple(range(9))))

    changes = advance_trends(told, [topic("lava", posts=tuple(range(7, 15)))], NOON + 900, RULES)

    assert (changes.opened, [trend.id for trend in changes.updated]) == ((), [1])


@pytest.mark.parametrize("shared", [0, 1])
def test_a_topic_sharing_no_term_and_hardly_a_post_opens_its_own_trend(shared: int) -> None:
    others = topic("lava", posts=tuple(range(5 - shared, 8)))

    changes = advance_trends(opened(topic("volcano")), [others], NOON + 900, RULES)

    assert [trend.label for trend in changes.opened] == ["lava"]


def test_two_topics_of_one_tick_that_are_the_same_open_one_trend() -> None:
    assert len(opened(topic("volcano", "ash"), topic("ash", posts=(7, 8), score=7.0))) == 1


def test_a_stronger_look_replaces_the_peak_but_not_the_name() -> None:
    changes = advance_trends(
        opened(topic("volcano")), [topic("eruption", "volcano", score=12.0, posts=(1, 9, 10))], NOON + 900, RULES
    )

    [trend] = changes.updated
    assert (trend.score, trend.peak_at, trend.label) == (12.0, moment_of(NOON + 900), "volcano")
    assert (trend.story.post_ids, trend.story.terms) == ((1, 9, 10), ("eruption", "volcano"))


def test_a_weaker_look_keeps_the_peak_and_is_remembered_as_seen() -> None:
    changes = advance_trends(opened(topic("volcano")), [topic("volcano", score=7.0, at=NOON + 900)], NOON + 900, RULES)

    [trend] = changes.updated
    assert (trend.score, trend.peak_at, trend.last_seen) == (8.0, moment_of(NOON), moment_of(NOON + 900))


def test_the_terms_of_a_trend_stay_few() -> None:
    many = [topic("volcano", *(f"word{n}{m}" for n in range(7)), at=NOON + m) for m in range(9)]
    trends = opened(many[0])

    for one in many:
        trends = stored(advance_trends(trends, [one], one.last_seen, RULES), trends)

    assert len(trends[0].story.terms) == 12


def test_a_trend_closes_after_six_hours_below_half_the_threshold() -> None:
    weak = [topic("volcano", score=2.9)]
    trends = opened(topic("volcano"))

    almost = advance_trends(trends, weak, NOON + 6 * HOUR - 900, RULES)
    over = advance_trends(trends, weak, NOON + 6 * HOUR, RULES)

    assert (almost.closed, [trend.closed_at for trend in over.closed]) == ((), [moment_of(NOON + 6 * HOUR)])


def test_a_trend_nobody_speaks_of_closes_too() -> None:
    assert len(advance_trends(opened(topic("volcano")), [], NOON + 6 * HOUR, RULES).closed) == 1


def test_a_trend_at_half_the_threshold_stays_open() -> None:
    trends = opened(topic("volcano"))
    trends = stored(advance_trends(trends, [topic("volcano", score=3.0)], NOON + 5 * HOUR, RULES), trends)

    assert advance_trends(trends, [], NOON + 10 * HOUR, RULES).closed == ()


def test_a_recently_closed_trend_goes_on_instead_of_opening_again() -> None:
    trends = opened(topic("volcano"))
    trends = stored(advance_trends(trends, [], NOON + 6 * HOUR, RULES), trends)

    changes = advance_trends(trends, [topic("volcano")], NOON + 12 * HOUR, RULES)

    assert (changes.opened, [trend.state for trend in changes.updated]) == ((), [TrendState.OPEN])


def test_after_the_cooldown_the_topic_is_a_new_trend() -> None:
    trends = opened(topic("volcano"))
    trends = stored(advance_trends(trends, [], NOON + 6 * HOUR, RULES), trends)

    assert len(advance_trends(trends, [topic("volcano")], NOON + 31 * HOUR, RULES).opened) == 1


def test_two_trends_that_become_one_topic_leave_the_older_open() -> None:
    trends = opened(topic("volcano"))
    trends = stored(advance_trends(trends, [topic("lava", posts=(8, 9))], NOON + 900, RULES), trends)

    changes = advance_trends(trends, [topic("volcano", "lava")], NOON + 1800, RULES)

    assert ([trend.id for trend in changes.updated], [trend.id for trend in changes.closed]) == ([1], [2])
