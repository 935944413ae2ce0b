-- name: posts
-- The last version of each post: one that changed while it was archived is in two files whose times overlap. A file that
-- overlaps no other has each post once, and only what is asked of it is read. Forgotten ones are left out.
CREATE VIEW posts AS SELECT {p.columns} FROM (
    SELECT {columns} FROM alone_posts
    UNION ALL
    SELECT {columns} FROM together_posts
    QUALIFY row_number() OVER (PARTITION BY source, source_id ORDER BY observed_at DESC, edits DESC) = 1
) AS p
ANTI JOIN forgotten f ON f.source = p.source AND f.source_id = p.source_id
ANTI JOIN forgotten g ON g.source = p.source AND g.author = p.author
    AND CAST(p.created_at AS DATE) BETWEEN g.first_day AND g.last_day;

-- name: ingest_audit
-- Each audit row once.
CREATE VIEW ingest_audit AS SELECT {columns} FROM alone_ingest_audit UNION ALL
SELECT {columns} FROM together_ingest_audit QUALIFY row_number() OVER (PARTITION BY id) = 1;

-- name: notifications
-- The last version of each alert. Those that may quote posts which were forgotten have their titles alone, if that:
-- the rule is that of alerts that are restored. Of trends that are gone, it is not known what they were.
CREATE VIEW notifications AS
WITH versions AS (
    SELECT {columns} FROM alone_notifications UNION ALL
    SELECT {columns} FROM together_notifications
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY attempts DESC) = 1
), titled AS (
    SELECT v.* REPLACE (
            CASE WHEN v.trend_id IS NOT NULL AND k.trend_id IS NULL AND v.is_before
                THEN 'an alert that may quote a post that was removed' ELSE coalesce(k.label, v.title) END AS title),
        coalesce(k.is_quoting, v.trend_id IS NOT NULL AND v.is_before)
        OR (v.category = 'daily_ideas' OR regexp_matches(v.dedupe_key, '^(late|digest|surplus):'))
            AND v.is_before AS is_quoting
    FROM (SELECT *, EXISTS (SELECT 1 FROM forgotten f WHERE f.created_at >= w.created_at) AS is_before
          FROM versions w) v
    LEFT JOIN known_trends k ON k.trend_id = v.trend_id
) SELECT * EXCLUDE (is_quoting, is_before) REPLACE (CASE WHEN is_quoting THEN title ELSE body END AS body) FROM titled;

-- name: job_runs
-- The last version of each run.
CREATE VIEW job_runs AS SELECT {columns} FROM alone_job_runs UNION ALL
SELECT {columns} FROM together_job_runs
QUALIFY row_number() OVER (PARTITION BY id ORDER BY finished_at DESC) = 1;

-- name: forgotten
-- What must not come back: a post, or what an author wrote in some days.
CREATE TABLE forgotten (
    source VARCHAR, source_id VARCHAR, author VARCHAR, created_at TIMESTAMP WITH TIME ZONE, first_day DATE, last_day DATE
);

-- name: forget
-- Each tombstone, by six lists.
INSERT INTO forgotten SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]),
    unnest(?::VARCHAR[])::TIMESTAMP WITH TIME ZONE, unnest(?::DATE[]), unnest(?::DATE[]);

-- name: known_trends
-- Every trend there is, whether its alerts may quote a forgotten post, and what stands for their titles, if it was one.
CREATE TABLE known_trends (trend_id BIGINT, is_quoting BOOLEAN, label VARCHAR);

-- name: know
-- Each of them, by three lists.
INSERT INTO known_trends SELECT unnest(?::BIGINT[]), unnest(?::BOOLEAN[]), unnest(?::VARCHAR[]);
