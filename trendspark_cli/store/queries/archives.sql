-- name: first_posts
-- The time of the oldest post of a span.
SELECT min(created_at) FROM posts WHERE created_at >= :since AND created_at < :until;

-- name: waiting_posts
-- Rows older than a time, counted up to a limit.
SELECT count(*) FROM (SELECT 1 FROM posts WHERE created_at < :until LIMIT :limit) waiting;

-- name: posts_of_source
-- Posts of a source among those of a span of time; only so many of these are looked at, the oldest first.
SELECT count(*) FROM (SELECT source FROM posts WHERE created_at >= :since AND created_at < :until
                      ORDER BY created_at LIMIT :limit) looked_at
WHERE source = :source;

-- name: first_ingest_audit
-- The time of the oldest audit row of a span.
SELECT min(created_at) FROM ingest_audit WHERE created_at >= :since AND created_at < :until;

-- name: waiting_ingest_audit
-- Rows older than a time, counted up to a limit.
SELECT count(*) FROM (SELECT 1 FROM ingest_audit WHERE created_at < :until LIMIT :limit) waiting;

-- name: first_notifications
-- The time of the oldest alert of a span.
SELECT min(created_at) FROM notifications WHERE created_at >= :since AND created_at < :until;

-- name: waiting_notifications
-- Rows older than a time, counted up to a limit.
SELECT count(*) FROM (SELECT 1 FROM notifications WHERE created_at < :until LIMIT :limit) waiting;

-- name: first_job_runs
-- The time of the oldest run of a span.
SELECT min(started_at) FROM job_runs WHERE started_at >= :since AND started_at < :until;

-- name: waiting_job_runs
-- Rows older than a time, counted up to a limit.
SELECT count(*) FROM (SELECT 1 FROM job_runs WHERE started_at < :until LIMIT :limit) waiting;

-- name: insert_posts
-- A post that is live, or another post under its id, wins over the archive.
INSERT INTO posts ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING;

-- name: insert_post_under_new_id
-- For a new database, which gave the old id to another post.
INSERT INTO posts ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING id;

-- name: insert_ingest_audit
-- An audit row that was brought back; one that is live stays as it is.
INSERT INTO ingest_audit ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING;

-- name: insert_link
-- A page that a post that was brought back leads to.
INSERT INTO post_links (post_id, url) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: insert_notifications
-- An alert that was brought back; one that is live stays as it is.
INSERT INTO notifications ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING;

-- name: insert_job_runs
-- A run that was brought back; one that is live stays as it is.
INSERT INTO job_runs ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING;

-- name: insert_manifest
-- A manifest, planned here or found in an archive.
INSERT INTO archive_manifests (id, table_name, source, day, format, url, key, state, rows, bytes, sha256, min_time,
                               max_time, deleted_rows, kept_rows, run_id, created_at, done_at, restored_until,
                               missing_since, written_off_at, written_off_why, is_active, first_row_id, last_row_id)
VALUES (:id, :table_name, :source, :day, :format, :url, :key, :state, :rows, :bytes, :sha256, :min_time, :max_time,
        :deleted_rows, :kept_rows, :run_id, :created_at, :done_at, :restored_until, :missing_since, :written_off_at,
        :written_off_why, :is_active, :first_row_id, :last_row_id);

-- name: update_manifest
-- What changes of a manifest over its life.
UPDATE archive_manifests SET key = :key, state = :state, rows = :rows, bytes = :bytes, sha256 = :sha256, min_time = :min_time,
    max_time = :max_time, deleted_rows = :deleted_rows, kept_rows = :kept_rows, done_at = :done_at,
    restored_until = :restored_until, is_active = :is_active
WHERE id = :id;

-- name: write_off
-- Expect the object of a manifest no more.
UPDATE archive_manifests SET written_off_at = :at, written_off_why = :why, state = 'done', restored_until = NULL,
    done_at = coalesce(done_at, :at), is_active = 0
WHERE id = :id;

-- name: unfinished
-- Manifests to go on with: cut short, or whose restored rows have stayed long enough.
SELECT * FROM archive_manifests WHERE is_active = 1 AND (state <> 'done' OR restored_until <= :now)
ORDER BY created_at, id;

-- name: listing
-- Manifests of one table or of all, newest first.
SELECT * FROM archive_manifests WHERE (CAST(:table_name AS text) IS NULL OR table_name = :table_name)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: stored
-- Every file that should be in the archive.
SELECT * FROM archive_manifests WHERE state IN ('verified', 'deleting', 'done') AND written_off_at IS NULL
ORDER BY day, table_name, id;

-- name: bury
-- A tombstone; one for the same post or author stays as it is.
INSERT INTO tombstones (id, source, source_id, author, created_at, is_pushed, first_day, last_day, in_files, batch)
VALUES (:id, :source, :source_id, :author, :created_at, :is_pushed, :first_day, :last_day, :in_files, :batch)
ON CONFLICT DO NOTHING;

-- name: days_of_files
-- The days of a span of which posts of a source are in files, or will be, without a list of them.
SELECT DISTINCT day FROM archive_manifests
WHERE source = :source AND day >= :first AND day <= :last AND written_off_at IS NULL AND is_listed = 0 ORDER BY day;

