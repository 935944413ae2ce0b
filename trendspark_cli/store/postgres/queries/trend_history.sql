-- name: examples_of
-- The same of several trends.
SELECT trend_id, post_id, source, source_id, author, name, text, url FROM trend_examples
WHERE trend_id IN (SELECT numbers(?)) ORDER BY trend_id, place;

-- name: communities_of
-- Where the live posts of some trends are, by trend, the most first.
SELECT t.trend_id, p.source, p.community, count(*) AS posts FROM trend_posts t JOIN posts p ON p.id = t.post_id
WHERE t.trend_id IN (SELECT numbers(?)) AND p.community IS NOT NULL AND p.community <> ''
GROUP BY t.trend_id, p.source, p.community ORDER BY t.trend_id, posts DESC, p.community;
