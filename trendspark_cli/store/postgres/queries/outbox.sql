-- name: channels_of
-- Which of these keys are known.
SELECT dedupe_key FROM notifications WHERE dedupe_key IN (SELECT texts(:keys)) ORDER BY dedupe_key;

-- name: message_of
-- What became of an alert, in the first of the channels whose keys these are.
SELECT status, message_id FROM notifications WHERE dedupe_key IN (SELECT texts(:keys))
ORDER BY id LIMIT 1;
