"""`brief`: what each open trend is about in two sentences, ideas for the operator's field, one message a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from trendspark_cli.base.clock import date_text, to_text
from trendspark_cli.base.errors import SourcesFailedError
from trendspark_cli.briefs.brief import Brief, BriefRun, Idea, brief_json, idea_json
from trendspark_cli.briefs.brief_tasks import MOST_POSTS, checked_ideas, checked_label, ideas_task, label_task
from trendspark_cli.briefs.brief_texts import MARK, daily_alert, extracted
from trendspark_cli.briefs.paid_writing import FORGOTTEN, PaidWriting
from trendspark_cli.briefs.writer import Task
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, TopicStory
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.rows.trends import TrendBrief

MOST_TRENDS = 10  # the strongest; a brief is to be read in a minute
GROWTH = 2.0  # a trend has changed when it holds so many times the posts it held when it was last written of


@dataclass(frozen=True)
class BriefRules:
    """What the settings say of briefs. Without a `niche` there are no ideas."""

    niche: str
    ideas: int
    alerts_are_muted: bool


def brief(job: JobContext, writing: PaidWriting, rules: BriefRules) -> None:
    """Write of each open trend, and queue the day's message unless it was; without a model the posts speak.

    Raises CeilingReachedError when money kept a model from being asked, SourcesFailedError (3) when its service failed.
    """
    trends = job.store.trends.listing(MOST_TRENDS, "open")
    if job.dry_run:
        _estimate(job, writing, rules, trends)
        return
    writing.settle_dead_runs()
    notes: list[str] = []
    briefs = [_brief_of(job, writing, trend) for trend in trends]
    key = f"daily_ideas:{to_text(job.now)[:10]}"
    is_told = job.store.notifications.message_of(key) is not None
    ideas = [] if is_told or not briefs else _ideas(job, writing, rules, briefs, notes)

    def tell() -> tuple[list[Brief], list[Idea], list[str]]:
        there = [one for one in briefs if _is_there(job, one)]
        forgotten = [] if len(there) == len(briefs) else [f"some texts are left out: {FORGOTTEN}"]
        left = [] if forgotten else ideas  # the model was shown all of them for its ideas
        said = [*_authors(writing, there), *notes, *forgotten]
        if there and not is_told:
            alert = daily_alert(key, date_text(job.now), there, left, said)
            if job.store.notifications.queue(alert, job.now, muted=rules.alerts_are_muted):
                job.count("alerts_queued")
        return there, left, said

    briefs, ideas, notes = job.write(tell)
    printed: BriefRun = {
        "briefs": [brief_json(one) for one in briefs],
        "ideas": [idea_json(idea) for idea in ideas],
        "notes": notes,
    }
    job.result |= printed
    job.count("trends", len(briefs))
    job.count("written", sum(one.written_by != "" for one in briefs))
    job.count("ideas", len(ideas))
    _finish(job, writing)


def _brief_of(job: JobContext, writing: PaidWriting, trend: AnyTrend) -> Brief:
    """Return what is to be said of a trend: newly written, as written before, or extracted from its posts."""
    posts = _posts(job, trend)
    last = job.store.briefs.of_trend(trend.stored_id)
    task = _task(trend, posts, last)
    if task is not None:
        _write(job, writing, trend, task, posts, last)
        posts, last = _posts(job, trend), job.store.briefs.of_trend(trend.stored_id)  # some may have been forgotten
    brief = extracted(trend, posts)
    if last is None or not last.summary:
        return brief
    rests_on = job.store.posts.by_ids(last.post_ids)
    return replace(brief, label=last.label, summary=last.summary, posts=rests_on, written_by=last.model)


def _is_there(job: JobContext, brief: Brief) -> bool:
    """Tell whether nothing that a brief says was forgotten since it was read. Call in the transaction that uses it."""
    if not _are_there(job, brief.posts):
        return False
    if brief.written_by:
        last = job.store.briefs.of_trend(brief.trend_id)
        return last is not None and last.summary == brief.summary
    trend = job.store.trends.get(brief.trend_id)  # of a post: called by the beginning of its text until that is gone
    return trend is not None and (isinstance(trend.story, TopicStory) or trend.label == brief.label)


def _are_there(job: JobContext, posts: Sequence[StoredPost]) -> bool:
    return len(job.store.posts.by_ids([post.id for post in posts])) == len(posts)


def _write(
    job: JobContext,
    writing: PaidWriting,
    trend: AnyTrend,
    task: Task,
    posts: Sequence[StoredPost],
    last: TrendBrief | None,
) -> None:
    """Store the model's brief; one without new text when the model gave none; nothing when none was asked."""

    def is_current() -> bool:
        had_last = last is None or job.store.briefs.of_trend(trend.stored_id) is not None
        return had_last and _are_there(job, posts)

    answer = writing.write(task, is_current)
    if answer is None:
        return
    checked = checked_label(answer.value, len(posts)) if answer.outcome == "ok" else None
    made = last or TrendBrief(trend.stored_id, "", "", (), writing.model, 0.0, "")
    if checked is not None:
        label, summary, places = checked
        ids = tuple(posts[place].id for place in places)
        made = made._replace(label=label, summary=summary, post_ids=ids, model=writing.model)
    else:
        job.count("without_text")
    made = made._replace(observed=trend.story.size, made_at=to_text(job.now))

    def keep() -> None:
        if is_current():
            job.store.briefs.save(made)

    job.write(keep)


