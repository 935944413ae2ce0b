-- name: terms
-- What is remembered of some terms.
SELECT key, count, chi, last_tick, last_tick_posts, hours FROM ranking_terms
WHERE key IN (SELECT value FROM json_each(?));

-- name: term_counts
-- Counts of some terms, in the order they were asked for.
SELECT t.key, t.count, t.chi, t.last_tick FROM json_each(?) AS wanted JOIN ranking_terms AS t ON t.key = wanted.value;

-- name: faint_terms
-- Terms whose count has decayed below a quarter of a post; the rule of ranking/history.py in integers.
SELECT key FROM ranking_terms WHERE last_tick <= :now_tick AND count <
    ((CASE (:now_tick - last_tick) / 96 % 4 WHEN 0 THEN 32 WHEN 1 THEN 38 WHEN 2 THEN 45 ELSE 53 END)
     << min((:now_tick - last_tick) / 384, 40));

-- name: marks_of
-- What people said of some trends.
SELECT trend_id, mark, note, terms, score, opened_at, marked_at, marked_by FROM trend_marks
WHERE trend_id IN (SELECT value FROM json_each(?));
