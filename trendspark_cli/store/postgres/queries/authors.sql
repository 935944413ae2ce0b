-- name: aliases
-- The id and the last name of an account, given one of them.
SELECT id, name FROM authors
WHERE source = :source AND (id = :author OR lower(name) = lower(CAST(:author AS text) COLLATE "C"));

-- name: named
-- Posts that are known by a name alone.
SELECT post_id FROM named_posts WHERE source = :source AND name = lower(CAST(:name AS text) COLLATE "C")
ORDER BY post_id LIMIT :limit;

-- name: note_named
-- A post that was brought back and whose author is known by name alone.
INSERT INTO named_posts (source, name, post_id) VALUES (?, lower(CAST(? AS text) COLLATE "C"), ?) ON CONFLICT DO NOTHING;

-- name: ids
-- The ids that names (in lower case) belong to; of a name that was another one's before, the last comes last.
SELECT lower(name), id FROM authors WHERE source = ?1 AND lower(name) IN (SELECT texts(?2)) ORDER BY seen_at, id;

-- name: give_id
-- Posts that were known by a name alone get the id it belongs to.
UPDATE posts SET author = ?1 WHERE id IN (SELECT numbers(?2));

-- name: settle
-- These posts are known by an id now.
DELETE FROM named_posts WHERE post_id IN (SELECT numbers(?1));

-- name: names
-- The last names seen of some accounts.
SELECT id, name FROM authors WHERE source = ?1 AND id IN (SELECT texts(?2)) ORDER BY id;

-- name: forget
-- Accounts known by one of these ids or names.
DELETE FROM authors WHERE source = ?1 AND (id IN (SELECT texts(?2)) OR name IN (SELECT texts(?2)));

-- name: see
-- The names of accounts, when they are later ones; when one was seen is kept to the day, so that most pages write nothing.
INSERT INTO authors (source, id, name, seen_at)
SELECT row ->> 0, row ->> 1, row ->> 2, row ->> 3 FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row
ORDER BY row ->> 0, row ->> 1
ON CONFLICT (source, id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at
WHERE (excluded.seen_at > authors.seen_at AND (
        excluded.name <> authors.name OR substr(excluded.seen_at, 1, 10) <> substr(authors.seen_at, 1, 10)))
   OR (excluded.seen_at = authors.seen_at AND excluded.name > authors.name);
