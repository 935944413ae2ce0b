-- name: standing
-- What a later arrival may change of some posts of a source.
SELECT p.id, p.source_id, p.author, p.community, p.text, p.url, p.lang, p.created_at, p.likes, p.replies, p.reposts,
       p.quotes, p.views, p.edits, p.observed_at, EXISTS (SELECT 1 FROM named_posts n WHERE n.post_id = p.id)
FROM posts p WHERE p.source = ? AND p.source_id IN (SELECT value FROM json_each(?));

-- name: drop_links
-- The links of earlier versions of some posts.
DELETE FROM post_links WHERE post_id IN (SELECT value FROM json_each(?));

-- name: drop_named
-- Posts that were known by the name of their author, and are by an id now.
DELETE FROM named_posts WHERE post_id IN (SELECT value FROM json_each(?));

-- name: stored_ids
-- Those of these ids of a source whose posts are live.
SELECT source_id FROM posts WHERE source = ? AND source_id IN (SELECT value FROM json_each(?));

-- name: leaving
-- The next posts to leave the longest window, oldest first, after a position. Of a text, all ranking queries give
-- what ranking reads of it, words.LONGEST_TEXT characters; and last the links beside it.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER), substr(text, 1, 2000), created_at,
       (SELECT group_concat(url, char(10)) FROM post_links WHERE post_id = posts.id)
FROM posts WHERE (created_at, id) > (:created_at, :id) AND created_at < :until AND id <= :seen_post_id
ORDER BY created_at, id LIMIT :limit;

-- name: leaving_places
-- The same without their texts.
SELECT id, source, CAST(strftime('%s', created_at) AS INTEGER), created_at
FROM posts WHERE (created_at, id) > (:created_at, :id) AND created_at < :until AND id <= :seen_post_id
ORDER BY created_at, id LIMIT :limit;

-- name: sampled
-- Some posts of a time, oldest first, after a position, without links: those whose ids a number divides.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER), substr(text, 1, 2000), created_at
FROM posts WHERE (created_at, id) > (:created_at, :id) AND created_at < :until AND id % :one_in = 0
ORDER BY created_at, id LIMIT :limit;

-- name: arrived
-- Posts collected since the last look, in the order they were stored.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER), substr(text, 1, 2000), created_at,
       (SELECT group_concat(url, char(10)) FROM post_links WHERE post_id = posts.id)
FROM posts WHERE id > :after AND id <= :until ORDER BY id LIMIT :limit;

-- name: rows
-- Some posts as the ranking reads them.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER), substr(text, 1, 2000), '',
       (SELECT group_concat(url, char(10)) FROM post_links WHERE post_id = posts.id)
FROM posts WHERE id IN (SELECT value FROM json_each(?));

-- name: texts
-- The texts of some posts.
SELECT id, substr(text, 1, 2000),
       (SELECT group_concat(url, char(10)) FROM post_links WHERE post_id = posts.id)
FROM posts WHERE id IN (SELECT value FROM json_each(?));

-- name: mentions_per_slot
-- How many of a trend's posts fall into each slot of :seconds, for sparklines.
SELECT (CAST(strftime('%s', p.created_at) AS INTEGER) - :since) / :seconds AS slot, count(*) AS posts
FROM trend_posts t JOIN posts p ON p.id = t.post_id
WHERE t.trend_id = :trend_id AND p.created_at >= :since_text GROUP BY slot;

-- name: note_counts_read
-- Remember that counters were asked for, whatever came of it.
UPDATE posts SET observed_at = ?1
WHERE source = ?2 AND source_id IN (SELECT value FROM json_each(?3)) AND observed_at < ?1;

-- name: refreshable
-- Recent posts whose counters are worth reading again: those last read today first; then one in ten of those not read for
-- a day, whatever became of them, so that forecasts learn not only of successes; then those expected to go furthest.
-- Where edited posts go on under another id (:latest is 0), the counters of the first one stand still. The `+` keeps the planner from reading
-- every post of the source when it knows little of the table: what bounds the work is the time.
SELECT p.source_id FROM posts p LEFT JOIN post_forecasts f ON f.post_id = p.id
WHERE +p.source = :source AND p.created_at >= :since AND p.observed_at < :not_since AND p.edits <= :latest
ORDER BY substr(p.observed_at, 1, 10) = :today DESC,
         p.id % 10 = 0 AND p.observed_at < :day_ago DESC,
         coalesce(f.forecast, coalesce(p.likes, 0) + 2 * coalesce(p.reposts, 0) + coalesce(p.replies, 0)) DESC, p.id DESC
LIMIT :limit;
