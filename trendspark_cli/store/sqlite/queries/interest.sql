-- name: communities_of
-- Where some live posts are.
SELECT source, community, count(*) AS posts FROM posts
WHERE id IN (SELECT value FROM json_each(?)) AND community IS NOT NULL AND community <> '' GROUP BY source, community ORDER BY source, community;
