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

-- name: late_trend
-- Trends that were seen, strong, at their peak or closed; only new ones can have been, by a clock of late.
SELECT count(*), max(max(last_seen, opened_at, last_strong_at, peak, coalesce(closed_at, ''))) FROM trends
WHERE id > (SELECT max(id) FROM trends) - 200
  AND max(last_seen, opened_at, last_strong_at, peak, coalesce(closed_at, '')) > :latest;

-- name: heal_trend
-- Now: what closes, cools down or may open again counts from there.
UPDATE trends SET last_seen = min(last_seen, :now), opened_at = min(opened_at, :now), peak = min(peak, :now),
    last_strong_at = min(last_strong_at, :now), closed_at = min(closed_at, :now)
WHERE id > (SELECT max(id) FROM trends) - 200
  AND max(last_seen, opened_at, last_strong_at, peak, coalesce(closed_at, '')) > :latest;

-- name: late_memory
-- Up to where posts were taken into the memory of the ranking, and when it last forgot.
SELECT count(*), max(at) FROM (
    SELECT folded_created_at AS at FROM ranking_progress
    UNION ALL SELECT strftime('%Y-%m-%dT%H:%M:%fZ', swept_tick * 900, 'unixepoch') FROM ranking_progress
    UNION ALL SELECT left_created_at FROM forecast_progress
    UNION ALL SELECT strftime('%Y-%m-%dT%H:%M:%fZ', swept_day * 86400, 'unixepoch') FROM forecast_progress
) WHERE at > :latest;

-- name: heal_memory_of_topics
-- Now: what was folded too early stays folded, what comes is folded in time.
UPDATE ranking_progress SET folded_post_id = iif(folded_created_at > :latest, 0, folded_post_id),
    folded_created_at = iif(folded_created_at > :latest, :now, folded_created_at),
    swept_tick = min(swept_tick, unixepoch(:now) / 900);

-- name: heal_memory_of_posts
-- Posts settle two days after they were made.
UPDATE forecast_progress SET left_post_id = iif(left_created_at > :latest, 0, left_post_id),
    left_created_at = iif(left_created_at > :latest, strftime('%Y-%m-%dT%H:%M:%fZ', :now, '-2 days'), left_created_at),
    swept_day = min(swept_day, unixepoch(:now) / 86400);

-- name: heal_memory_of_authors
-- They were last heard of today, not in a year.
UPDATE forecast_usual SET last_day = unixepoch(:now) / 86400 WHERE last_day > unixepoch(:latest) / 86400;
