-- name: start
-- A run that begins.
INSERT INTO job_runs (job_id, status, started_at, heartbeat_at, pid, host, version)
VALUES (?, 'running', ?, ?, ?, ?, ?);

-- name: unended
-- Runs of a job that are at work or were killed, oldest first.
SELECT j.id, j.pid, j.host, j.started_at, j.heartbeat_at, p.process
FROM job_runs j LEFT JOIN run_processes p ON p.run_id = j.id
WHERE j.job_id = ? AND j.status = 'running' ORDER BY j.id;

-- name: unended_parts
-- What these runs do of their job.
SELECT p.run_id, p.part FROM job_runs j JOIN run_parts p ON p.run_id = j.id
WHERE j.job_id = ? AND j.status = 'running' ORDER BY p.run_id, p.part;

-- name: finish
-- How a run ended.
UPDATE job_runs SET status = :status, finished_at = :finished_at, duration = :duration, exit_code = :exit_code,
       error = :error, counts = :counts, heartbeat_at = :finished_at WHERE id = :id;

-- name: add_skipped
-- A run that did nothing, and why.
INSERT INTO job_runs (job_id, status, started_at, finished_at, duration, pid, host, version, exit_code, error)
VALUES (?, 'skipped', ?, ?, 0, ?, ?, ?, ?, ?);

-- name: abandon
-- Called by the holder of the run's locks, in the transaction that has seen that it does not live.
UPDATE job_runs SET status = 'abandoned', finished_at = ?, error = 'the process ended without a word (killed?)'
WHERE id = ? AND status = 'running';

-- name: history
-- Times are compared as text; skipped runs did not fail, even those that found their lock held.
SELECT * FROM job_runs WHERE (CAST(:job_id AS text) IS NULL OR job_id = :job_id) AND (CAST(:status AS text) IS NULL OR status = :status)
    AND (CAST(:since AS text) IS NULL OR started_at >= :since) AND (CAST(:until AS text) IS NULL OR started_at < :until)
    AND (CAST(:is_failed AS integer) = 0 OR status NOT IN ('success', 'running', 'skipped'))
ORDER BY id DESC LIMIT :limit;

-- name: scheduled
-- The moments that have a run, whatever became of it.
SELECT scheduled_for FROM job_runs WHERE job_id = :job_id AND scheduled_for > :after;

-- name: add_total
-- Raise a counter by an amount.
INSERT INTO metric_totals (name, labels, value) VALUES (?, ?, ?)
ON CONFLICT (name, labels) DO UPDATE SET value = metric_totals.value + excluded.value;

-- name: set_total
-- Set a gauge to its value.
INSERT INTO metric_totals (name, labels, value) VALUES (?, ?, ?)
ON CONFLICT (name, labels) DO UPDATE SET value = excluded.value;

-- name: save_state
-- Remember pause, failure streak and times of a job.
INSERT INTO job_states (job_id, paused, since, by, reason, failures, failing_since, alert_key, schedule, schedule_since)
VALUES (:job_id, :paused, :since, :by, :reason, :failures, :failing_since, :alert_key, :schedule, :schedule_since)
ON CONFLICT (job_id) DO UPDATE SET paused = excluded.paused, since = excluded.since, by = excluded.by,
    reason = excluded.reason, failures = excluded.failures, failing_since = excluded.failing_since,
    alert_key = excluded.alert_key, schedule = excluded.schedule, schedule_since = excluded.schedule_since;
