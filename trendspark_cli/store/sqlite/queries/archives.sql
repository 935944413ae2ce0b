-- name: choose_posts
-- Posts that may leave: ranked and folded into history, in no open trend, in no alert that waits, in no other file.
-- Each `+` keeps the planner from another way than by time when it knows little of the table: all posts of the source,
-- or all up to an id, would be read and sorted for each day.
SELECT id, created_at, length(CAST(text AS BLOB)) FROM posts
WHERE +source = :source AND (created_at, id) > (:since, :after_id) AND created_at < :until
  AND +id <= (SELECT seen_post_id FROM ranking_progress)
  AND (created_at, id) <= (SELECT folded_created_at, folded_post_id FROM ranking_progress)
  AND id NOT IN (SELECT post_id FROM trend_posts JOIN trends ON trends.id = trend_id WHERE trends.state = 'open')
  AND id NOT IN (SELECT post_id FROM trend_posts JOIN notifications n ON n.trend_id = trend_posts.trend_id
                 WHERE n.status IN ('pending', 'sending'))
  AND id NOT IN (SELECT value FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, json_each(r.row_ids)
                 WHERE m.table_name = 'posts' AND m.day = :day)
ORDER BY created_at, id LIMIT :limit;

-- name: read_posts
-- The value of `key` keeps the order of the ids asked for.
SELECT {p.columns}
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

-- name: read_links
-- The pages those posts lead to, as far as they lead anywhere.
SELECT l.post_id, l.url FROM json_each(:ids) AS wanted JOIN post_links l ON l.post_id = wanted.value
ORDER BY l.post_id, l.url;

-- name: delete_posts
-- One batch of a verified file: rows unchanged since their export that no alert needs by now.
DELETE FROM posts
WHERE id IN (SELECT value FROM json_each(:ids))
  AND id NOT IN (SELECT row_id FROM archive_changes WHERE manifest_id = :manifest_id)
  AND id NOT IN (SELECT post_id FROM trend_posts JOIN notifications n ON n.trend_id = trend_posts.trend_id
                 WHERE n.status IN ('pending', 'sending'));

-- name: drop_metrics_of_posts
-- The history of counters of posts that are gone.
DELETE FROM post_metrics WHERE post_id IN (SELECT value FROM json_each(:ids));

-- name: drop_trends_of_posts
-- That trends rest on posts that are gone.
DELETE FROM trend_posts WHERE post_id IN (SELECT value FROM json_each(:ids));

-- name: drop_forecasts_of_posts
-- The forecasts of posts that are gone.
DELETE FROM post_forecasts WHERE post_id IN (SELECT value FROM json_each(:ids));

-- name: drop_names_of_posts
-- That posts that are gone were known by the names of their authors.
DELETE FROM named_posts WHERE post_id IN (SELECT value FROM json_each(:ids));

-- name: drop_links_of_posts
-- The pages that posts that are gone led to.
DELETE FROM post_links WHERE post_id IN (SELECT value FROM json_each(:ids));

-- name: left_posts
-- How many of a batch are still live after its delete: they changed, or an alert needs them.
SELECT count(*) FROM json_each(:ids) AS wanted JOIN posts ON posts.id = wanted.value;

-- name: choose_ingest_audit
-- Audit rows that may leave: those in no other file.
SELECT id, created_at, length(rejected) + coalesce(length(error), 0) FROM ingest_audit
WHERE (created_at, id) > (:since, :after_id) AND created_at < :until
  AND id NOT IN (SELECT value FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, json_each(r.row_ids)
                 WHERE m.table_name = 'ingest_audit' AND m.day = :day)
ORDER BY created_at, id LIMIT :limit;

-- name: read_ingest_audit
-- Audit rows in the order of the ids asked for.
SELECT {a.columns}
FROM json_each(:ids) AS wanted JOIN ingest_audit a ON a.id = wanted.value ORDER BY wanted.key;

-- name: delete_ingest_audit
-- One batch of a verified file: rows unchanged since their export.
DELETE FROM ingest_audit WHERE id IN (SELECT value FROM json_each(:ids))
  AND id NOT IN (SELECT row_id FROM archive_changes WHERE manifest_id = :manifest_id);

-- name: left_ingest_audit
-- How many of a batch are still live after its delete.
SELECT count(*) FROM json_each(:ids) AS wanted JOIN ingest_audit ON ingest_audit.id = wanted.value;

-- name: choose_notifications
-- Alerts that are final, that no open trend goes on with, and that no waiting one answers.
SELECT id, created_at, length(body) FROM notifications AS alert
WHERE (created_at, id) > (:since, :after_id) AND created_at < :until
  AND +status IN ('sent', 'digested', 'dead', 'expired', 'muted')
  AND dedupe_key NOT IN (SELECT alert_key FROM trends WHERE state = 'open' AND alert_key IS NOT NULL)
  AND dedupe_key NOT IN (SELECT reply_to FROM notifications
                         WHERE status IN ('pending', 'sending') AND reply_to IS NOT NULL)
  AND id NOT IN (SELECT value FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, json_each(r.row_ids)
                 WHERE m.table_name = 'notifications' AND m.day = :day)
