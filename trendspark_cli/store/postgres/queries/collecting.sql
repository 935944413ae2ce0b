-- name: extend_audit
-- Add what else came in the same way to an audit row; least and greatest pass over what is not there.
UPDATE ingest_audit SET fetched = fetched + :fetched, new = new + :new, updated = updated + :updated,
    oldest = least(oldest, :oldest), newest = greatest(newest, :newest), cost = cost + :cost, reads = reads + :reads
WHERE id = :id;
