-- name: rows_of
-- Some terms in that form, the least keys first.
SELECT key, count, chi, last_tick, last_tick_posts, hours FROM ranking_terms
WHERE key IN (SELECT numbers(?)) ORDER BY key;
