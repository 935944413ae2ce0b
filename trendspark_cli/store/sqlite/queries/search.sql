-- name: make_shelf
-- An index of posts that keeps no text and no places of words: who finds a post in it looks at the post again.
CREATE VIRTUAL TABLE {shelf} USING fts5(terms, content = '', columnsize = 0, detail = none, tokenize = 'ascii');

-- name: drop_shelf
-- All that is indexed on a shelf.
DROP TABLE IF EXISTS {shelf};

-- name: index_post
-- The terms of a post.
INSERT INTO {shelf} (rowid, terms) VALUES (?, ?);

-- name: on_shelf
-- Live posts that may have these terms, the newest first.
SELECT p.created_at, p.id FROM {shelf} s JOIN posts p ON p.id = s.rowid
WHERE {shelf} MATCH :terms AND (:source IS NULL OR p.source = :source)
    AND (:since IS NULL OR p.created_at >= :since) AND (:until IS NULL OR p.created_at < :until)
ORDER BY p.created_at DESC, p.id DESC;

-- name: shelf_bytes
-- The size of an index; FTS5 keeps it in a table of its own.
SELECT coalesce(sum(length(CAST(block AS BLOB))), 0) FROM {shelf}_data;

-- name: has_full_text
-- Whether this SQLite was built with FTS5.
SELECT 1 FROM pragma_module_list WHERE name = 'fts5';

-- name: look_first
-- Shelves that have any of these posts come first when one is looked at.
UPDATE search_shelves SET looked_at = ''
WHERE EXISTS (SELECT 1 FROM json_each(?) WHERE value BETWEEN first_id AND filled_id);

-- name: wait
-- Posts that came back among those that are indexed.
INSERT INTO search_waiting (post_id)
SELECT value FROM json_each(?)
WHERE EXISTS (SELECT 1 FROM search_shelves WHERE first_id <= value AND filled_id >= value)
ON CONFLICT DO NOTHING;