ORDER BY created_at, id LIMIT :limit;

-- name: read_notifications
-- Alerts in the order of the ids asked for.
SELECT {n.columns}
FROM json_each(:ids) AS wanted JOIN notifications n ON n.id = wanted.value ORDER BY wanted.key;

-- name: delete_notifications
-- One batch of a verified file: rows unchanged since their export.
DELETE FROM notifications WHERE id IN (SELECT value FROM json_each(:ids))
  AND id NOT IN (SELECT row_id FROM archive_changes WHERE manifest_id = :manifest_id);

-- name: left_notifications
-- How many of a batch are still live after its delete.
SELECT count(*) FROM json_each(:ids) AS wanted JOIN notifications ON notifications.id = wanted.value;

-- name: choose_job_runs
-- Runs that ended, but for the last run and the last success of each job, which `jobs list` tells of. A later one is
-- looked for from each run on, in the order of ids: it stands near, so days cost what their rows do. Without the `+`
-- the planner would go through all runs of the job.
SELECT id, started_at, length(counts) + coalesce(length(error), 0) FROM job_runs AS run
WHERE (started_at, id) > (:since, :after_id) AND started_at < :until AND +status <> 'running'
  AND (status = 'skipped' OR EXISTS (
       SELECT 1 FROM job_runs later WHERE later.id > run.id AND +later.job_id = run.job_id AND +later.status <> 'skipped'))
  AND (status = 'skipped' OR exit_code IS NOT 0 OR EXISTS (
       SELECT 1 FROM job_runs later WHERE later.id > run.id AND +later.job_id = run.job_id AND +later.status <> 'skipped'
       AND later.exit_code = 0))
  AND id NOT IN (SELECT run_id FROM spend_reservations WHERE run_id IS NOT NULL)
  AND id NOT IN (SELECT value FROM archive_manifests m JOIN archive_rows r ON r.manifest_id = m.id, json_each(r.row_ids)
                 WHERE m.table_name = 'job_runs' AND m.day = :day)
ORDER BY started_at, id LIMIT :limit;

-- name: read_job_runs
-- Runs in the order of the ids asked for.
SELECT {j.columns}
FROM json_each(:ids) AS wanted JOIN job_runs j ON j.id = wanted.value ORDER BY wanted.key;

-- name: delete_job_runs
-- One batch of a verified file: rows unchanged since their export.
DELETE FROM job_runs WHERE id IN (SELECT value FROM json_each(:ids))
  AND id NOT IN (SELECT row_id FROM archive_changes WHERE manifest_id = :manifest_id);

-- name: left_job_runs
-- How many of a batch are still live after its delete.
SELECT count(*) FROM json_each(:ids) AS wanted JOIN job_runs ON job_runs.id = wanted.value;

-- name: live_ids
-- Those of these ids that live posts have.
SELECT id FROM posts WHERE id IN (SELECT value FROM json_each(:ids));

-- name: insert_metrics
-- The history of counters of a post that was brought back, from its JSON.
INSERT INTO post_metrics (post_id, observed_at, likes, replies, reposts, quotes, views)
SELECT ?1, json_extract(value, '$.observed_at'), json_extract(value, '$.likes'), json_extract(value, '$.replies'),
       json_extract(value, '$.reposts'), json_extract(value, '$.quotes'), json_extract(value, '$.views')
FROM json_each(?2) WHERE true ON CONFLICT DO NOTHING;

-- name: insert_trend_posts
-- The trends that rest on a post that was brought back, as far as they are still there.
INSERT INTO trend_posts (trend_id, post_id)
SELECT value, ?1 FROM json_each(?2) JOIN trends ON trends.id = value WHERE true ON CONFLICT DO NOTHING;

-- name: held
-- How many live rows of a table belong to a file.
SELECT coalesce(sum(json_array_length(row_ids)), 0) FROM archive_rows
JOIN archive_manifests ON id = manifest_id WHERE table_name = ?;

-- name: widen
-- Watch rows that were brought back: the trigger looks at this range.
UPDATE archive_manifests SET is_active = 1, first_row_id = min(coalesce(first_row_id, :first), :first),
    last_row_id = max(coalesce(last_row_id, :last), :last) WHERE id = :id;

-- name: unchanged
-- Rows that were just brought back are as they are in the file, whatever the triggers saw.
DELETE FROM archive_changes WHERE manifest_id = :id AND row_id IN (SELECT value FROM json_each(:ids));

-- name: kept_ids
-- Those of these ids of a source that are live, or that trends quote and nothing has forgotten yet.
SELECT source_id FROM posts WHERE source = :source AND source_id IN (SELECT value FROM json_each(:ids))
UNION SELECT source_id FROM trend_quotes q WHERE source = :source AND source_id IN (SELECT value FROM json_each(:ids))
    AND NOT EXISTS (SELECT 1 FROM tombstones t WHERE t.source = q.source AND t.source_id = q.source_id)
