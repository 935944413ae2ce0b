-- name: posts
-- The last version of each post: one that changed while it was archived is in two files. Forgotten ones are left out.
CREATE VIEW posts AS SELECT {p.columns} FROM parts_posts AS p
WHERE NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.source = p.source AND f.source_id = p.source_id)
  AND NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.source = p.source AND f.author = p.author)
QUALIFY row_number() OVER (PARTITION BY source, source_id ORDER BY observed_at DESC, edits DESC) = 1;

-- name: ingest_audit
-- Each audit row once.
CREATE VIEW ingest_audit AS SELECT {columns} FROM parts_ingest_audit QUALIFY row_number() OVER (PARTITION BY id) = 1;

-- name: notifications
-- The last version of each alert.
CREATE VIEW notifications AS SELECT {columns} FROM parts_notifications
QUALIFY row_number() OVER (PARTITION BY id ORDER BY attempts DESC) = 1;

-- name: job_runs
-- The last version of each run.
CREATE VIEW job_runs AS SELECT {columns} FROM parts_job_runs
QUALIFY row_number() OVER (PARTITION BY id ORDER BY finished_at DESC) = 1;

-- name: forgotten
-- What must not come back: a post, or everything by an author.
CREATE TABLE forgotten (source VARCHAR, source_id VARCHAR, author VARCHAR);

-- name: forget
-- One tombstone.
INSERT INTO forgotten VALUES (?, ?, ?);
