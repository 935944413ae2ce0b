-- name: standing
-- What a later arrival may change of some posts of a source; nobody else changes them meanwhile.
SELECT p.id, p.source_id, p.author, p.community, p.text, p.url, p.lang, p.created_at, p.likes, p.replies, p.reposts,
       p.quotes, p.views, p.edits, p.observed_at,
       CAST(EXISTS (SELECT 1 FROM named_posts n WHERE n.post_id = p.id) AS integer)
FROM posts p WHERE p.source = ? AND p.source_id IN (SELECT texts(?)) ORDER BY p.source_id FOR UPDATE OF p;

-- name: insert_post
-- Store those posts of a page that are new: ids in the order of the page, rows in one order for all who store them.
INSERT INTO posts (id, source, source_id, author, community, text, url, lang, created_at, likes, replies, reposts, quotes,
                   views, edits, observed_at, collected_at)
SELECT id, row ->> 0, row ->> 1, row ->> 2, row ->> 3, row ->> 4, row ->> 5, row ->> 6, row ->> 7,
       CAST(row ->> 8 AS bigint), CAST(row ->> 9 AS bigint), CAST(row ->> 10 AS bigint), CAST(row ->> 11 AS bigint),
       CAST(row ->> 12 AS bigint), CAST(row ->> 13 AS bigint), coalesce(row ->> 14, row ->> 15), row ->> 15
FROM (SELECT nextval('posts_id_seq') AS id, row FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row) AS numbered
ORDER BY row ->> 0, row ->> 1, id ON CONFLICT (source, source_id) DO NOTHING;

-- name: update_counters
-- Counters that were read later.
UPDATE posts SET likes = CAST(row ->> 0 AS bigint), replies = CAST(row ->> 1 AS bigint),
    reposts = CAST(row ->> 2 AS bigint), quotes = CAST(row ->> 3 AS bigint), views = CAST(row ->> 4 AS bigint),
    observed_at = row ->> 5
FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row WHERE id = CAST(row ->> 6 AS bigint);

-- name: update_post
-- Another version of a post, or what was not known of it.
UPDATE posts SET author = row ->> 0, community = row ->> 1, text = row ->> 2, url = row ->> 3, lang = row ->> 4,
    created_at = row ->> 5, likes = CAST(row ->> 6 AS bigint), replies = CAST(row ->> 7 AS bigint),
    reposts = CAST(row ->> 8 AS bigint), quotes = CAST(row ->> 9 AS bigint), views = CAST(row ->> 10 AS bigint),
    edits = CAST(row ->> 11 AS bigint), observed_at = row ->> 12
FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row WHERE id = CAST(row ->> 13 AS bigint);

-- name: add_link
-- Where a version of a post leads, when it is the one that is stored.
INSERT INTO post_links (post_id, url)
SELECT DISTINCT id, row ->> 4 FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row
JOIN posts ON source = row ->> 0 AND source_id = row ->> 1 AND edits = CAST(row ->> 2 AS bigint) AND text = row ->> 3
ORDER BY 1, 2 ON CONFLICT DO NOTHING;

-- name: add_named
-- A post whose author is known by name alone.
INSERT INTO named_posts (source, name, post_id)
SELECT DISTINCT source, lower(author), id FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row
JOIN posts ON source = row ->> 0 AND source_id = row ->> 1 AND author = row ->> 2
ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING;

-- name: add_observation
-- Keep counters that were read at a stated time, whatever the order in which the lines arrive.
INSERT INTO post_metrics (post_id, observed_at, likes, replies, reposts, quotes, views)
SELECT id, row ->> 2, CAST(row ->> 3 AS bigint), CAST(row ->> 4 AS bigint), CAST(row ->> 5 AS bigint),
       CAST(row ->> 6 AS bigint), CAST(row ->> 7 AS bigint)
FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS page (row, place)
JOIN posts ON source = row ->> 0 AND source_id = row ->> 1 ORDER BY id, place ON CONFLICT DO NOTHING;

-- name: drop_links
-- The links of earlier versions of some posts.
DELETE FROM post_links WHERE post_id IN (SELECT numbers(?));

