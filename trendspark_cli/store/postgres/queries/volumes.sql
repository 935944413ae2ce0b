-- name: keep_queries
-- Forget the queries of a source that a profile has no longer, and that were read last before a time.
DELETE FROM volume_reads WHERE profile = :profile AND source = :source AND read_until < :before
    AND query NOT IN (SELECT texts(:queries));
