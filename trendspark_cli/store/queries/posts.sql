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

-- name: refreshable
-- Recent posts whose counters are worth reading again: those last read today first; then one in ten of those not read for
-- a day, whatever became of them, so that forecasts learn not only of successes; then those expected to go furthest.
-- An edited post is stored under its first id, whose counters no longer move.
SELECT p.source_id FROM posts p LEFT JOIN post_forecasts f ON f.post_id = p.id
WHERE p.source = :source AND p.created_at >= :since AND p.observed_at < :not_since AND p.edits = 0
ORDER BY substr(p.observed_at, 1, 10) = :today DESC,
         p.id % 10 = 0 AND p.observed_at < :day_ago DESC,
         coalesce(f.forecast, coalesce(p.likes, 0) + 2 * coalesce(p.reposts, 0) + coalesce(p.replies, 0)) DESC, p.id DESC
LIMIT :limit;
