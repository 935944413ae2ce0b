-- name: choose_posts
-- Posts that may leave: ranked and folded into history, in no open trend, in no alert that waits, in no other file.
SELECT id, created_at, octet_length(text) FROM posts
WHERE source = :source AND (created_at, id) > (:since, :after_id) AND created_at < :until
  AND id <= (SELECT seen_post_id FROM ranking_progress)
  AND (created_at, id) <= (SELECT folded_created_at, folded_post_id FROM ranking_progress)
  AND NOT EXISTS (SELECT 1 FROM trend_posts JOIN trends ON trends.id = trend_id
                  WHERE post_id = posts.id AND trends.state = 'open')
  AND NOT EXISTS (SELECT 1 FROM trend_posts JOIN notifications n ON n.trend_id = trend_posts.trend_id
                  WHERE post_id = posts.id AND n.status IN ('pending', 'sending'))
  AND NOT EXISTS (SELECT 1 FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, numbers(r.row_ids) taken
                  WHERE m.table_name = 'posts' AND m.day = :day AND taken = posts.id)
ORDER BY created_at, id LIMIT :limit;

-- name: read_posts
-- In the order of the ids asked for.
SELECT {p.columns}
FROM numbers(:ids) WITH ORDINALITY AS wanted (id, place) JOIN posts p ON p.id = wanted.id ORDER BY wanted.place;

-- name: read_metrics
-- The history of counters of those posts that have one, as JSON, written as SQLite writes it.
SELECT post_id, '[' || string_agg('{"observed_at":' || to_json(observed_at)
    || ',"likes":' || coalesce(CAST(likes AS text), 'null') || ',"replies":' || coalesce(CAST(replies AS text), 'null')
    || ',"reposts":' || coalesce(CAST(reposts AS text), 'null') || ',"quotes":' || coalesce(CAST(quotes AS text), 'null')
    || ',"views":' || coalesce(CAST(views AS text), 'null') || '}', ',' ORDER BY observed_at) || ']'
FROM post_metrics WHERE post_id IN (SELECT numbers(:ids)) GROUP BY post_id ORDER BY post_id;

-- name: read_trends
-- The trends that rest on those posts, as JSON.
SELECT post_id, '[' || string_agg(CAST(trend_id AS text), ',' ORDER BY trend_id) || ']'
FROM trend_posts WHERE post_id IN (SELECT numbers(:ids)) GROUP BY post_id ORDER BY post_id;

-- name: read_links
-- The pages those posts lead to, as far as they lead anywhere.
SELECT post_id, url FROM post_links WHERE post_id IN (SELECT numbers(:ids)) ORDER BY post_id, url;

-- name: lock_posts
-- Rows that are deleted next: one that changes just now is seen changed by the delete, which asks when all are locked.
SELECT id FROM posts WHERE id IN (SELECT numbers(:ids)) ORDER BY id FOR UPDATE;

-- name: delete_posts
-- One batch of a verified file: rows unchanged since their export that no alert needs by now.
DELETE FROM posts
WHERE id IN (SELECT numbers(:ids))
  AND NOT EXISTS (SELECT 1 FROM archive_changes WHERE manifest_id = :manifest_id AND row_id = posts.id)
  AND NOT EXISTS (SELECT 1 FROM trend_posts JOIN notifications n ON n.trend_id = trend_posts.trend_id
                  WHERE post_id = posts.id AND n.status IN ('pending', 'sending'));

-- name: left_posts
-- How many of a batch are still live after its delete: they changed, or an alert needs them.
SELECT count(*) FROM posts WHERE id IN (SELECT numbers(:ids));

-- name: choose_ingest_audit
-- Audit rows that may leave: those in no other file.
SELECT id, created_at, length(rejected) + coalesce(length(error), 0) FROM ingest_audit
WHERE (created_at, id) > (:since, :after_id) AND created_at < :until
  AND NOT EXISTS (SELECT 1 FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, numbers(r.row_ids) taken
                  WHERE m.table_name = 'ingest_audit' AND m.day = :day AND taken = ingest_audit.id)
