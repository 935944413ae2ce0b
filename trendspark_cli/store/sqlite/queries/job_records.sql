-- name: start
INSERT INTO job_runs (job_id, status, started_at, heartbeat_at, pid, host, version)
VALUES (?, 'running', ?, ?, ?, ?, ?);

-- name: finish
UPDATE job_runs SET status = :status, finished_at = :finished_at, duration = :duration, exit_code = :exit_code,
       error = :error, counts = :counts, heartbeat_at = :finished_at WHERE id = :id;

-- name: add_skipped
INSERT INTO job_runs (job_id, status, started_at, finished_at, duration, pid, host, version, exit_code, error)
VALUES (?, 'skipped', ?, ?, 0, ?, ?, ?, ?, ?);

-- name: abandon
-- Called by the holder of the job's lock, so no run of this job is alive.
UPDATE job_runs SET status = 'abandoned', finished_at = ?, error = 'the process ended without a word (killed?)'
WHERE job_id = ? AND status = 'running' RETURNING id;

-- name: history
SELECT * FROM job_runs WHERE (:job_id IS NULL OR job_id = :job_id) AND (:status IS NULL OR status = :status)
ORDER BY id DESC LIMIT :limit;

-- name: last_run
SELECT * FROM job_runs WHERE job_id = :job_id AND status <> 'skipped' ORDER BY id DESC LIMIT 1;

-- name: add_total
INSERT INTO metric_totals (name, labels, value) VALUES (?, ?, ?)
ON CONFLICT (name, labels) DO UPDATE SET value = value + excluded.value;

-- name: set_total
INSERT INTO metric_totals (name, labels, value) VALUES (?, ?, ?)
ON CONFLICT (name, labels) DO UPDATE SET value = excluded.value;

-- name: save_state
INSERT INTO job_states (job_id, paused, since, by, reason, failures, failing_since, alert_key)
VALUES (:job_id, :paused, :since, :by, :reason, :failures, :failing_since, :alert_key)
ON CONFLICT (job_id) DO UPDATE SET paused = excluded.paused, since = excluded.since, by = excluded.by,
    reason = excluded.reason, failures = excluded.failures, failing_since = excluded.failing_since,
    alert_key = excluded.alert_key;