-- name: drop_named
-- Posts that were known by the name of their author, and are by an id now.
DELETE FROM named_posts WHERE post_id IN (SELECT numbers(?));

-- name: stored_ids
-- Those of these ids of a source whose posts are live.
SELECT source_id FROM posts WHERE source = ? AND source_id IN (SELECT texts(?)) ORDER BY source_id;

-- name: leaving
-- The next posts to leave the longest window, oldest first, after a position. Of a text, all ranking queries give
-- what ranking reads of it, words.LONGEST_TEXT characters; and last the links beside it.
SELECT id, source, author, community, epoch(created_at), substr(text, 1, 2000), created_at,
       (SELECT string_agg(url, chr(10) ORDER BY url) FROM post_links WHERE post_id = posts.id)
FROM posts WHERE (created_at, id) > (:created_at, :id) AND created_at < :until AND id <= :seen_post_id
ORDER BY created_at, id LIMIT :limit;

-- name: leaving_places
-- The same without their texts.
SELECT id, source, epoch(created_at), created_at
FROM posts WHERE (created_at, id) > (:created_at, :id) AND created_at < :until AND id <= :seen_post_id
ORDER BY created_at, id LIMIT :limit;

-- name: arrived
-- Posts collected since the last look, in the order they were stored.
SELECT id, source, author, community, epoch(created_at), substr(text, 1, 2000), created_at,
       (SELECT string_agg(url, chr(10) ORDER BY url) FROM post_links WHERE post_id = posts.id)
FROM posts WHERE id > :after AND id <= :until ORDER BY id LIMIT :limit;

-- name: rows
-- Some posts as the ranking reads them.
SELECT id, source, author, community, epoch(created_at), substr(text, 1, 2000), '',
       (SELECT string_agg(url, chr(10) ORDER BY url) FROM post_links WHERE post_id = posts.id)
FROM posts WHERE id IN (SELECT numbers(?)) ORDER BY id;

-- name: texts
-- The texts of some posts.
SELECT id, substr(text, 1, 2000),
       (SELECT string_agg(url, chr(10) ORDER BY url) FROM post_links WHERE post_id = posts.id)
FROM posts WHERE id IN (SELECT numbers(?)) ORDER BY id;

-- name: mentions_per_slot
-- How many of a trend's posts fall into each slot of :seconds, for sparklines.
SELECT (epoch(p.created_at) - :since) / :seconds AS slot, count(*) AS posts
FROM trend_posts t JOIN posts p ON p.id = t.post_id
WHERE t.trend_id = :trend_id AND p.created_at >= :since_text GROUP BY slot ORDER BY slot;

-- name: note_counts_read
-- Remember that counters were asked for, whatever came of it; rows are locked in one order by all who write them.
UPDATE posts SET observed_at = ?1 FROM (
    SELECT id FROM posts WHERE source = ?2 AND source_id IN (SELECT texts(?3)) AND observed_at < ?1
    ORDER BY source_id FOR UPDATE
) AS asked WHERE posts.id = asked.id;

-- name: refreshable
-- Recent posts whose counters are worth reading again: those last read today first; then one in ten of those not read for
-- a day, whatever became of them, so that forecasts learn not only of successes; then those expected to go furthest.
SELECT p.source_id FROM posts p LEFT JOIN post_forecasts f ON f.post_id = p.id
WHERE p.source = :source AND p.created_at >= :since AND p.observed_at < :not_since AND p.edits <= :latest
ORDER BY substr(p.observed_at, 1, 10) = :today DESC,
         (p.id % 10 = 0 AND p.observed_at < :day_ago) DESC,
         coalesce(f.forecast, coalesce(p.likes, 0) + 2 * coalesce(p.reposts, 0) + coalesce(p.replies, 0)) DESC, p.id DESC
LIMIT :limit;

-- name: sampled
-- Some posts of a time, oldest first, after a position, without links: those whose ids a number divides.
SELECT id, source, author, community, epoch(created_at), substr(text, 1, 2000), created_at
FROM posts WHERE (created_at, id) > (:created_at, :id) AND created_at < :until AND id % :one_in = 0
ORDER BY created_at, id LIMIT :limit;