ORDER BY created_at, id LIMIT :limit;

-- name: read_ingest_audit
-- Audit rows in the order of the ids asked for.
SELECT {a.columns}
FROM numbers(:ids) WITH ORDINALITY AS wanted (id, place) JOIN ingest_audit a ON a.id = wanted.id ORDER BY wanted.place;

-- name: lock_ingest_audit
-- Rows that are deleted next.
SELECT id FROM ingest_audit WHERE id IN (SELECT numbers(:ids)) ORDER BY id FOR UPDATE;

-- name: delete_ingest_audit
-- One batch of a verified file: rows unchanged since their export.
DELETE FROM ingest_audit WHERE id IN (SELECT numbers(:ids))
  AND NOT EXISTS (SELECT 1 FROM archive_changes WHERE manifest_id = :manifest_id AND row_id = ingest_audit.id);

-- name: left_ingest_audit
-- How many of a batch are still live after its delete.
SELECT count(*) FROM ingest_audit WHERE id IN (SELECT numbers(:ids));

-- name: choose_notifications
-- Alerts that are final, that no open trend goes on with, and that no waiting one answers.
SELECT id, created_at, length(body) FROM notifications AS alert
WHERE (created_at, id) > (:since, :after_id) AND created_at < :until
  AND status IN ('sent', 'digested', 'dead', 'expired', 'muted')
  AND NOT EXISTS (SELECT 1 FROM trends WHERE state = 'open' AND alert_key = alert.dedupe_key)
  AND NOT EXISTS (SELECT 1 FROM notifications answer
                  WHERE answer.status IN ('pending', 'sending') AND answer.reply_to = alert.dedupe_key)
  AND NOT EXISTS (SELECT 1 FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, numbers(r.row_ids) taken
                  WHERE m.table_name = 'notifications' AND m.day = :day AND taken = alert.id)
ORDER BY created_at, id LIMIT :limit;

-- name: read_notifications
-- Alerts in the order of the ids asked for.
SELECT {n.columns}
FROM numbers(:ids) WITH ORDINALITY AS wanted (id, place) JOIN notifications n ON n.id = wanted.id ORDER BY wanted.place;

-- name: lock_notifications
-- Rows that are deleted next.
SELECT id FROM notifications WHERE id IN (SELECT numbers(:ids)) ORDER BY id FOR UPDATE;

-- name: delete_notifications
-- One batch of a verified file: rows unchanged since their export.
DELETE FROM notifications WHERE id IN (SELECT numbers(:ids))
  AND NOT EXISTS (SELECT 1 FROM archive_changes WHERE manifest_id = :manifest_id AND row_id = notifications.id);

-- name: left_notifications
-- How many of a batch are still live after its delete.
SELECT count(*) FROM notifications WHERE id IN (SELECT numbers(:ids));

-- name: choose_job_runs
-- Runs that ended, but for the last run and the last success of each job, which `jobs list` tells of.
SELECT id, started_at, length(counts) + coalesce(length(error), 0) FROM job_runs AS run
WHERE (started_at, id) > (:since, :after_id) AND started_at < :until AND status <> 'running'
  AND (status = 'skipped' OR EXISTS (
       SELECT 1 FROM job_runs later WHERE later.id > run.id AND later.job_id = run.job_id AND later.status <> 'skipped'))
  AND (status = 'skipped' OR exit_code IS DISTINCT FROM 0 OR EXISTS (
       SELECT 1 FROM job_runs later WHERE later.id > run.id AND later.job_id = run.job_id AND later.status <> 'skipped'
       AND later.exit_code = 0))
  AND NOT EXISTS (SELECT 1 FROM spend_reservations WHERE run_id = run.id)
  AND NOT EXISTS (SELECT 1 FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, numbers(r.row_ids) taken
                  WHERE m.table_name = 'job_runs' AND m.day = :day AND taken = run.id)
ORDER BY started_at, id LIMIT :limit;

-- name: read_job_runs
-- Runs in the order of the ids asked for.
SELECT {j.columns}
FROM numbers(:ids) WITH ORDINALITY AS wanted (id, place) JOIN job_runs j ON j.id = wanted.id ORDER BY wanted.place;

