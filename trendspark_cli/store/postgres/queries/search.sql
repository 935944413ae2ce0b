-- name: next_waiting
-- Posts whose words changed, or that came back, since they were indexed; one may wait more than once.
SELECT w.id, w.post_id, p.text FROM search_waiting w LEFT JOIN posts p ON p.id = w.post_id ORDER BY w.id LIMIT :limit;

-- name: wait_again
-- A post that came back among those that are indexed.
INSERT INTO search_waiting (post_id) VALUES (:id);

-- name: done_waiting
-- They wait no more; those that changed once more meanwhile do, in rows of their own.
DELETE FROM search_waiting WHERE id IN (SELECT numbers(:ids));

-- name: index_post
-- The terms of some posts, those that are live: tsvector keeps them as they are.
INSERT INTO post_words (post_id, words)
SELECT p.id, array_to_tsvector(ARRAY(SELECT jsonb_array_elements_text(row -> 1)))
FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row JOIN posts p ON p.id = CAST(row ->> 0 AS bigint)
FOR KEY SHARE OF p
ON CONFLICT (post_id) DO UPDATE SET words = excluded.words;

-- name: indexed
-- The next live posts that have these terms, the newest first, after a place.
SELECT p.created_at, p.id, p.text FROM post_words w JOIN posts p ON p.id = w.post_id
WHERE w.words @@ CAST(:terms AS tsquery) AND (p.created_at, p.id) < (:before, :before_id)
    AND (CAST(:source AS text) IS NULL OR p.source = :source)
    AND (CAST(:since AS text) IS NULL OR p.created_at >= :since)
    AND (CAST(:until AS text) IS NULL OR p.created_at < :until)
    AND p.id NOT IN (SELECT post_id FROM search_waiting)
ORDER BY p.created_at DESC, p.id DESC LIMIT :limit;

-- name: next_not_indexed
-- The next posts of a span of ids, to be read one by one; there is no cursor that stays open.
SELECT created_at, id, text FROM posts WHERE id > :after AND id <= :last
    AND (CAST(:source AS text) IS NULL OR source = :source)
    AND (CAST(:since AS text) IS NULL OR created_at >= :since) AND (CAST(:until AS text) IS NULL OR created_at < :until)
ORDER BY id LIMIT :limit;

-- name: drop_shelf
-- All that is indexed of a span of ids.
DELETE FROM post_words WHERE post_id >= :first AND post_id <= :last;

-- name: shelf_bytes
-- The size of the index, its tables and all.
SELECT pg_total_relation_size('post_words');
