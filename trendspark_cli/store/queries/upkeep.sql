-- name: drop_api_calls
-- One batch of old minutes of calls.
DELETE FROM api_calls WHERE (minute, service, endpoint, code_class) IN (
    SELECT minute, service, endpoint, code_class FROM api_calls WHERE minute < ? ORDER BY minute LIMIT 1000);

-- name: drop_notices
-- One batch of old notices.
DELETE FROM notices WHERE key IN (SELECT key FROM notices WHERE noted_at < ? LIMIT 1000);

-- name: drop_gaps
-- One batch of gaps that were closed long ago.
DELETE FROM gaps WHERE id IN (SELECT id FROM gaps WHERE state <> 'open' AND closed_at < ? LIMIT 1000);

-- name: drop_trends
-- Trends that are over, and that no alert in the table tells of; few rows each time, since their links go with them.
DELETE FROM trends WHERE id IN (SELECT id FROM trends WHERE state = 'closed' AND closed_at < ?
    AND id NOT IN (SELECT trend_id FROM notifications WHERE trend_id IS NOT NULL) LIMIT 20);

-- name: drop_model_answers
-- One batch of old answers of models.
DELETE FROM model_answers WHERE key IN (SELECT key FROM model_answers WHERE made_at < ? LIMIT 1000);

-- name: drop_billed_posts
-- One batch of pages billed on past days.
DELETE FROM billed_posts WHERE id IN (SELECT id FROM billed_posts WHERE day < ? LIMIT 1000);
