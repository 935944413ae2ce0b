-- name: late_send
-- Messages of the last minute, as epoch seconds.
SELECT count(*), strftime('%Y-%m-%dT%H:%M:%fZ', max(s.value), 'unixepoch')
FROM channel_states c, json_each(c.recent_sends) s WHERE s.value > unixepoch(:latest);

-- name: heal_send
-- Forget those rows.
UPDATE channel_states
SET recent_sends = (SELECT json_group_array(s.value) FROM json_each(recent_sends) s WHERE s.value <= unixepoch(:latest))
WHERE EXISTS (SELECT 1 FROM json_each(recent_sends) s WHERE s.value > unixepoch(:latest));

-- name: late_incident
-- When what is wrong was last seen or told.
SELECT count(*), max(max(last_seen_at, alerted_at)) FROM incidents WHERE last_seen_at > :latest OR alerted_at > :latest;

-- name: heal_incident
-- Now; when it was opened is part of its alert's key.
UPDATE incidents SET last_seen_at = min(last_seen_at, :now), alerted_at = min(alerted_at, :now)
WHERE last_seen_at > :latest OR alerted_at > :latest;
