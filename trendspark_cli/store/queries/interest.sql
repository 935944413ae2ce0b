-- name: progress
-- When was learned last, and of how many posts.
SELECT learned_at, posts FROM interest_vectors WHERE name = ?;

-- name: last
-- What was learned last.
SELECT learned_at, posts, vectors FROM interest_vectors WHERE name = ?;

-- name: topics
-- Topics that opened since a time, the newest first.
SELECT id, label, state, score, interest, terms FROM trends WHERE kind = 'topic' AND opened_at >= ?
ORDER BY opened_at DESC, id DESC LIMIT ?;

-- name: save
-- What was learned, in place of what was before.
INSERT INTO interest_vectors (name, learned_at, posts, vectors) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET learned_at = excluded.learned_at, posts = excluded.posts, vectors = excluded.vectors;

-- name: keep_communities
-- Where the posts of a marked trend were, those left out that were forgotten.
UPDATE trend_marks SET communities = ? WHERE trend_id = ?;
