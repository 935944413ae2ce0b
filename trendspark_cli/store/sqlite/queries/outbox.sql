-- name: channels_of
-- Which of these keys are known.
SELECT dedupe_key FROM notifications WHERE dedupe_key IN (SELECT value FROM json_each(:keys));

-- name: message_of
-- What became of an alert, in the first of the channels whose keys these are.
SELECT status, message_id FROM notifications WHERE dedupe_key IN (SELECT value FROM json_each(:keys))
ORDER BY id LIMIT 1;
