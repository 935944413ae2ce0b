"""`brief`: what each open trend is about in two sentences, ideas for the operator's field, one message a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import SourcesFailedError
from trendspark_cli.base.models import TrendBrief
from trendspark_cli.briefs.brief_tasks import MOST_POSTS, checked_ideas, checked_label, ideas_task, label_task
from trendspark_cli.briefs.brief_texts import MARK, daily_alert, extracted
from trendspark_cli.briefs.paid_writing import PaidWriting
from trendspark_cli.briefs.writer import Task
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.trend_fields import is_single_post, why

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
    briefs = [_brief_of(job, writing, fields) for fields in trends]
    key = f"daily_ideas:{to_text(job.now)[:10]}"
    is_told = job.store.notifications.message_of(key) is not None
    ideas = [] if is_told or not briefs else _ideas(job, writing, rules, briefs, notes)
    notes = [*_authors(writing, briefs), *notes]
    job.result |= {"briefs": briefs, "ideas": ideas, "notes": notes}
    job.count("trends", len(briefs))
    job.count("written", sum(brief["written_by"] != "" for brief in briefs))
    job.count("ideas", len(ideas))
    if briefs and not is_told:
        alert = daily_alert(key, to_text(job.now)[:10], briefs, ideas, notes)
        with job.store.transaction():
            if job.store.notifications.queue(alert, job.now, muted=rules.alerts_are_muted):
                job.count("alerts_queued")
    _finish(job, writing)


def _brief_of(job: JobContext, writing: PaidWriting, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be said of a trend: newly written, as written before, or extracted from its posts."""
    posts = _posts(job, fields)
    last = job.store.briefs.of_trend(fields["id"])
    if posts and _is_worth_asking(fields, last):
        last = _written(job, writing, fields, posts, last) or last
    said = {**extracted(fields, posts), "written_by": ""}
    if last is not None and last.summary:
        rests_on = job.store.posts.by_ids(last.post_ids)
        said = {"label": last.label, "summary": last.summary, "posts": rests_on, "written_by": last.model}
    shown = [{name: post[name] for name in ("source", "source_id", "url")} for post in said["posts"]]
    return {"trend_id": fields["id"], **said, "posts": shown, "counts": why(fields)}


def _written(
    job: JobContext,
    writing: PaidWriting,
    fields: Mapping[str, Any],
    posts: Sequence[Mapping[str, Any]],
    last: TrendBrief | None,
) -> TrendBrief | None:
    """Return the model's brief, stored; one without new text when the model gave none; None when none was asked."""
    answer = writing.write(label_task(fields, posts))
    if answer is None:
        return None
    checked = checked_label(answer.value, len(posts)) if answer.outcome == "ok" else None
    made = last or TrendBrief(fields["id"], "", "", (), writing.model, 0.0, "")
    if checked is not None:
        label, summary, places = checked
        ids = tuple(posts[place]["id"] for place in places)
        made = replace(made, label=label, summary=summary, post_ids=ids, model=writing.model)
    else:
        job.count("without_text")
    made = replace(made, observed=fields["observed"], made_at=to_text(job.now))
    with job.store.transaction():
        job.store.briefs.save(made)
    return made


def _ideas(
    job: JobContext, writing: PaidWriting, rules: BriefRules, briefs: Sequence[Mapping[str, Any]], notes: list[str]
) -> list[dict[str, Any]]:
    """Return ideas for the operator's field, once a day; *notes* gets the reason why there are none."""
    if not rules.ideas:
        return []
    if not rules.niche:
        notes.append("no ideas: NICHE is not set")
        return []
    answer = writing.write(ideas_task(rules.niche, rules.ideas, briefs))
    if answer is None:
        notes.append(f"no ideas: {writing.why_not}")
        return []
    if answer.outcome != "ok":
        notes.append(f"no ideas: the model's answer was {answer.outcome}")
        return []
    ideas = checked_ideas(answer.value, rules.ideas, len(briefs))
    if not ideas:
        notes.append("no ideas: none of the model's rests on a trend")
    return [{**idea, "trends": [briefs[place]["trend_id"] for place in idea["trends"]]} for idea in ideas]


def _authors(writing: PaidWriting, briefs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say who wrote the texts, and why some are none of a model's."""
    written = [brief["written_by"] for brief in briefs if brief["written_by"]]
    notes = []
    if written:
        notes.append(f"labels and summaries are {MARK} by {', '.join(dict.fromkeys(written))}")
    if briefs and len(written) < len(briefs):
        reason = writing.why_not or "the model gave no usable answer"
        notes.append(f"{'some' if written else 'all'} texts are taken from the posts: {reason}")
    return notes


def _finish(job: JobContext, writing: PaidWriting) -> None:
    if writing.failures:
        raise SourcesFailedError(writing.failures, tried=len(writing.failures) + 1)  # the posts' own words are there
    if writing.ceiling is not None:
        with job.store.transaction():
            writing.ceiling.is_news = job.store.notice_once(writing.ceiling.key, job.now)
        raise writing.ceiling


def _estimate(job: JobContext, writing: PaidWriting, rules: BriefRules, trends: Sequence[Mapping[str, Any]]) -> None:
    """Say what a run would ask a model, and what that costs at most."""
    tasks: list[Task] = []
    for fields in trends:
        posts = _posts(job, fields)
        if posts and _is_worth_asking(fields, job.store.briefs.of_trend(fields["id"])):
            tasks.append(label_task(fields, posts))
    is_told = job.store.notifications.message_of(f"daily_ideas:{to_text(job.now)[:10]}") is not None
    if trends and rules.niche and rules.ideas and not is_told:
        texts = [{**extracted(fields, _posts(job, fields))} for fields in trends]
        tasks.append(ideas_task(rules.niche, rules.ideas, texts))
    bounds = [writing.bound(task) for task in tasks if not writing.why_not and writing.known(task) is None]
    job.result["estimates"] = [
        {
            "trends": len(trends),
            "calls": len(bounds),
            "tokens_at_most": sum(bound.tokens for bound in bounds),
            "usd_at_most": round(sum(bound.usd for bound in bounds), 4),
            "note": writing.why_not,
        }
    ]


def _posts(job: JobContext, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return posts of a trend, its examples first, each text once; at most as many as a model is shown."""
    ids = dict.fromkeys([*fields["examples"], *reversed(job.store.trends.post_ids(fields["id"])[-4 * MOST_POSTS :])])
    by_text = {" ".join(post["text"].split()): post for post in reversed(job.store.posts.by_ids(list(ids)))}
    return list(reversed(by_text.values()))[:MOST_POSTS]


def _is_worth_asking(fields: Mapping[str, Any], last: TrendBrief | None) -> bool:
    """Tell whether a model is asked: a single post says itself what it is about."""
    return not is_single_post(fields) and (last is None or fields["observed"] >= GROWTH * last.observed)
