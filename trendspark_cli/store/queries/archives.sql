-- name: first_posts
SELECT min(created_at) FROM posts WHERE created_at >= :since AND created_at < :until;

-- name: waiting_posts
-- Rows older than a time, counted up to a limit.
SELECT count(*) FROM (SELECT 1 FROM posts WHERE created_at < :until LIMIT :limit);

-- name: count_posts
SELECT count(*) FROM posts WHERE created_at >= :since AND created_at < :until;

-- name: choose_posts
-- Posts that may leave: ranked and folded into history, in no open trend, in no alert that waits, in no other file.
SELECT id, created_at, length(CAST(text AS BLOB)) FROM posts
WHERE source = :source AND (created_at, id) > (:since, :after_id) AND created_at < :until
  AND id <= (SELECT seen_post_id FROM ranking_progress)
  AND (created_at, id) <= (SELECT folded_created_at, folded_post_id FROM ranking_progress)
  AND id NOT IN (SELECT post_id FROM trend_posts JOIN trends ON trends.id = trend_id WHERE trends.state = 'open')
  AND id NOT IN (SELECT post_id FROM trend_posts JOIN notifications n ON n.trend_id = trend_posts.trend_id
                 WHERE n.status IN ('pending', 'sending'))
  AND id NOT IN (SELECT value FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, json_each(r.row_ids)
                 WHERE m.table_name = 'posts' AND m.day = :day)
ORDER BY created_at, id LIMIT :limit;

-- name: read_posts
-- The value of `key` keeps the order of the ids asked for.
SELECT p.id, p.source, p.source_id, p.author, p.community, p.text, p.url, p.lang, p.created_at,
       p.likes, p.replies, p.reposts, p.quotes, p.views, p.edits, p.observed_at, p.collected_at
FROM json_each(:ids) AS wanted JOIN posts p ON p.id = wanted.value ORDER BY wanted.key;

-- name: read_metrics
-- The history of counters of those posts that have one, as JSON.
SELECT post_id, json_group_array(json_object('observed_at', observed_at, 'likes', likes, 'replies', replies,
                                             'reposts', reposts, 'quotes', quotes, 'views', views))
FROM (SELECT m.* FROM json_each(:ids) AS wanted JOIN post_metrics m ON m.post_id = wanted.value
      ORDER BY m.post_id, m.observed_at)
GROUP BY post_id;

-- name: read_trends
-- The trends that rest on those posts, as JSON.
SELECT post_id, json_group_array(trend_id)
FROM (SELECT t.* FROM json_each(:ids) AS wanted JOIN trend_posts t ON t.post_id = wanted.value
      ORDER BY t.post_id, t.trend_id)
GROUP BY post_id;

-- name: delete_posts
-- One batch of a verified file: rows unchanged since their export that no alert needs by now.
DELETE FROM posts
WHERE id IN (SELECT value FROM json_each(:ids))
  AND id NOT IN (SELECT row_id FROM archive_changes WHERE manifest_id = :manifest_id)
  AND id NOT IN (SELECT post_id FROM trend_posts JOIN notifications n ON n.trend_id = trend_posts.trend_id
                 WHERE n.status IN ('pending', 'sending'));

-- name: left_posts
SELECT count(*) FROM json_each(:ids) AS wanted JOIN posts ON posts.id = wanted.value;

-- name: first_ingest_audit
SELECT min(created_at) FROM ingest_audit WHERE created_at >= :since AND created_at < :until;

-- name: waiting_ingest_audit
-- Rows older than a time, counted up to a limit.
SELECT count(*) FROM (SELECT 1 FROM ingest_audit WHERE created_at < :until LIMIT :limit);

-- name: count_ingest_audit
SELECT count(*) FROM ingest_audit WHERE created_at >= :since AND created_at < :until;

-- name: choose_ingest_audit
SELECT id, created_at, length(rejected) + coalesce(length(error), 0) FROM ingest_audit
WHERE (created_at, id) > (:since, :after_id) AND created_at < :until
  AND id NOT IN (SELECT value FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, json_each(r.row_ids)
                 WHERE m.table_name = 'ingest_audit' AND m.day = :day)
ORDER BY created_at, id LIMIT :limit;

-- name: read_ingest_audit
SELECT a.id, a.cycle_id, a.profile, a.source, a.query, a.endpoint, a.fetched, a.new, a.updated, a.rejected, a.oldest,
       a.newest, a.cost, a.reads, a.request_id, a.error, a.created_at
FROM json_each(:ids) AS wanted JOIN ingest_audit a ON a.id = wanted.value ORDER BY wanted.key;

-- name: delete_ingest_audit
DELETE FROM ingest_audit WHERE id IN (SELECT value FROM json_each(:ids))
  AND id NOT IN (SELECT row_id FROM archive_changes WHERE manifest_id = :manifest_id);

-- name: left_ingest_audit
SELECT count(*) FROM json_each(:ids) AS wanted JOIN ingest_audit ON ingest_audit.id = wanted.value;

