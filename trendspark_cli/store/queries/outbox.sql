-- name: queue
-- Add an alert unless its dedupe key is known.
INSERT INTO notifications (dedupe_key, channel, category, action, reply_to, trend_id, title, body, strength, status,
                           next_attempt_at, created_at)
VALUES (:dedupe_key, :channel, :category, :action, :reply_to, :trend_id, :title, :html, :strength, :status, :now, :now)
ON CONFLICT (dedupe_key) DO NOTHING;

-- name: due
-- What may be sent now, in the order it was decided.
SELECT id, dedupe_key, category, action, reply_to, title, body, strength, attempts, parts_sent, message_id, created_at,
       error
FROM notifications WHERE channel = :channel AND status = 'pending' AND next_attempt_at <= :now ORDER BY id;

-- name: waiting
-- Everything that waits, due or not, in the order it was decided.
SELECT id, dedupe_key, category, action, reply_to, title, body, strength, attempts, parts_sent, message_id, created_at,
       error
FROM notifications WHERE channel = :channel AND status = 'pending' ORDER BY id;

-- name: claim
-- Take one alert for sending; exactly one process sees a row change. The lease gives it back if we die.
UPDATE notifications SET status = 'sending', lease = :lease, attempts = attempts + 1
WHERE id = :id AND status = 'pending';

-- name: reclaim
-- Claims whose process died between sending and marking: the message may have arrived.
UPDATE notifications SET status = 'pending', lease = NULL, next_attempt_at = :now
WHERE channel = :channel AND status = 'sending' AND lease <= :now RETURNING id, category;

-- name: part_sent
-- How much of a long message has gone out.
UPDATE notifications SET parts_sent = :parts_sent, message_id = coalesce(message_id, :message_id), lease = :lease
WHERE id = :id;

-- name: mark
-- Give an alert its final status.
UPDATE notifications SET status = :status, error = :error, lease = NULL, sent_at = :sent_at,
       message_id = coalesce(:message_id, message_id)
WHERE id = :id;

-- name: put_back
-- Let an alert wait for another try.
UPDATE notifications SET status = 'pending', lease = NULL, next_attempt_at = :next_attempt_at, error = :error
WHERE id = :id;

-- name: listing
-- Alerts of one status or of all, newest first, without their bodies.
SELECT id, created_at, category, title, status, attempts, next_attempt_at, sent_at, error, trend_id, dedupe_key,
       channel, action, message_id
FROM notifications WHERE (CAST(:status AS text) IS NULL OR status = :status) AND (CAST(:channel AS text) IS NULL OR channel = :channel)
ORDER BY id DESC LIMIT :limit;

-- name: sent_today
-- Trend alerts that opened a trend and went out since the day began.
SELECT count(*) FROM notifications
WHERE channel = :channel AND category = 'trending_alert' AND action = 'send' AND reply_to IS NULL
  AND trend_id IS NOT NULL AND status IN ('sent', 'sending') AND created_at >= :day AND created_at <= :latest;

-- name: note_crash
-- One more bug in sending an alert.
INSERT INTO alert_crashes (alert_id, crashes, crashed_at) VALUES (:id, 1, :now)
ON CONFLICT (alert_id) DO UPDATE SET crashes = alert_crashes.crashes + 1, crashed_at = excluded.crashed_at RETURNING crashes;

-- name: crashing
-- How many alerts wait although sending them ran into a bug.
SELECT count(*) FROM alert_crashes c JOIN notifications n ON n.id = c.alert_id WHERE n.status IN ('pending', 'sending');

-- name: forget_crashes
-- Begin to count anew for a dead alert, or all of them: they are tried again.
DELETE FROM alert_crashes
WHERE alert_id IN (SELECT id FROM notifications WHERE status = 'dead' AND (CAST(:id AS bigint) IS NULL OR id = :id));

-- name: revive
-- Let a dead alert, or all of them, wait again.
UPDATE notifications SET status = 'pending', error = NULL, attempts = 0, parts_sent = 0, next_attempt_at = :now
WHERE status = 'dead' AND (CAST(:id AS bigint) IS NULL OR id = :id);

-- name: drop
-- Give up a waiting or dead alert, or all of them.
UPDATE notifications SET status = 'expired', error = 'dropped by hand', lease = NULL
WHERE status IN ('pending', 'dead') AND (CAST(:id AS bigint) IS NULL OR id = :id);

-- name: oldest_pending
-- When the oldest alert was queued that waits, and does so for no good reason.
SELECT min(created_at) FROM notifications WHERE status IN ('pending', 'sending') AND coalesce(error, '') <> :held;

-- name: save_channel
-- Remember the state of a channel.
INSERT INTO channel_states (channel, paused_until, failures, migrated_chat_id, last_error, refusal, recent_sends,
                            updates_read)
VALUES (:channel, :paused_until, :failures, :migrated_chat_id, :last_error, :refusal, :recent_sends,
        :updates_read)
ON CONFLICT (channel) DO UPDATE SET paused_until = excluded.paused_until, failures = excluded.failures,
    migrated_chat_id = excluded.migrated_chat_id, last_error = excluded.last_error, refusal = excluded.refusal,
    recent_sends = excluded.recent_sends, updates_read = excluded.updates_read;

-- name: save_incident
-- An incident, new or going on.
INSERT INTO incidents (key, opened_at, failures, last_seen_at, alerted_at)
VALUES (:key, :opened_at, :failures, :last_seen_at, :alerted_at)
ON CONFLICT (key) DO UPDATE SET opened_at = excluded.opened_at, failures = excluded.failures,
    last_seen_at = excluded.last_seen_at, alerted_at = excluded.alerted_at;

-- name: api_errors
-- Server errors and lost answers per service and endpoint since a minute, the worst first.
SELECT service, endpoint, sum(calls) AS failures, max(last_status) AS status FROM api_calls
WHERE minute >= :since AND code_class IN ('5xx', 'transport') GROUP BY service, endpoint
ORDER BY failures DESC, service, endpoint;
