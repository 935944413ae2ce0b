-- name: see
-- The name of an account, when it is a later one; when it was seen is kept to the day, so that most pages write nothing.
INSERT INTO authors (source, id, name, seen_at) VALUES (?, ?, ?, ?)
ON CONFLICT (source, id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at
WHERE (excluded.seen_at > authors.seen_at AND (
        excluded.name <> authors.name OR substr(excluded.seen_at, 1, 10) <> substr(authors.seen_at, 1, 10)))
   OR (excluded.seen_at = authors.seen_at AND excluded.name > authors.name);

-- name: aliases
-- The id and the last name of an account, given one of them.
SELECT id, name FROM authors WHERE source = :source AND (id = :author OR lower(name) = lower(:author));

-- name: named
-- Posts that are known by a name alone.
SELECT post_id FROM named_posts WHERE source = :source AND name = lower(:name) LIMIT :limit;

-- name: has_ids
-- Whether there is a live post whose id lies from one text up to another.
SELECT 1 FROM posts WHERE source = :source AND source_id >= :beginning AND source_id < :after LIMIT 1;

-- name: has_posts
-- Whether there is a live post of an author. No index has authors: posts are read in the order they lie in.
SELECT 1 FROM posts WHERE author = :author AND source || '' = :source LIMIT 1;

-- name: note_named
-- A post that was brought back and whose author is known by name alone.
INSERT INTO named_posts (source, name, post_id) VALUES (?, lower(?), ?) ON CONFLICT DO NOTHING;

-- name: unseen
-- The next accounts last seen before a time.
SELECT source, id FROM authors WHERE (source, id) > (?, ?) AND seen_at < ? ORDER BY source, id LIMIT ?;

-- name: drop_unseen
-- An account, unless it was seen meanwhile.
DELETE FROM authors WHERE source = ? AND id = ? AND seen_at < ?;
