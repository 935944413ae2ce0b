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

-- name: forget_silent
-- An account of which no post is live.
DELETE FROM authors WHERE source = :source AND id = :author
    AND NOT EXISTS (SELECT 1 FROM posts WHERE source = :source AND author = :author);

-- name: note_named
-- A post that was brought back and whose author is known by name alone.
INSERT INTO named_posts (source, name, post_id) VALUES (?, lower(?), ?) ON CONFLICT DO NOTHING;

-- name: drop_unseen
-- Some accounts last seen before a time.
DELETE FROM authors WHERE (source, id) IN (SELECT source, id FROM authors WHERE seen_at < ? LIMIT ?);
