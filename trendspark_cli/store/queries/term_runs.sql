-- name: parts
-- The parts of all runs that count, the newest run first.
SELECT p.id, p.run_id, p.first_key, p.last_key, p.terms FROM ranking_runs r JOIN ranking_run_parts p ON p.run_id = r.id
ORDER BY p.run_id DESC, p.first_key, p.id;

-- name: runs
-- Each run and how many terms it has, the oldest first.
SELECT id, terms FROM ranking_runs ORDER BY id;

-- name: last_run
-- The newest run, whether it counts or not.
SELECT coalesce(max(id), 0) FROM (SELECT max(id) AS id FROM ranking_runs UNION ALL SELECT max(run_id) FROM ranking_run_parts) ids;

-- name: part_keys
-- The keys of a part.
SELECT keys FROM ranking_run_parts WHERE id = ?;

-- name: part_states
-- What is known of the terms of a part.
SELECT states FROM ranking_run_parts WHERE id = ?;

-- name: add_part
-- A part of a run.
INSERT INTO ranking_run_parts (run_id, terms, first_key, last_key, keys, states) VALUES (?, ?, ?, ?, ?, ?);

-- name: add_run
-- A run counts from here on.
INSERT INTO ranking_runs (id, terms) VALUES (?, ?);

-- name: grow_run
-- A run has more terms.
INSERT INTO ranking_runs (id, terms) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET terms = ranking_runs.terms + excluded.terms;

-- name: drop_run
-- A run counts no more.
DELETE FROM ranking_runs WHERE id = ?;

-- name: forget_runs
-- No run counts any more.
DELETE FROM ranking_runs;

-- name: unused_run
-- A run that has parts and does not count.
SELECT run_id FROM ranking_run_parts WHERE run_id NOT IN (SELECT id FROM ranking_runs) LIMIT 1;

-- name: drop_parts
-- Some parts of a run.
DELETE FROM ranking_run_parts WHERE id IN (SELECT id FROM ranking_run_parts WHERE run_id = ? LIMIT ?);

-- name: rows_remain
-- Whether there are terms in the form of an earlier version.
SELECT EXISTS (SELECT 1 FROM ranking_terms);

-- name: next_rows
-- The terms with the least keys in that form.
SELECT key, count, chi, last_tick, last_tick_posts, hours FROM ranking_terms ORDER BY key LIMIT ?;

-- name: forget_rows_until
-- Terms in that form, up to a key.
DELETE FROM ranking_terms WHERE key <= ?;

-- name: forget_rows
-- Some terms in that form.
DELETE FROM ranking_terms WHERE key IN (SELECT key FROM ranking_terms LIMIT ?);
