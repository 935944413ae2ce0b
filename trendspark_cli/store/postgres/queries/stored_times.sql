-- name: late_send
-- Messages of the last minute, as epoch seconds.
SELECT count(*), time_text(to_timestamp(max(CAST(s AS double precision))))
FROM channel_states c, json_array_elements_text(CAST(c.recent_sends AS json)) AS s
WHERE CAST(s AS double precision) > epoch(:latest);

-- name: heal_send
-- Forget those rows.
UPDATE channel_states SET recent_sends = (
    SELECT '[' || coalesce(string_agg(s, ', '), '') || ']' FROM json_array_elements_text(CAST(recent_sends AS json)) AS s
    WHERE CAST(s AS double precision) <= epoch(:latest))
WHERE EXISTS (SELECT 1 FROM json_array_elements_text(CAST(recent_sends AS json)) AS s
              WHERE CAST(s AS double precision) > epoch(:latest));

-- name: late_incident
-- When what is wrong was last seen or told.
SELECT count(*), max(CASE WHEN alerted_at IS NOT NULL AND last_seen_at IS NOT NULL THEN greatest(last_seen_at, alerted_at)
                     END)
FROM incidents WHERE last_seen_at > :latest OR alerted_at > :latest;

-- name: heal_incident
-- Now; when it was opened is part of its alert's key. What is not there stays so: least would pass over it.
UPDATE incidents SET last_seen_at = CASE WHEN last_seen_at > :now THEN :now ELSE last_seen_at END,
    alerted_at = CASE WHEN alerted_at > :now THEN :now ELSE alerted_at END
WHERE last_seen_at > :latest OR alerted_at > :latest;

-- name: late_trend
-- Trends that were seen, strong, at their peak or closed; only new ones can have been, by a clock of late.
SELECT count(*), max(greatest(last_seen, opened_at, last_strong_at, peak, closed_at)) FROM trends
WHERE id > (SELECT max(id) FROM trends) - 200 AND ROW(opened_at, last_strong_at, peak) IS NOT NULL
  AND greatest(last_seen, opened_at, last_strong_at, peak, closed_at) > :latest;

-- name: heal_trend
-- Now: what closes, cools down or may open again counts from there.
UPDATE trends SET last_seen = least(last_seen, :now), opened_at = least(opened_at, :now), peak = least(peak, :now),
    last_strong_at = least(last_strong_at, :now), closed_at = CASE WHEN closed_at > :now THEN :now ELSE closed_at END
WHERE id > (SELECT max(id) FROM trends) - 200 AND ROW(opened_at, last_strong_at, peak) IS NOT NULL
  AND greatest(last_seen, opened_at, last_strong_at, peak, closed_at) > :latest;

-- name: late_memory
-- Up to where posts were taken into the memory of the ranking, and when it last forgot.
SELECT count(*), max(at) FROM (
    SELECT folded_created_at AS at FROM ranking_progress
    UNION ALL SELECT time_text(to_timestamp(swept_tick * 900)) FROM ranking_progress
    UNION ALL SELECT left_created_at FROM forecast_progress
    UNION ALL SELECT time_text(to_timestamp(swept_day * 86400)) FROM forecast_progress
) AS memories WHERE at COLLATE "C" > :latest;

-- name: heal_memory_of_topics
-- Now: what was folded too early stays folded, what comes is folded in time.
UPDATE ranking_progress SET folded_post_id = CASE WHEN folded_created_at > :latest THEN 0 ELSE folded_post_id END,
    folded_created_at = CASE WHEN folded_created_at > :latest THEN :now ELSE folded_created_at END,
    swept_tick = CASE WHEN swept_tick > epoch(:now) / 900 THEN epoch(:now) / 900 ELSE swept_tick END;

-- name: heal_memory_of_posts
-- Posts settle two days after they were made.
UPDATE forecast_progress SET left_post_id = CASE WHEN left_created_at > :latest THEN 0 ELSE left_post_id END,
    left_created_at = CASE WHEN left_created_at > :latest THEN time_text(CAST(CAST(:now AS text) AS timestamptz) - INTERVAL '2 days')
                           ELSE left_created_at END,
    swept_day = least(swept_day, epoch(:now) / 86400);

-- name: heal_memory_of_authors
-- They were last heard of today, not in a year.
UPDATE forecast_usual SET last_day = epoch(:now) / 86400 WHERE last_day > epoch(:latest) / 86400;
