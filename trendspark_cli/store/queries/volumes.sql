-- name: note_read
-- A query was read to its end. What is known goes on while nothing is missing since it was read before.
INSERT INTO volume_reads (profile, source, query, whole_since, read_until, counts)
VALUES (:profile, :source, :query, :now, :now, NULL)
ON CONFLICT (profile, source, query) DO UPDATE SET read_until = excluded.read_until, counts = NULL,
    whole_since = CASE WHEN volume_reads.read_until > excluded.read_until OR volume_reads.counts IS NOT NULL
            OR EXISTS (SELECT 1 FROM gaps g WHERE g.profile = excluded.profile AND g.source = excluded.source
                AND g.query = excluded.query
                AND (g.state = 'open' OR g.state = 'lost' AND g.closed_at > volume_reads.read_until))
        THEN excluded.read_until ELSE volume_reads.whole_since END;

-- name: note_counted
-- What a query was counted to have.
INSERT INTO volume_reads (profile, source, query, whole_since, read_until, counts)
VALUES (:profile, :source, :query, :since, :until, :counts)
ON CONFLICT (profile, source, query) DO UPDATE SET whole_since = excluded.whole_since,
    read_until = excluded.read_until, counts = excluded.counts;

-- name: reads
-- Queries, and of which stretch of time all posts of each are known.
SELECT profile, source, query, whole_since, read_until, counts FROM volume_reads ORDER BY profile, source, query;

-- name: forget_query
-- A query that is asked no more.
DELETE FROM volume_reads WHERE profile = ? AND source = ? AND query = ?;

-- name: save_series
-- What was seen of a series.
INSERT INTO volume_series (key, state, updated_at) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at;
