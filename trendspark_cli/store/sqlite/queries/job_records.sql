-- name: spans
-- When runs that began after a time were at work: from and to, NULL while they are.
-- The + keeps the index of started_at in use: a day is a small part of all runs of a job.
SELECT started_at, finished_at FROM job_runs WHERE +job_id = :job_id AND status <> 'skipped' AND started_at > :after;

-- name: overlaps
-- Runs by job that found another one of theirs at work: 75 is also a ceiling, but that is not said like this.
SELECT job_id, count(*) AS runs FROM job_runs
WHERE started_at >= :after AND status = 'skipped' AND error LIKE '% is already running (%' GROUP BY +job_id;

-- name: last_runs
-- One look into the index for each job and status: one that never ran would cost a walk through all runs of the others.
SELECT * FROM job_runs WHERE id IN (
    SELECT max((SELECT max(id) FROM job_runs WHERE job_id = each_job.value AND status = each_status.value))
    FROM json_each(:job_ids) AS each_job, json_each(
        '["running", "success", "partial", "error", "timeout", "interrupted", "abandoned"]'
    ) AS each_status
    GROUP BY each_job.value
);
