-- name: spans
-- When runs that began after a time were at work: from and to, NULL while they are.
SELECT started_at, finished_at FROM job_runs WHERE job_id = :job_id AND status <> 'skipped' AND started_at > :after
ORDER BY started_at, id;

-- name: overlaps
-- Runs by job that found another one of theirs at work: 75 is also a ceiling, but that is not said like this.
SELECT job_id, count(*) AS runs FROM job_runs
WHERE started_at >= :after AND status = 'skipped' AND error LIKE '% is already running (%' GROUP BY job_id
ORDER BY job_id;

-- name: last_runs
-- One look into the index for each job and status: one that never ran would cost a walk through all runs of the others.
SELECT * FROM job_runs WHERE id IN (
    SELECT max(newest.id)
    FROM json_array_elements_text(CAST(:job_ids AS json)) AS each_job
    CROSS JOIN unnest(ARRAY['running', 'success', 'partial', 'error', 'timeout', 'interrupted', 'abandoned'])
        AS each_status
    CROSS JOIN LATERAL (SELECT max(id) AS id FROM job_runs WHERE job_id = each_job AND status = each_status) AS newest
    GROUP BY each_job
);

-- name: add_total
-- Raise counters by an amount each, those of other transactions in the same order.
INSERT INTO metric_totals (name, labels, value)
SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS double precision)
FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS raised (value, place) ORDER BY place
ON CONFLICT (name, labels) DO UPDATE SET value = metric_totals.value + excluded.value;