ORDER BY source_id;

-- name: posts_of_authors
-- Some posts of some authors in a span of ids. No index has authors: posts are read, whatever their source, in the
-- order they lie in.
SELECT id FROM posts
WHERE id > :after AND id <= :until AND author IN (SELECT value FROM json_each(:authors)) AND source || '' = :source
ORDER BY id LIMIT :limit;

-- name: listed_days
-- Those of these keys of posts that are listed.
SELECT key, day FROM archived_posts WHERE key IN (SELECT value FROM json_each(:keys)) ORDER BY key;

-- name: quoted_ids
-- Those of these ids of a source that trends quote, or did.
SELECT DISTINCT source_id FROM trend_quotes
WHERE source = :source AND source_id IN (SELECT value FROM json_each(:ids)) ORDER BY source_id;

-- name: buried
-- Which of these (source_id, author, the author's name, time of the post) of a source have a tombstone.
SELECT wanted.key FROM json_each(:pairs) AS wanted WHERE EXISTS (
    SELECT 1 FROM tombstones t WHERE t.source = :source AND t.source_id = json_extract(wanted.value, '$[0]'))
OR EXISTS (
    SELECT 1 FROM tombstones t WHERE t.source = :source
    AND (t.author = json_extract(wanted.value, '$[1]') OR t.author = json_extract(wanted.value, '$[2]'))
    AND (t.last_day IS NULL OR substr(json_extract(wanted.value, '$[3]'), 1, 10) BETWEEN t.first_day AND t.last_day));

-- name: note_pushed
-- An object of the archive tells of these tombstones.
UPDATE tombstones SET is_pushed = 1, batch = :batch WHERE id IN (SELECT value FROM json_each(:ids));

-- name: forget_posts
-- Those of these live posts that a tombstone is about.
DELETE FROM posts WHERE id IN (SELECT value FROM json_each(:ids))
    AND source || '' = :source AND (source_id = :source_id OR author = :author);

-- name: about
-- The trends that rest on these posts, or show one of them, or did: their alerts and briefs may quote them.
SELECT trend_id FROM trend_posts WHERE post_id IN (SELECT value FROM json_each(:ids))
UNION SELECT trend_id FROM trend_examples
WHERE source = :source AND (source_id = :source_id OR author = :author OR lower(name) = lower(:author))
UNION SELECT trend_id FROM trend_quotes WHERE source = :source AND (source_id = :source_id OR author = :author)
ORDER BY trend_id;

-- name: forget_quotes
-- Alerts of these trends, and daily briefs: their titles stay.
UPDATE notifications SET body = title WHERE body <> title AND (
    trend_id IN (SELECT value FROM json_each(:trends)) OR category = 'daily_ideas');

-- name: forget_restored
-- Alerts that came back and may quote posts that were forgotten meanwhile: their titles stay, if these are no post's.
UPDATE notifications SET body = title WHERE body <> title AND id IN (SELECT value FROM json_each(:ids)) AND (
    trend_id IN (SELECT q.trend_id FROM trend_quotes q JOIN tombstones t
                 ON t.source = q.source AND (t.source_id = q.source_id OR t.author = q.author))
    OR (category = 'daily_ideas' OR dedupe_key LIKE 'late:%' OR dedupe_key LIKE 'digest:%' OR dedupe_key LIKE 'surplus:%')
        AND EXISTS (SELECT 1 FROM tombstones t WHERE t.created_at >= notifications.created_at));

-- name: forget_restored_titles
-- Alerts that came back of trends that are one post, which was forgotten.
UPDATE notifications SET title = :label, body = :label WHERE id IN (SELECT value FROM json_each(:ids)) AND trend_id IN (
    SELECT id FROM trends WHERE kind = 'post' AND label = :label);

-- name: forget_restored_of_gone_trends
-- Alerts that came back of trends that are gone: whether these were one of the posts forgotten since is not known any more.
UPDATE notifications SET title = :label, body = :label WHERE id IN (SELECT value FROM json_each(:ids))
    AND trend_id NOT IN (SELECT id FROM trends)
    AND EXISTS (SELECT 1 FROM tombstones t WHERE t.created_at >= notifications.created_at);

-- name: forget_label
-- A trend that is one of these posts is called by the beginning of its text.
UPDATE trends SET label = :label WHERE kind = 'post' AND id IN (SELECT value FROM json_each(:trends));

-- name: forget_titles
-- So are the alerts that tell of it.
UPDATE notifications SET title = :label, body = :label WHERE trend_id IN (
    SELECT id FROM trends WHERE kind = 'post' AND id IN (SELECT value FROM json_each(:trends)));

-- name: forget_briefs
-- What a model wrote of these trends.
DELETE FROM trend_briefs WHERE trend_id IN (SELECT value FROM json_each(:trends));
