-- name: free_bytes
-- What dead rows take, reckoned from their share of all rows of a table.
SELECT coalesce(sum(CAST(pg_table_size(relid) AS double precision) * n_dead_tup / greatest(n_live_tup + n_dead_tup, 1)), 0)
FROM pg_stat_user_tables WHERE schemaname = ?;

-- name: tables
-- All tables of ours.
SELECT relname FROM pg_class WHERE relnamespace = CAST(? AS regnamespace) AND relkind = 'r' ORDER BY relname;

-- name: rows_about
-- How many rows each table of ours has, as the server reckons it; what nobody has looked at yet is counted as written.
SELECT relname AS table_name, n_live_tup AS about FROM pg_stat_user_tables WHERE schemaname = ? ORDER BY relname;
