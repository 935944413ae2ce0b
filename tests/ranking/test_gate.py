"""What is a trend and what is not: the promises of the gate."""

from collections.abc import Sequence

import pytest

from tests.ranking.streams import HOUR, START_TICK, Desk, background, post, said
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY, WINDOW_TICKS
from trendspark_cli.ranking.bursts.spelling import spell_topic
from trendspark_cli.ranking.bursts.topics import Topic


def quiet_hours(now: int, per_tick: int = 10) -> list[PostRow]:
    return background(now // TICK_SECONDS - WINDOW_TICKS[-1], WINDOW_TICKS[-1], per_tick)


def in_other_words(rows: list[PostRow]) -> list[PostRow]:
    return [row._replace(text=row.text.replace("everyday", "other")) for row in rows]


def labels(topics: Sequence[Topic]) -> list[str]:
    return [topic.label for topic in topics]


def test_nothing_happening_gives_no_topics(desk: Desk, now: int) -> None:
    assert desk.topics(quiet_hours(now), now) == []


def test_an_empty_window_gives_no_topics(desk: Desk, now: int) -> None:
    assert desk.topics([], now) == []


def test_many_people_speaking_of_something_new_is_a_topic(desk: Desk, now: int) -> None:
    burst = said("volcano eruption", 12, now - HOUR)

    topics = desk.topics(quiet_hours(now) + burst, now)

    assert labels(topics) == ["volcano eruption"]


def test_a_topic_says_what_was_observed_expected_and_enough(desk: Desk, now: int) -> None:
    burst = said("volcano eruption", 12, now - 600)

    [topic] = desk.topics(quiet_hours(now) + burst, now)

    strongest = topic.terms[0]
    assert (topic.authors, topic.sources, topic.first_seen) == (12, {"reddit": 12}, now - 600)
    assert strongest.observed == pytest.approx(12)
    assert strongest.expected < 0.1
    assert 3 <= strongest.enough < 12


def test_just_enough_posts_reach_the_threshold_and_one_less_does_not(desk: Desk, now: int) -> None:
    [topic] = desk.topics(quiet_hours(now) + said("volcano", 12, now - 600), now)
    enough = topic.terms[0].enough

    found = [bool(desk.topics(quiet_hours(now) + said("volcano", n, now - 600), now)) for n in (enough - 1, enough)]

    assert found == [False, True]


def test_a_floor_above_what_is_sure_still_lists_what_is_large_enough(desk: Desk, now: int) -> None:
    few = said("volcano", 4, now - 600)

    [topic] = desk.topics(quiet_hours(now) + few, now, floor=12.0)

    assert topic.terms[0].surprise is not None
    assert topic.terms[0].surprise < 12.0 <= topic.score


def test_examples_are_of_different_authors_and_texts(desk: Desk, now: int) -> None:
    copies = [post("volcano eruption now", now - 900 + n, f"copy{n}") for n in range(5)]
    burst = copies + said("volcano eruption", 10, now - HOUR, ["ann", "bob", "cid", "dan", "eve", "fay"])

    [topic] = desk.topics(quiet_hours(now) + burst, now)

    of_copies = {row.id for row in copies} & set(topic.example_ids)
    assert len(topic.example_ids) == 3
    assert len(of_copies) <= 1


def test_posts_of_the_future_are_ignored(desk: Desk, now: int) -> None:
    assert desk.topics(quiet_hours(now) + said("volcano eruption", 12, now), now) == []


def test_one_author_posting_sixty_times_is_no_topic(desk: Desk, now: int) -> None:
    flood = said("volcano eruption", 60, now - HOUR, ["spammer"])

    assert desk.topics(quiet_hours(now) + flood, now) == []


def test_three_accounts_copying_one_text_are_no_topic(desk: Desk, now: int) -> None:
    copies = [
        post(f"RT @a: Volcano eruption near city https://t.co/{n}", now - HOUR + n, f"ring{n % 3}") for n in range(30)
    ]

    assert desk.topics(quiet_hours(now) + copies, now) == []


@pytest.mark.parametrize("ending", ["", " {n}th edition"])
def test_many_accounts_copying_one_text_are_no_topic(desk: Desk, now: int, ending: str) -> None:
    text = "volcano eruption near city harbour" + ending
    copies = [post(text.format(n=n), now - 900 + n, f"fan{n}") for n in range(80)]

    assert desk.topics(quiet_hours(now) + copies, now) == []


def test_a_copied_text_and_one_more_post_surprise_nobody(desk: Desk, now: int) -> None:
    copies = [post("volcano eruption near city harbour", now - 900 + n, f"fan{n}") for n in range(80)]
    other = said("volcano eruption", 1, now - 800)

    found = desk.topics(quiet_hours(now) + copies + other, now, floor=0.1)

    assert "volcano eruption" not in {term.term for topic in found for term in topic.terms}


def test_accounts_that_send_a_text_again_and_again_are_one_voice_together(desk: Desk, now: int) -> None:
    ring = [post("volcano eruption near city harbour", now - 900 + n, f"ring{n % 3}") for n in range(9)]
    others = said("volcano eruption", 2, now - 800)

    [topic] = desk.topics(quiet_hours(now) + ring + others, now, floor=1.0)[:1]

    assert topic.terms[0].term == "volcano eruption"
    assert topic.observed == pytest.approx(3.0)


def test_authors_of_the_same_name_on_two_sources_are_two(desk: Desk, now: int) -> None:
    desk.learn(background(START_TICK, 3 * TICKS_PER_DAY, 2, "x"))
    burst = [
        post(f"volcano {word}", now - 600, f"ann{n}", source)
        for n, word in enumerate(["ash", "lava", "smoke"])
        for source in ("x", "reddit")
    ]

    [topic] = desk.topics(
        quiet_hours(now) + background(now // TICK_SECONDS - WINDOW_TICKS[-1], WINDOW_TICKS[-1], 2, "x") + burst,
        now,
        floor=2.0,
    )[:1]

    assert (topic.authors, dict(topic.sources)) == (6, {"x": 3, "reddit": 3})


def test_three_times_the_volume_of_everything_is_no_topic(desk: Desk, now: int) -> None:
    assert desk.topics(quiet_hours(now, per_tick=30), now) == []


def test_one_source_falling_silent_hardly_changes_the_scores_of_the_other(now: int) -> None:
    alone, beside_a_silent_one = Desk(), Desk()
    alone.learn(in_other_words(background(START_TICK + 96, 192, 10)))
    beside_a_silent_one.learn(
        background(START_TICK + 96, 192, 40, "x") + in_other_words(background(START_TICK + 96, 192, 10))
    )
    rows = in_other_words(quiet_hours(now))

    scores = [[topic.score for topic in desk.topics(rows, now, floor=2.0)] for desk in (alone, beside_a_silent_one)]

    assert scores[1] == pytest.approx(scores[0], abs=0.1)


def test_a_word_in_every_post_is_no_topic(now: int) -> None:
    desk = Desk()
    desk.learn(row._replace(text=f"breaking {row.text}") for row in background(START_TICK, 2 * TICKS_PER_DAY))
    desk.learn(row._replace(text=f"breaking {row.text}") for row in background(START_TICK + 192, 96))

    assert desk.topics([row._replace(text=f"breaking {row.text}") for row in quiet_hours(now)], now) == []


def test_a_daily_thread_is_no_topic_after_a_week() -> None:
    desk = Desk()
    days = [START_TICK + day * TICKS_PER_DAY for day in range(8)]
    threads = [said("morning thread", 15, day * TICK_SECONDS + 9 * HOUR, seed=day) for day in days]
    desk.learn(row for day, thread in zip(days[:7], threads, strict=False) for row in background(day, 96) + thread)
    today = background(days[7], 40) + threads[7]

    found = [desk.topics(today, days[7] * TICK_SECONDS + 9 * HOUR + 900 * tick) for tick in range(1, 16)]

    assert not [label for topics in found for label in labels(topics) if "thread" in label or "morning" in label]


def test_the_same_burst_on_the_next_day_is_weaker(desk: Desk, now: int) -> None:
    first = said("volcano eruption", 12, now - HOUR)
    [fresh] = desk.topics(quiet_hours(now) + first, now)
    desk.learn(quiet_hours(now) + first)
    tomorrow = now + 86_400

    [again] = desk.topics(quiet_hours(tomorrow) + said("volcano eruption", 12, tomorrow - HOUR), tomorrow, floor=0.5)[
        :1
    ]

    assert again.score < fresh.score


def test_a_source_that_is_warming_up_opens_nothing() -> None:
    desk = Desk()
    desk.learn(background(START_TICK, 90))
    now = (START_TICK + 95) * TICK_SECONDS

    assert desk.topics(said("volcano eruption", 40, now - HOUR), now) == []


def test_a_source_never_seen_opens_nothing(desk: Desk, now: int) -> None:
    burst = [row._replace(source="mastodon") for row in said("volcano eruption", 40, now - HOUR)]

    assert desk.topics(quiet_hours(now) + burst, now) == []


def test_words_of_one_story_are_one_topic(desk: Desk, now: int) -> None:
    burst = said("volcano eruption in Iceland", 12, now - HOUR)

    assert len(desk.topics(quiet_hours(now) + burst, now)) == 1


def test_two_stories_at_once_are_two_topics(desk: Desk, now: int) -> None:
    burst = said("volcano eruption", 12, now - HOUR) + said("senate shutdown", 12, now - HOUR)

    assert sorted(labels(desk.topics(quiet_hours(now) + burst, now))) == ["senate shutdown", "volcano eruption"]


def test_a_label_is_spelled_as_most_posts_spell_it(desk: Desk, now: int) -> None:
    burst = said("#iPhone launch’s", 9, now - HOUR) + said("iphone launch", 3, now - 600)
    [topic] = desk.topics(quiet_hours(now) + burst, now)

    spelled = spell_topic(topic, {row.id: row.text for row in burst})

    assert spelled.label == "iPhone launch"


def test_a_burst_in_japanese_is_a_topic(desk: Desk, now: int) -> None:
    burst = [post(f"{chr(0x4E10 + n)}大地震{chr(0x5E10 + n)}", now - 600 + n) for n in range(12)]

    [topic] = desk.topics(quiet_hours(now) + burst, now)

    assert {term.term for term in topic.terms} == {"大地", "地震"}


def test_a_tag_made_of_the_topics_words_is_not_a_second_topic(desk: Desk, now: int) -> None:
    words, tag = said("harbour bridge", 12, now - HOUR), said("#harbourbridge", 9, now - HOUR, seed=6)

    topics = desk.topics(quiet_hours(now) + words + tag, now)

    assert [{"harbour bridge", "harbourbridge"} <= {term.term for term in topic.terms} for topic in topics] == [True]


def test_a_large_source_of_which_little_is_known_has_no_news_where_nothing_happens() -> None:
    desk, tick = Desk(), START_TICK + TICKS_PER_DAY
    desk.learn(background(START_TICK, 8, per_tick=1_000))

    assert desk.topics(background(tick - 4, 4, per_tick=1_000), tick * TICK_SECONDS) == []