def _ideas(
    job: JobContext, writing: PaidWriting, rules: BriefRules, briefs: Sequence[Brief], notes: list[str]
) -> list[Idea]:
    """Return ideas for the operator's field, once a day; *notes* gets the reason why there are none."""
    if not rules.ideas:
        return []
    if not rules.niche:
        notes.append("no ideas: NICHE is not set")
        return []
    answer = writing.write(
        ideas_task(rules.niche, rules.ideas, briefs), lambda: all(_is_there(job, one) for one in briefs)
    )
    if answer is None:
        notes.append(f"no ideas: {writing.why_no_text}")
        return []
    if answer.outcome != "ok":
        notes.append(f"no ideas: the model's answer was {answer.outcome}")
        return []
    ideas = checked_ideas(answer.value, rules.ideas, briefs)
    if not ideas:
        notes.append("no ideas: none of the model's rests on a trend")
    return ideas


def _authors(writing: PaidWriting, briefs: Sequence[Brief]) -> list[str]:
    """Say who wrote the texts, and why some are none of a model's."""
    written = [one.written_by for one in briefs if one.written_by]
    notes = []
    if written:
        notes.append(f"labels and summaries are {MARK} by {', '.join(dict.fromkeys(written))}")
    if briefs and len(written) < len(briefs):
        notes.append(f"{'some' if written else 'all'} texts are taken from the posts: {writing.why_no_text}")
    return notes


def _finish(job: JobContext, writing: PaidWriting) -> None:
    if writing.failures:
        raise SourcesFailedError(writing.failures, tried=len(writing.failures) + 1)  # the posts' own words are there
    if writing.ceiling is not None:
        writing.ceiling.is_news = job.write(partial(job.store.notice_once, writing.ceiling.key, job.now))
        raise writing.ceiling


def _estimate(job: JobContext, writing: PaidWriting, rules: BriefRules, trends: Sequence[AnyTrend]) -> None:
    """Say what a run would ask a model, and what that costs at most."""
    tasks: list[Task] = []
    for trend in trends:
        task = _task(trend, _posts(job, trend), job.store.briefs.of_trend(trend.stored_id))
        if task is not None:
            tasks.append(task)
    is_told = job.store.notifications.message_of(f"daily_ideas:{to_text(job.now)[:10]}") is not None
    if trends and rules.niche and rules.ideas and not is_told:
        briefs = [extracted(trend, _posts(job, trend)) for trend in trends]
        tasks.append(ideas_task(rules.niche, rules.ideas, briefs))
    bounds = [writing.bound(task) for task in tasks if not writing.why_not and writing.known(task) is None]
    printed: BriefRun = {
        "estimates": [
            {
                "trends": len(trends),
                "calls": len(bounds),
                "tokens_at_most": sum(bound.tokens for bound in bounds),
                "usd_at_most": round(sum(bound.usd for bound in bounds), 4),
                "note": writing.why_not,
            }
        ]
    }
    job.result |= printed


def _task(trend: AnyTrend, posts: Sequence[StoredPost], last: TrendBrief | None) -> Task | None:
    """Return what a model is asked of a trend; None when nothing is: a single post says itself what it is about."""
    if not posts or not isinstance(trend.story, TopicStory):
        return None
    has_changed = last is None or trend.story.observed >= GROWTH * last.observed
    return label_task(trend.story.terms, posts) if has_changed else None


def _posts(job: JobContext, trend: AnyTrend) -> list[StoredPost]:
    """Return posts of a trend, its examples first, each text once; at most as many as a model is shown."""
    newest = reversed(trend.story.post_ids[-4 * MOST_POSTS :])
    ids = dict.fromkeys([*trend.story.example_ids, *newest])
    by_text = {" ".join(post.text.split()): post for post in reversed(job.store.posts.by_ids(list(ids)))}
    return list(reversed(by_text.values()))[:MOST_POSTS]
