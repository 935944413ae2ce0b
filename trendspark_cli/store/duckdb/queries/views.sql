-- name: posts
-- The last version of each post: one that changed while it was archived is in two files. Forgotten ones are left out.
CREATE VIEW posts AS SELECT * FROM parts_posts AS p
WHERE NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.source = p.source AND f.source_id = p.source_id)
  AND NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.source = p.source AND f.author = p.author)
QUALIFY row_number() OVER (PARTITION BY source, source_id ORDER BY observed_at DESC, edits DESC) = 1;

-- name: ingest_audit
CREATE VIEW ingest_audit AS SELECT * FROM parts_ingest_audit QUALIFY row_number() OVER (PARTITION BY id) = 1;

-- name: notifications
CREATE VIEW notifications AS SELECT * FROM parts_notifications
QUALIFY row_number() OVER (PARTITION BY id ORDER BY attempts DESC) = 1;

-- name: job_runs
CREATE VIEW job_runs AS SELECT * FROM parts_job_runs
QUALIFY row_number() OVER (PARTITION BY id ORDER BY finished_at DESC) = 1;

-- name: forgotten
CREATE TABLE forgotten (source VARCHAR, source_id VARCHAR, author VARCHAR);

-- name: forget
INSERT INTO forgotten VALUES (?, ?, ?);
