-- name: shelves
-- What is indexed: from the first id of each shelf up to the last that was read, with how many entries.
SELECT first_id, filled_id, entries FROM search_shelves ORDER BY first_id;

-- name: filled
-- Up to which id a shelf is filled.
SELECT filled_id FROM search_shelves WHERE first_id = ?;

-- name: next_posts
-- The next posts of a span of ids.
SELECT id, text FROM posts WHERE id > :after AND id <= :last ORDER BY id LIMIT :limit;

-- name: waiting
-- Posts whose words changed, or that came back, since they were indexed; those that are gone have no text.
SELECT w.post_id, p.text FROM search_waiting w LEFT JOIN posts p ON p.id = w.post_id ORDER BY w.post_id LIMIT :limit;

-- name: save_shelf
-- How far a shelf is filled.
INSERT INTO search_shelves (first_id, filled_id, entries, looked_at) VALUES (:first, :filled, :entries, :now)
ON CONFLICT (first_id) DO UPDATE SET filled_id = excluded.filled_id, entries = search_shelves.entries + excluded.entries;

-- name: add_entries
-- Posts that were indexed once more.
UPDATE search_shelves SET entries = entries + ? WHERE first_id = ?;

-- name: to_look_at
-- The full shelf that was not looked at for longest.
SELECT first_id FROM search_shelves WHERE looked_at <= ? ORDER BY looked_at, first_id LIMIT 1;

-- name: gone
-- How many entries of a shelf are of posts, or of versions of posts, that are not there any more. A post that waits has
-- no entry as it is now.
SELECT s.entries - (SELECT count(*) FROM posts WHERE id >= s.first_id AND id <= s.filled_id)
    + (SELECT count(*) FROM search_waiting w JOIN posts ON posts.id = w.post_id WHERE w.post_id BETWEEN s.first_id AND s.filled_id)
FROM search_shelves s WHERE s.first_id = ?;

-- name: not_indexed
-- Posts of a span of ids, to be read one by one.
SELECT created_at, id, text FROM posts WHERE id > :after AND id <= :last
    AND (CAST(:source AS text) IS NULL OR source = :source)
    AND (CAST(:since AS text) IS NULL OR created_at >= :since) AND (CAST(:until AS text) IS NULL OR created_at < :until);

-- name: not_indexed_again
-- Posts that wait to be indexed once more.
SELECT created_at, id, text FROM posts WHERE id IN (SELECT post_id FROM search_waiting)
    AND (CAST(:source AS text) IS NULL OR source = :source)
    AND (CAST(:since AS text) IS NULL OR created_at >= :since) AND (CAST(:until AS text) IS NULL OR created_at < :until);