-- name: first_notifications
SELECT min(created_at) FROM notifications WHERE created_at >= :since AND created_at < :until;

-- name: waiting_notifications
-- Rows older than a time, counted up to a limit.
SELECT count(*) FROM (SELECT 1 FROM notifications WHERE created_at < :until LIMIT :limit);

-- name: count_notifications
SELECT count(*) FROM notifications WHERE created_at >= :since AND created_at < :until;

-- name: choose_notifications
-- Alerts that are final, that no open trend goes on with, and that no waiting one answers.
SELECT id, created_at, length(body) FROM notifications
WHERE (created_at, id) > (:since, :after_id) AND created_at < :until
  AND status IN ('sent', 'digested', 'dead', 'expired', 'muted')
  AND dedupe_key NOT IN (SELECT alert_key FROM trends WHERE state = 'open' AND alert_key IS NOT NULL)
  AND dedupe_key NOT IN (SELECT reply_to FROM notifications
                         WHERE status IN ('pending', 'sending') AND reply_to IS NOT NULL)
  AND id NOT IN (SELECT value FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, json_each(r.row_ids)
                 WHERE m.table_name = 'notifications' AND m.day = :day)
ORDER BY created_at, id LIMIT :limit;

-- name: read_notifications
SELECT n.id, n.dedupe_key, n.channel, n.category, n.action, n.reply_to, n.trend_id, n.title, n.body, n.strength,
       n.status, n.attempts, n.next_attempt_at, n.lease, n.parts_sent, n.message_id, n.error, n.created_at, n.sent_at
FROM json_each(:ids) AS wanted JOIN notifications n ON n.id = wanted.value ORDER BY wanted.key;

-- name: delete_notifications
DELETE FROM notifications WHERE id IN (SELECT value FROM json_each(:ids))
  AND id NOT IN (SELECT row_id FROM archive_changes WHERE manifest_id = :manifest_id);

-- name: left_notifications
SELECT count(*) FROM json_each(:ids) AS wanted JOIN notifications ON notifications.id = wanted.value;

-- name: first_job_runs
SELECT min(started_at) FROM job_runs WHERE started_at >= :since AND started_at < :until;

-- name: waiting_job_runs
-- Rows older than a time, counted up to a limit.
SELECT count(*) FROM (SELECT 1 FROM job_runs WHERE started_at < :until LIMIT :limit);

-- name: count_job_runs
SELECT count(*) FROM job_runs WHERE started_at >= :since AND started_at < :until;

-- name: choose_job_runs
-- Runs that ended, but for the last run and the last success of each job, which `jobs list` tells of.
SELECT id, started_at, length(counts) + coalesce(length(error), 0) FROM job_runs
WHERE (started_at, id) > (:since, :after_id) AND started_at < :until AND status <> 'running'
  AND id NOT IN (SELECT max(id) FROM job_runs WHERE status <> 'skipped' GROUP BY job_id)
  AND id NOT IN (SELECT max(id) FROM job_runs WHERE exit_code = 0 AND status <> 'skipped' GROUP BY job_id)
  AND id NOT IN (SELECT run_id FROM spend_reservations WHERE run_id IS NOT NULL)
  AND id NOT IN (SELECT value FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, json_each(r.row_ids)
                 WHERE m.table_name = 'job_runs' AND m.day = :day)
ORDER BY started_at, id LIMIT :limit;

-- name: read_job_runs
SELECT j.id, j.job_id, j.status, j.started_at, j.heartbeat_at, j.finished_at, j.duration, j.scheduled_for, j.lateness,
       j.pid, j.host, j.exit_code, j.error, j.counts, j.version
FROM json_each(:ids) AS wanted JOIN job_runs j ON j.id = wanted.value ORDER BY wanted.key;

-- name: delete_job_runs
DELETE FROM job_runs WHERE id IN (SELECT value FROM json_each(:ids))
  AND id NOT IN (SELECT row_id FROM archive_changes WHERE manifest_id = :manifest_id);

-- name: left_job_runs
SELECT count(*) FROM json_each(:ids) AS wanted JOIN job_runs ON job_runs.id = wanted.value;

