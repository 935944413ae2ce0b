"""The views people ask with SQL, as the step that first made them did: a change is a step of its own.

Words people know; each time as text and, for plots, in epoch seconds; no blobs and no JSON but for `counts`.
"""

from __future__ import annotations

VIEWS = {
    "v_trends": """
        SELECT t.id, t.label, t.kind, t.state,
            (SELECT group_concat(value, ', ') FROM json_each(t.terms)) AS terms,
            (SELECT group_concat(key || ' ' || value, ', ') FROM json_each(t.sources)) AS sources,
            t.people, t.posts_now, t.posts_peak, t.posts_total, round(t.expected, 2) AS usual,
            round(t.score, 2) AS score,
            t.first_seen AS first_post_at, CAST(strftime('%s', t.first_seen) AS INTEGER) AS first_post_epoch,
            coalesce(t.detected_at, t.opened_at) AS detected_at,
            CAST(strftime('%s', coalesce(t.detected_at, t.opened_at)) AS INTEGER) AS detected_epoch,
            t.peak_at, CAST(strftime('%s', t.peak_at) AS INTEGER) AS peak_epoch,
            t.last_seen AS last_post_at, CAST(strftime('%s', t.last_seen) AS INTEGER) AS last_post_epoch,
            t.closed_at AS ended_at, CAST(strftime('%s', t.closed_at) AS INTEGER) AS ended_epoch,
            m.mark AS verdict, m.note, b.summary, b.model AS written_by
        FROM trends t LEFT JOIN trend_marks m ON m.trend_id = t.id LEFT JOIN trend_briefs b ON b.trend_id = t.id
    """,
    "v_trend_timeline": """
        SELECT c.trend_id, t.label, c.tick AS at, CAST(strftime('%s', c.tick) AS INTEGER) AS epoch, c.source, c.posts,
            c.people, round(c.expected, 3) AS usual
        FROM trend_counts c JOIN trends t ON t.id = c.trend_id
    """,
    "v_posts": """
        SELECT p.id, p.source, p.source_id AS post_id, coalesce(a.name, p.author) AS author, p.author AS author_id,
            p.community, p.text, p.url AS link, p.lang AS language,
            p.created_at AS posted_at, CAST(strftime('%s', p.created_at) AS INTEGER) AS posted_epoch,
            p.collected_at, CAST(strftime('%s', p.collected_at) AS INTEGER) AS collected_epoch,
            p.likes, p.replies, p.reposts, p.quotes, p.views
        FROM posts p LEFT JOIN authors a ON a.source = p.source AND a.id = p.author
    """,
    "v_runs": """
        SELECT id, job_id AS job, status AS outcome, exit_code, error,
            started_at, CAST(strftime('%s', started_at) AS INTEGER) AS started_epoch,
            finished_at, CAST(strftime('%s', finished_at) AS INTEGER) AS finished_epoch, duration AS seconds,
            scheduled_for AS due_at, CAST(strftime('%s', scheduled_for) AS INTEGER) AS due_epoch,
            lateness AS late_seconds, counts, host, version
        FROM job_runs
    """,
}
