-- name: upsert_post
-- Store a post, or take over newer counters and later versions of one already stored. A row that says nothing new
-- is left alone, so that repeated pages cost no write and count as neither new nor updated.
INSERT INTO posts (source, source_id, author, community, text, url, lang, created_at,
                   likes, replies, reposts, quotes, views, edits, observed_at, collected_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, coalesce(?15, ?16), ?16)
ON CONFLICT (source, source_id) DO UPDATE SET
    likes = coalesce(excluded.likes, likes), replies = coalesce(excluded.replies, replies),
    reposts = coalesce(excluded.reposts, reposts), quotes = coalesce(excluded.quotes, quotes),
    views = coalesce(excluded.views, views),
    text = iif(excluded.edits > edits, excluded.text, text),
    url = iif(excluded.edits > edits, excluded.url, url),
    author = coalesce(author, excluded.author),
    edits = max(edits, excluded.edits), observed_at = max(observed_at, excluded.observed_at)
WHERE excluded.edits > edits
   OR (excluded.observed_at >= observed_at AND (excluded.edits = edits OR ?15 IS NOT NULL) AND (
        (?15 IS NOT NULL AND excluded.observed_at > observed_at)  -- a stated time counts though nothing moved
     OR coalesce(excluded.likes, likes) IS NOT likes OR coalesce(excluded.replies, replies) IS NOT replies
     OR coalesce(excluded.reposts, reposts) IS NOT reposts OR coalesce(excluded.quotes, quotes) IS NOT quotes
     OR coalesce(excluded.views, views) IS NOT views));

-- name: stored_ids
-- Those of these ids of a source whose posts are live.
SELECT source_id FROM posts WHERE source = ? AND source_id IN (SELECT value FROM json_each(?));

-- name: leaving
-- The next posts to leave the longest window, oldest first, after a position. Of a text, all ranking queries give
-- what ranking reads of it: words.LONGEST_TEXT characters.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER), substr(text, 1, 2000), created_at
FROM posts WHERE (created_at, id) > (:created_at, :id) AND created_at < :until AND id <= :seen_post_id
ORDER BY created_at, id LIMIT :limit;

-- name: arrived
-- Posts collected since the last look, in the order they were stored.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER), substr(text, 1, 2000), created_at
FROM posts WHERE id > :id ORDER BY id LIMIT :limit;

-- name: rows
-- Some posts as the ranking reads them.
SELECT id, source, author, community, CAST(strftime('%s', created_at) AS INTEGER), substr(text, 1, 2000)
FROM posts WHERE id IN (SELECT value FROM json_each(?));

-- name: texts
-- The texts of some posts.
SELECT id, substr(text, 1, 2000) FROM posts WHERE id IN (SELECT value FROM json_each(?));

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
-- An edited post is stored under its first id, whose counters no longer move. The `+` keeps the planner from reading
-- every post of the source when it knows little of the table: what bounds the work is the time.
SELECT p.source_id FROM posts p LEFT JOIN post_forecasts f ON f.post_id = p.id
WHERE +p.source = :source AND p.created_at >= :since AND p.observed_at < :not_since AND p.edits = 0
ORDER BY substr(p.observed_at, 1, 10) = :today DESC,
         p.id % 10 = 0 AND p.observed_at < :day_ago DESC,
         coalesce(f.forecast, coalesce(p.likes, 0) + 2 * coalesce(p.reposts, 0) + coalesce(p.replies, 0)) DESC, p.id DESC
LIMIT :limit;
