-- name: ids
-- The ids that names (in lower case) belong to; of a name that was another one's before, the last comes last.
SELECT lower(a.name), a.id FROM json_each(?2) AS wanted JOIN authors a ON a.source = ?1 AND lower(a.name) = wanted.value
ORDER BY a.seen_at, a.id;

-- name: give_id
-- Posts that were known by a name alone get the id it belongs to.
UPDATE posts SET author = ?1 WHERE id IN (SELECT value FROM json_each(?2));

-- name: settle
-- These posts are known by an id now.
DELETE FROM named_posts WHERE post_id IN (SELECT value FROM json_each(?1));

-- name: names
-- The last names seen of some accounts.
SELECT a.id, a.name FROM json_each(?2) AS wanted JOIN authors a ON a.source = ?1 AND a.id = wanted.value;

-- name: forget
-- Accounts known by one of these ids or names.
DELETE FROM authors WHERE source = ?1 AND (id IN (SELECT value FROM json_each(?2))
                                           OR name IN (SELECT value FROM json_each(?2)));