-- name: lock_job_runs
-- Rows that are deleted next.
SELECT id FROM job_runs WHERE id IN (SELECT numbers(:ids)) ORDER BY id FOR UPDATE;

-- name: delete_job_runs
-- One batch of a verified file: rows unchanged since their export.
DELETE FROM job_runs WHERE id IN (SELECT numbers(:ids))
  AND NOT EXISTS (SELECT 1 FROM archive_changes WHERE manifest_id = :manifest_id AND row_id = job_runs.id);

-- name: left_job_runs
-- How many of a batch are still live after its delete.
SELECT count(*) FROM job_runs WHERE id IN (SELECT numbers(:ids));

-- name: live_ids
-- Those of these ids that live posts have.
SELECT id FROM posts WHERE id IN (SELECT numbers(:ids));

-- name: insert_metrics
-- The history of counters of a post that was brought back, from its JSON.
INSERT INTO post_metrics (post_id, observed_at, likes, replies, reposts, quotes, views)
SELECT ?1, observed_at, likes, replies, reposts, quotes, views FROM json_to_recordset(CAST(?2 AS json))
    AS m (observed_at text, likes bigint, replies bigint, reposts bigint, quotes bigint, views bigint)
ON CONFLICT DO NOTHING;

-- name: insert_trend_posts
-- The trends that rest on a post that was brought back, as far as they are still there.
INSERT INTO trend_posts (trend_id, post_id)
SELECT id, ?1 FROM trends WHERE id IN (SELECT numbers(?2)) ON CONFLICT DO NOTHING;

-- name: held
-- How many live rows of a table belong to a file.
SELECT coalesce(sum(json_array_length(CAST(row_ids AS json))), 0) FROM archive_rows
JOIN archive_manifests ON id = manifest_id WHERE table_name = ?;

-- name: widen
-- Watch rows that were brought back: the trigger looks at this range.
UPDATE archive_manifests SET is_active = 1, first_row_id = least(first_row_id, :first),
    last_row_id = greatest(last_row_id, :last) WHERE id = :id;

-- name: unchanged
-- Rows that were just brought back are as they are in the file, whatever the triggers saw.
DELETE FROM archive_changes WHERE manifest_id = :id AND row_id IN (SELECT numbers(:ids));

-- name: kept_ids
-- Those of these ids of a source that are live, or that trends quote and nothing has forgotten yet.
SELECT source_id FROM posts WHERE source = :source AND source_id IN (SELECT texts(:ids))
UNION SELECT source_id FROM trend_quotes q WHERE source = :source AND source_id IN (SELECT texts(:ids))
    AND NOT EXISTS (SELECT 1 FROM tombstones t WHERE t.source = q.source AND t.source_id = q.source_id)
ORDER BY source_id;

-- name: posts_of_authors
-- Some posts of some authors in a span of ids. No index has authors: posts are read, whatever their source, in the
-- order they lie in.
SELECT id FROM posts
WHERE id > :after AND id <= :until AND author IN (SELECT texts(:authors)) AND source || '' = :source
ORDER BY id LIMIT :limit;

-- name: listed_days
-- Those of these keys of posts that are listed.
SELECT key, day FROM archived_posts WHERE key IN (SELECT numbers(:keys)) ORDER BY key;

-- name: quoted_ids
-- Those of these ids of a source that trends quote, or did.
SELECT DISTINCT source_id FROM trend_quotes
WHERE source = :source AND source_id IN (SELECT texts(:ids)) ORDER BY source_id;

