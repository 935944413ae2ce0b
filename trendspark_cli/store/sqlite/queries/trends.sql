-- name: marks_of
-- What people said of some trends.
SELECT trend_id, mark, note, terms, score, opened_at, marked_at, marked_by, communities FROM trend_marks
WHERE trend_id IN (SELECT value FROM json_each(?));
