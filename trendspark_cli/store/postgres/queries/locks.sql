-- name: holder
-- Who holds a lock of a session; what others may not see of a session is NULL.
SELECT a.pid, a.application_name, a.backend_start
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND CAST(CAST(l.classid AS bigint) AS integer) = CAST(? AS integer)
  AND l.objid = CAST(CAST(? AS bigint) & 4294967295 AS oid);
