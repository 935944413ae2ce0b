-- name: extend_audit
-- Add what else came in the same way to an audit row.
UPDATE ingest_audit SET fetched = fetched + :fetched, new = new + :new, updated = updated + :updated,
    oldest = coalesce(min(oldest, :oldest), oldest, :oldest), newest = coalesce(max(newest, :newest), newest, :newest),
    cost = cost + :cost, reads = reads + :reads
WHERE id = :id;
