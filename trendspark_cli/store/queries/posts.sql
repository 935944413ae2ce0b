-- name: insert_post
-- Store a post that is new; one that is known is left to `merged`.
INSERT INTO posts (source, source_id, author, community, text, url, lang, created_at,
                   likes, replies, reposts, quotes, views, edits, observed_at, collected_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, coalesce(?15, ?16), ?16)
ON CONFLICT (source, source_id) DO NOTHING;

-- name: update_counters
-- Counters that were read later.
UPDATE posts SET likes = ?, replies = ?, reposts = ?, quotes = ?, views = ?, observed_at = ? WHERE id = ?;

-- name: update_post
-- Another version of a post, or what was not known of it.
UPDATE posts SET author = ?, community = ?, text = ?, url = ?, lang = ?, created_at = ?, likes = ?, replies = ?,
    reposts = ?, quotes = ?, views = ?, edits = ?, observed_at = ? WHERE id = ?;

-- name: add_link
-- Where a version of a post leads, when it is the one that is stored.
INSERT INTO post_links (post_id, url)
SELECT id, ?5 FROM posts WHERE source = ?1 AND source_id = ?2 AND edits = ?3 AND text = ?4 ON CONFLICT DO NOTHING;

-- name: add_named
-- A post whose author is known by name alone.
INSERT INTO named_posts (source, name, post_id)
SELECT source, lower(author), id FROM posts WHERE source = ?1 AND source_id = ?2 AND author = ?3 ON CONFLICT DO NOTHING;

-- name: add_observation
-- Keep counters that were read at a stated time, whatever the order in which the lines arrive.
INSERT INTO post_metrics (post_id, observed_at, likes, replies, reposts, quotes, views)
SELECT id, ?3, ?4, ?5, ?6, ?7, ?8 FROM posts WHERE source = ?1 AND source_id = ?2 ON CONFLICT DO NOTHING;

-- name: tick_size
-- How many posts were created in a span.
SELECT count(*) FROM posts WHERE created_at >= :since AND created_at < :until;

-- name: first_since
-- The least id of the posts created at a time or later.
SELECT min(id) FROM posts WHERE created_at >= ?;

-- name: by_id
-- One live post.
SELECT * FROM posts WHERE id = ?;

-- name: links_of_trend
-- The links that most posts of a trend share.
SELECT l.url, count(*) AS posts FROM trend_posts t JOIN post_links l ON l.post_id = t.post_id WHERE t.trend_id = ?
GROUP BY l.url HAVING count(*) > 1 ORDER BY posts DESC, l.url LIMIT ?;