-- name: list_post
-- A post that is in the archive.
INSERT INTO archived_posts (key, day) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: may_have_author
-- Whether an author's posts are listed, or a file of the source has no list.
SELECT EXISTS (SELECT 1 FROM archived_posts WHERE key = :key) OR EXISTS (
    SELECT 1 FROM archive_manifests WHERE source = :source AND written_off_at IS NULL AND is_listed = 0);

-- name: closed_again
-- An account that was open again meanwhile; the archive is to know.
UPDATE tombstones SET last_day = :last_day, in_files = 1, is_pushed = 0, batch = NULL
WHERE source = :source AND author = :author AND last_day < :last_day;

-- name: note_listed
-- Whether all posts of a file are listed.
UPDATE archive_manifests SET is_listed = :is_listed WHERE id = :id;

-- name: not_in_files
-- Tombstones made before a file of their days was begun: the posts were gone by then.
UPDATE tombstones SET in_files = 0 WHERE id IN (
    SELECT id FROM tombstones t
    WHERE t.is_pushed = 0 AND t.in_files = 1 AND t.last_day IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM archive_manifests m WHERE m.source = t.source AND m.day >= t.first_day AND m.day <= t.last_day
        AND m.written_off_at IS NULL)
    ORDER BY t.id LIMIT :limit);

-- name: keep_for_ever
-- A tombstone that a source's deletion left, and a person wants as well; the archive is to know.
UPDATE tombstones SET first_day = NULL, last_day = NULL, in_files = 1, is_pushed = 0, batch = NULL
WHERE source = :source AND (source_id = :source_id OR author = :author) AND last_day IS NOT NULL;

-- name: to_push
-- Some tombstones the archive is to know and does not.
SELECT * FROM tombstones WHERE is_pushed = 0 AND in_files = 1 ORDER BY source, source_id, author LIMIT :limit;

-- name: stone_objects
-- What objects of an archive are called: by a tombstone alone in it, or by what many of them are together.
SELECT DISTINCT coalesce(batch, id) AS name FROM tombstones ORDER BY name;

-- name: sources_of_stones
-- Sources with tombstones of certain days.
SELECT DISTINCT source FROM tombstones WHERE last_day IS NOT NULL ORDER BY source;

-- name: drop_done
-- Some tombstones of days whose posts are no longer live, and that no file can have.
DELETE FROM tombstones WHERE id IN (
    SELECT id FROM tombstones t WHERE t.source = :source AND t.last_day < :before AND (t.in_files = 0 OR NOT EXISTS (
        SELECT 1 FROM archive_manifests m WHERE m.source = t.source AND m.day >= t.first_day AND m.day <= t.last_day
        AND m.written_off_at IS NULL))
    ORDER BY t.id LIMIT :limit);

-- name: kept_ids_that_begin
-- Some posts of a source whose ids lie from one text up to another, and that are live, or quoted and not forgotten yet.
SELECT source_id FROM posts WHERE source = :source AND source_id >= :beginning AND source_id < :after
UNION SELECT source_id FROM trend_quotes q
WHERE source = :source AND source_id >= :beginning AND source_id < :after
    AND NOT EXISTS (SELECT 1 FROM tombstones t WHERE t.source = q.source AND t.source_id = q.source_id)
ORDER BY source_id LIMIT :limit;

-- name: post_of
-- The live post with an id.
SELECT id FROM posts WHERE source = :source AND source_id = :source_id AND id > :after AND id <= :until;

-- name: posts_of_author_by_ids
-- The same where ids begin with their author: those that do, and those that files gave in another form.
SELECT id FROM (
    SELECT id, author FROM posts WHERE source = :source AND source_id >= :beginning AND source_id < :end
    UNION ALL SELECT id, author FROM posts WHERE source = :source AND source_id < :of_all
    UNION ALL SELECT id, author FROM posts WHERE source = :source AND source_id >= :after_all) AS known
WHERE id > :after AND id <= :until AND author = :author ORDER BY id LIMIT :limit;

-- name: forget_digests
-- Digests list the titles of alerts, which may be the beginning of such a post: what they are stays.
UPDATE notifications SET body = title
WHERE dedupe_key LIKE 'late:%' OR dedupe_key LIKE 'digest:%' OR dedupe_key LIKE 'surplus:%';

-- name: forget_examples
-- What trends keep of these posts.
DELETE FROM trend_examples
WHERE source = :source AND (source_id = :source_id OR author = :author OR lower(name) = lower(:author));

-- name: knows_source
-- Whether there is anything of a source.
SELECT EXISTS (SELECT 1 FROM posts WHERE source = :source)
    OR EXISTS (SELECT 1 FROM archive_manifests WHERE source = :source)
    OR EXISTS (SELECT 1 FROM trend_quotes WHERE source = :source);

-- name: known_trends
-- The trends there are, whether their archived alerts may quote posts that were forgotten, and the label of those that
-- are one post, which was.
SELECT told.trend_id, max(told.is_quoting) AS is_quoting, max(told.label) AS label FROM (
    SELECT q.trend_id, 1 AS is_quoting, NULL AS label FROM trend_quotes q JOIN tombstones t
        ON t.source = q.source AND (t.source_id = q.source_id OR t.author = q.author)
    UNION ALL SELECT id, 1, label FROM trends WHERE kind = 'post' AND label = :label
    UNION ALL SELECT id, 0, NULL FROM trends) AS told
GROUP BY told.trend_id ORDER BY told.trend_id;
