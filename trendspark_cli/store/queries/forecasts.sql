-- name: progress
-- How far forecasting has come.
SELECT seen_post_id, left_created_at, left_post_id, swept_day FROM forecast_progress WHERE id = 1;

-- name: save_progress
-- Remember how far it has come.
UPDATE forecast_progress SET seen_post_id = :seen_post_id, left_created_at = :left_created_at,
    left_post_id = :left_post_id, swept_day = :swept_day WHERE id = 1;

-- name: put_source
-- What is learned of a source.
INSERT INTO forecast_sources (source, settled, total, sums, days, peaks) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (source) DO UPDATE SET settled = excluded.settled, total = excluded.total, sums = excluded.sums,
    days = excluded.days, peaks = excluded.peaks;

-- name: put_usual
-- The usual of an author or community.
INSERT INTO forecast_usual (key, posts, total, last_day) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET posts = excluded.posts, total = excluded.total, last_day = excluded.last_day;

-- name: newest
-- Up to where posts and changes of counters go.
SELECT coalesce((SELECT max(id) FROM posts), 0), coalesce((SELECT max(id) FROM forecast_news), 0);

-- name: note
-- The last forecast of a post that is live.
INSERT INTO post_forecasts (post_id, forecast, usual, enough, looked_at) SELECT ?1, ?2, ?3, ?4, ?5
WHERE EXISTS (SELECT 1 FROM posts WHERE id = ?1)
ON CONFLICT (post_id) DO UPDATE SET forecast = excluded.forecast, usual = excluded.usual, enough = excluded.enough,
    looked_at = excluded.looked_at;
