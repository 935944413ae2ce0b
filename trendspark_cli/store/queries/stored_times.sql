-- name: late_back_off
-- Pauses of channels that fail.
SELECT count(*), max(paused_until) FROM channel_states WHERE failures > 0 AND paused_until > :latest;

-- name: heal_back_off
-- End those pauses.
UPDATE channel_states SET paused_until = NULL WHERE failures > 0 AND paused_until > :latest;

-- name: late_pause
-- Pauses that channels asked for.
SELECT count(*), max(paused_until) FROM channel_states WHERE failures = 0 AND paused_until > :latest;

-- name: heal_pause
-- End those pauses.
UPDATE channel_states SET paused_until = NULL WHERE failures = 0 AND paused_until > :latest;

-- name: late_attempt
-- Alerts that wait for another try.
SELECT count(*), max(next_attempt_at) FROM notifications WHERE status = 'pending' AND next_attempt_at > :latest;

-- name: heal_attempt
-- Make those alerts due.
UPDATE notifications SET next_attempt_at = :now WHERE status = 'pending' AND next_attempt_at > :latest;

-- name: late_lease
-- Alerts claimed for sending.
SELECT count(*), max(lease) FROM notifications WHERE status = 'sending' AND lease > :latest;

-- name: heal_lease
-- End the claims: whoever delivers next takes them back.
UPDATE notifications SET lease = :now WHERE status = 'sending' AND lease > :latest;

-- name: late_notice
-- What was said, those of paid counts aside.
SELECT count(*), max(noted_at) FROM notices WHERE noted_at > :latest AND key NOT LIKE 'counts:%';

-- name: heal_notice
-- Forget those rows.
DELETE FROM notices WHERE noted_at > :latest AND key NOT LIKE 'counts:%';

-- name: late_count
-- When queries were counted one by one, which costs.
SELECT count(*), max(noted_at) FROM notices WHERE noted_at > :latest AND key LIKE 'counts:%';

-- name: heal_count
-- Forget those rows.
DELETE FROM notices WHERE noted_at > :latest AND key LIKE 'counts:%';

-- name: late_streak
-- Since when jobs fail.
SELECT count(*), max(failing_since) FROM job_states WHERE failing_since > :latest;

-- name: heal_streak
-- They fail since now; the key of an alert that was sent stays.
UPDATE job_states SET failing_since = :now WHERE failing_since > :latest;

-- name: late_schedule
-- Since when jobs have their schedules.
SELECT count(*), max(schedule_since) FROM job_states WHERE schedule_since > :latest;

-- name: heal_schedule
-- It holds since now.
UPDATE job_states SET schedule_since = :now WHERE schedule_since > :latest;

-- name: late_call
-- Calls to services by the minute.
SELECT count(*), max(minute) FROM api_calls WHERE minute > :latest;

-- name: heal_call
-- Forget them: totals have them, too.
DELETE FROM api_calls WHERE minute > :latest;

-- name: late_spend
-- What was used, by day.
SELECT count(*), max(day) FROM spend WHERE day > substr(:latest, 1, 10);

-- name: heal_spend
-- Count it as used today: it was paid, and no ceiling may be passed by it.
INSERT INTO spend (day, service, profile, kind, used, calls, usd)
SELECT substr(:now, 1, 10), service, profile, kind, sum(used), sum(calls), sum(usd) FROM spend
WHERE day > substr(:latest, 1, 10) GROUP BY service, profile, kind
ON CONFLICT (day, service, profile, kind) DO UPDATE SET
    used = spend.used + excluded.used, calls = spend.calls + excluded.calls, usd = spend.usd + excluded.usd;

-- name: heal_spend_rest
-- It stands under today.
DELETE FROM spend WHERE day > substr(:latest, 1, 10);

-- name: late_reservation
-- What is set aside, by day.
SELECT count(*), max(day) FROM spend_reservations WHERE day > substr(:latest, 1, 10);

-- name: heal_reservation
-- It is of today.
UPDATE spend_reservations SET day = substr(:now, 1, 10) WHERE day > substr(:latest, 1, 10);

-- name: late_billed
-- Posts paid for, by day.
SELECT count(*), max(day) FROM billed_posts WHERE day > substr(:latest, 1, 10);

-- name: heal_billed
-- Forget on which day: reading them again counts in full.
DELETE FROM billed_posts WHERE day > substr(:latest, 1, 10);

-- name: late_hold
-- Until when restored rows stay.
SELECT count(*), max(restored_until) FROM archive_manifests WHERE is_active = 1 AND restored_until > :latest;

-- name: heal_hold
-- As long as may be asked for: they leave by the file they came from, so that nothing is lost.
UPDATE archive_manifests SET restored_until = :latest WHERE is_active = 1 AND restored_until > :latest;
