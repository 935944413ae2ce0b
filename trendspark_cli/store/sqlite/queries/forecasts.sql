-- name: usual
-- What the posts of these authors and communities usually end with.
SELECT key, posts, total FROM forecast_usual WHERE key IN (SELECT value FROM json_each(?));

-- name: faint_usual
-- Authors and communities not heard of for long, those with one post sooner; and the oldest when there are too many.
SELECT key FROM forecast_usual WHERE last_day < :long_ago OR (posts < 2 AND last_day < :ago)
UNION SELECT key FROM (SELECT key FROM forecast_usual ORDER BY last_day DESC LIMIT -1 OFFSET :most);

-- name: arrived
-- Young enough posts with counters collected since the last look, as long as they are fresh.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER),
       CAST(strftime('%s', collected_at) AS INTEGER), CAST(strftime('%s', observed_at) AS INTEGER),
       likes + coalesce(reposts, 0) + coalesce(quotes, 0), coalesce(replies, 0), created_at
FROM posts WHERE id > :after AND id <= :newest AND likes IS NOT NULL AND collected_at >= :fresh
  AND created_at >= :since
ORDER BY id LIMIT :limit;

-- name: watched
-- Those of some posts that have counters, are young enough and were looked at just now.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER),
       CAST(strftime('%s', collected_at) AS INTEGER), CAST(strftime('%s', observed_at) AS INTEGER),
       likes + coalesce(reposts, 0) + coalesce(quotes, 0), coalesce(replies, 0), created_at
FROM posts WHERE id IN (SELECT value FROM json_each(:ids)) AND likes IS NOT NULL AND created_at >= :since
  AND observed_at >= :fresh;

-- name: leaving
-- The next posts with counters that are too old to be watched, oldest first, after a position.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER),
       CAST(strftime('%s', collected_at) AS INTEGER), CAST(strftime('%s', observed_at) AS INTEGER),
       likes + coalesce(reposts, 0) + coalesce(quotes, 0), coalesce(replies, 0), created_at
FROM posts WHERE (created_at, id) > (:created_at, :id) AND created_at < :until AND likes IS NOT NULL
ORDER BY created_at, id LIMIT :limit;

-- name: looks
-- What the counters of these posts said over time: the first :most looks of each, and the last two.
SELECT m.post_id, CAST(strftime('%s', m.observed_at) AS INTEGER),
       m.likes + coalesce(m.reposts, 0) + coalesce(m.quotes, 0), coalesce(m.replies, 0), m.views
FROM json_each(:ids) AS wanted JOIN post_metrics m ON m.post_id = wanted.value
 AND m.observed_at <= coalesce((SELECT observed_at FROM post_metrics WHERE post_id = wanted.value
                                ORDER BY observed_at LIMIT 1 OFFSET :most), '~')
UNION
SELECT m.post_id, CAST(strftime('%s', m.observed_at) AS INTEGER),
       m.likes + coalesce(m.reposts, 0) + coalesce(m.quotes, 0), coalesce(m.replies, 0), m.views
FROM json_each(:ids) AS wanted JOIN post_metrics m ON m.post_id = wanted.value
 AND m.observed_at >= coalesce((SELECT observed_at FROM post_metrics WHERE post_id = wanted.value
                                ORDER BY observed_at DESC LIMIT 1 OFFSET 1), '')
ORDER BY 1, 2;

-- name: drop
-- Forget the forecasts of posts that are no longer watched.
DELETE FROM post_forecasts WHERE post_id IN (SELECT value FROM json_each(?));
