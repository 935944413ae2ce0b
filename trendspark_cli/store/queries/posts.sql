-- name: add_observation
-- Keep counters that were read at a stated time, whatever the order in which the lines arrive.
INSERT OR IGNORE INTO post_metrics (post_id, observed_at, likes, replies, reposts, quotes, views)
SELECT id, ?3, ?4, ?5, ?6, ?7, ?8 FROM posts WHERE source = ?1 AND source_id = ?2;

-- name: tick_size
-- How many posts were created in a span.
SELECT count(*) FROM posts WHERE created_at >= :since AND created_at < :until;

-- name: by_id
-- One live post.
SELECT * FROM posts WHERE id = ?;
