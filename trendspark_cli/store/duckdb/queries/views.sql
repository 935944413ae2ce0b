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
ANTI JOIN forgotten g ON g.source = p.source AND g.author = p.author;

-- name: ingest_audit
-- Each audit row once.
CREATE VIEW ingest_audit AS SELECT {columns} FROM alone_ingest_audit UNION ALL
SELECT {columns} FROM together_ingest_audit QUALIFY row_number() OVER (PARTITION BY id) = 1;

-- name: notifications
-- The last version of each alert. Those that may quote posts which were forgotten have their titles alone, if that:
-- the rule is that of alerts that are restored.
CREATE VIEW notifications AS
WITH versions AS (
    SELECT {columns} FROM alone_notifications UNION ALL
    SELECT {columns} FROM together_notifications
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY attempts DESC) = 1
), titled AS (
    SELECT * REPLACE (coalesce((SELECT q.label FROM quoting q WHERE q.trend_id = v.trend_id), title) AS title),
        v.trend_id IN (SELECT trend_id FROM quoting)
        OR (category = 'daily_ideas' OR regexp_matches(dedupe_key, '^(late|digest|surplus):'))
            AND EXISTS (SELECT 1 FROM forgotten f WHERE f.created_at >= v.created_at) AS is_quoting
    FROM versions v
) SELECT * EXCLUDE (is_quoting) REPLACE (CASE WHEN is_quoting THEN title ELSE body END AS body) FROM titled;

-- name: job_runs
-- The last version of each run.
CREATE VIEW job_runs AS SELECT {columns} FROM alone_job_runs UNION ALL
SELECT {columns} FROM together_job_runs
QUALIFY row_number() OVER (PARTITION BY id ORDER BY finished_at DESC) = 1;

-- name: forgotten
-- What must not come back: a post, or everything by an author.
CREATE TABLE forgotten (source VARCHAR, source_id VARCHAR, author VARCHAR, created_at TIMESTAMP WITH TIME ZONE);

-- name: forget
-- One tombstone.
INSERT INTO forgotten VALUES (?, ?, ?, ?);

-- name: quoting
-- Trends whose alerts may quote a forgotten post; `label` stands for the title of those that were such a post.
CREATE TABLE quoting (trend_id BIGINT, label VARCHAR);

-- name: quote
-- One such trend.
INSERT INTO quoting VALUES (?, ?);