-- name: insert_posts
-- A post that is live, or another post under its id, wins over the archive.
INSERT INTO posts (id, source, source_id, author, community, text, url, lang, created_at, likes, replies, reposts,
                   quotes, views, edits, observed_at, collected_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: insert_post_under_new_id
-- For a new database, which gave the old id to another post.
INSERT INTO posts (source, source_id, author, community, text, url, lang, created_at, likes, replies, reposts,
                   quotes, views, edits, observed_at, collected_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id;

-- name: insert_metrics
INSERT INTO post_metrics (post_id, observed_at, likes, replies, reposts, quotes, views)
SELECT :post_id, json_extract(value, '$.observed_at'), json_extract(value, '$.likes'), json_extract(value, '$.replies'),
       json_extract(value, '$.reposts'), json_extract(value, '$.quotes'), json_extract(value, '$.views')
FROM json_each(:metrics) WHERE true ON CONFLICT DO NOTHING;

-- name: insert_trend_posts
INSERT INTO trend_posts (trend_id, post_id)
SELECT value, :post_id FROM json_each(:trend_ids) JOIN trends ON trends.id = value WHERE true ON CONFLICT DO NOTHING;

-- name: insert_ingest_audit
INSERT INTO ingest_audit (id, cycle_id, profile, source, query, endpoint, fetched, new, updated, rejected, oldest,
                          newest, cost, reads, request_id, error, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: insert_notifications
INSERT INTO notifications (id, dedupe_key, channel, category, action, reply_to, trend_id, title, body, strength,
                           status, attempts, next_attempt_at, lease, parts_sent, message_id, error, created_at, sent_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: insert_job_runs
INSERT INTO job_runs (id, job_id, status, started_at, heartbeat_at, finished_at, duration, scheduled_for, lateness,
                      pid, host, exit_code, error, counts, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: insert_manifest
INSERT INTO archive_manifests (id, table_name, source, day, format, url, key, state, rows, bytes, sha256, min_time,
                               max_time, deleted_rows, kept_rows, run_id, created_at, done_at, restored_until,
                               missing_since, written_off_at, written_off_why, is_active, first_row_id, last_row_id)
VALUES (:id, :table_name, :source, :day, :format, :url, :key, :state, :rows, :bytes, :sha256, :min_time, :max_time,
        :deleted_rows, :kept_rows, :run_id, :created_at, :done_at, :restored_until, :missing_since, :written_off_at,
        :written_off_why, :is_active, :first_row_id, :last_row_id);

-- name: update_manifest
UPDATE archive_manifests SET state = :state, rows = :rows, bytes = :bytes, sha256 = :sha256, min_time = :min_time,
    max_time = :max_time, deleted_rows = :deleted_rows, kept_rows = :kept_rows, done_at = :done_at,
    restored_until = :restored_until, is_active = :is_active
WHERE id = :id;

-- name: write_off
UPDATE archive_manifests SET written_off_at = :at, written_off_why = :why, state = 'done', restored_until = NULL,
    done_at = coalesce(done_at, :at), is_active = 0
WHERE id = :id;

-- name: unfinished
SELECT * FROM archive_manifests WHERE is_active = 1 AND (state <> 'done' OR restored_until <= :now)
ORDER BY created_at, id;

-- name: held
SELECT coalesce(sum(json_array_length(row_ids)), 0) FROM archive_rows
JOIN archive_manifests ON id = manifest_id WHERE table_name = ?;

-- name: listing
SELECT * FROM archive_manifests WHERE (:table_name IS NULL OR table_name = :table_name)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: stored
-- Every file that should be in the archive.
SELECT * FROM archive_manifests WHERE state IN ('verified', 'deleting', 'done') AND written_off_at IS NULL
ORDER BY day, table_name, id;

-- name: widen
-- Watch rows that were brought back: the trigger looks at this range.
UPDATE archive_manifests SET is_active = 1, first_row_id = min(coalesce(first_row_id, :first), :first),
    last_row_id = max(coalesce(last_row_id, :last), :last) WHERE id = :id;

-- name: unchanged
-- Rows that were just brought back are as they are in the file, whatever the triggers saw.
DELETE FROM archive_changes WHERE manifest_id = :id AND row_id IN (SELECT value FROM json_each(:ids));

-- name: bury
INSERT INTO tombstones (id, source, source_id, author, created_at, is_pushed)
VALUES (:id, :source, :source_id, :author, :created_at, :is_pushed) ON CONFLICT DO NOTHING;

-- name: forget_posts
DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE source = :source
    AND (source_id = :source_id OR author = :author) LIMIT :limit);

-- name: forget_quotes
-- Alerts of trends that rest on these posts quote them, and so may daily briefs: their titles stay.
WITH about AS (SELECT trend_id FROM trend_posts JOIN posts ON posts.id = post_id WHERE source = :source
               AND (source_id = :source_id OR author = :author))
UPDATE notifications SET body = title WHERE body <> title AND (
    trend_id IN (SELECT trend_id FROM about) OR (category = 'daily_ideas' AND EXISTS (SELECT 1 FROM about)));

-- name: forget_briefs
-- What a model wrote of trends that rest on these posts.
DELETE FROM trend_briefs WHERE trend_id IN (
    SELECT trend_id FROM trend_posts JOIN posts ON posts.id = post_id WHERE source = :source
    AND (source_id = :source_id OR author = :author));

-- name: buried
-- Which of these (source_id, author) pairs of a source have a tombstone.
SELECT wanted.key FROM json_each(:pairs) AS wanted WHERE EXISTS (
    SELECT 1 FROM tombstones t WHERE t.source = :source
    AND (t.source_id = json_extract(wanted.value, '$[0]') OR t.author = json_extract(wanted.value, '$[1]')));