-- name: buried
-- Which of these (source_id, author, the author's name, time of the post) of a source have a tombstone.
SELECT wanted.place - 1 AS key FROM json_array_elements(CAST(:pairs AS json)) WITH ORDINALITY AS wanted (value, place)
WHERE EXISTS (
    SELECT 1 FROM tombstones t WHERE t.source = :source AND t.source_id = wanted.value ->> 0)
OR EXISTS (
    SELECT 1 FROM tombstones t WHERE t.source = :source
    AND (t.author = wanted.value ->> 1 OR t.author = wanted.value ->> 2)
    AND (t.last_day IS NULL OR substr(wanted.value ->> 3, 1, 10) COLLATE "C" BETWEEN t.first_day AND t.last_day))
ORDER BY wanted.place;

-- name: note_pushed
-- An object of the archive tells of these tombstones.
UPDATE tombstones SET is_pushed = 1, batch = :batch WHERE id IN (SELECT texts(:ids));

-- name: forget_posts
-- Those of these live posts that a tombstone is about.
DELETE FROM posts WHERE id IN (SELECT numbers(:ids))
    AND source || '' = :source AND (source_id = :source_id OR author = :author);

-- name: about
-- The trends that rest on these posts, or show one of them, or did; small letters as the columns have them.
SELECT trend_id FROM trend_posts WHERE post_id IN (SELECT numbers(:ids))
UNION SELECT trend_id FROM trend_examples
WHERE source = :source AND (source_id = :source_id OR author = :author
                            OR lower(name) = lower(CAST(:author AS text) COLLATE "C"))
UNION SELECT trend_id FROM trend_quotes WHERE source = :source AND (source_id = :source_id OR author = :author)
ORDER BY trend_id;

-- name: forget_quotes
-- Alerts of these trends, and daily briefs: their titles stay.
UPDATE notifications SET body = title WHERE body <> title AND (
    trend_id IN (SELECT numbers(:trends)) OR category = 'daily_ideas');

-- name: forget_restored
-- Alerts that came back and may quote posts that were forgotten meanwhile: their titles stay, if these are no post's.
UPDATE notifications SET body = title WHERE body <> title AND id IN (SELECT numbers(:ids)) AND (
    trend_id IN (SELECT q.trend_id FROM trend_quotes q JOIN tombstones t
                 ON t.source = q.source AND (t.source_id = q.source_id OR t.author = q.author))
    OR (category = 'daily_ideas' OR dedupe_key LIKE 'late:%' OR dedupe_key LIKE 'digest:%' OR dedupe_key LIKE 'surplus:%')
        AND EXISTS (SELECT 1 FROM tombstones t WHERE t.created_at >= notifications.created_at));

-- name: forget_restored_titles
-- Alerts that came back of trends that are one post, which was forgotten.
UPDATE notifications SET title = :label, body = :label WHERE id IN (SELECT numbers(:ids)) AND trend_id IN (
    SELECT id FROM trends WHERE kind = 'post' AND label = :label);

-- name: forget_restored_of_gone_trends
-- Alerts that came back of trends that are gone: whether these were one of the posts forgotten since is not known any more.
UPDATE notifications SET title = :label, body = :label WHERE id IN (SELECT numbers(:ids))
    AND trend_id NOT IN (SELECT id FROM trends)
    AND EXISTS (SELECT 1 FROM tombstones t WHERE t.created_at >= notifications.created_at);

-- name: forget_label
-- A trend that is one of these posts is called by the beginning of its text.
UPDATE trends SET label = :label WHERE kind = 'post' AND id IN (SELECT numbers(:trends));

-- name: forget_titles
-- So are the alerts that tell of it.
UPDATE notifications SET title = :label, body = :label WHERE trend_id IN (
    SELECT id FROM trends WHERE kind = 'post' AND id IN (SELECT numbers(:trends)));

-- name: forget_briefs
-- What a model wrote of these trends.
DELETE FROM trend_briefs WHERE trend_id IN (SELECT numbers(:trends));

-- name: forget_examples
-- What trends keep of these posts.
DELETE FROM trend_examples
WHERE source = :source AND (source_id = :source_id OR author = :author
                            OR lower(name) = lower(CAST(:author AS text) COLLATE "C"));

-- name: ids_beyond
-- Have new ids begin beyond one that comes back; by far, as others may be given some at this very moment.
SELECT setval(sequence, CAST(:largest AS bigint) + 1000)
FROM CAST(pg_get_serial_sequence(:table, 'id') AS regclass) AS sequence
WHERE coalesce(pg_sequence_last_value(sequence), 0) < CAST(:largest AS bigint);
