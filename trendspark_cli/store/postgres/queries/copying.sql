-- name: shapes
-- Each table with its columns by name, the columns of its key in their order, and the tables it refers to.
SELECT c.relname AS name,
       ARRAY(SELECT CAST(a.attname AS text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
             AND NOT a.attisdropped ORDER BY a.attname COLLATE "C") AS columns,
       ARRAY(SELECT CAST(a.attname AS text) FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
             WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place) AS key,
       ARRAY(SELECT CAST(p.relname AS text) FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid
             WHERE f.conrelid = c.oid AND f.contype = 'f') AS parents
FROM pg_class c WHERE c.relnamespace = CAST(:schema AS regnamespace) AND c.relkind = 'r' ORDER BY c.relname;

-- name: sequences
-- The sequence behind the id of each table that has one.
SELECT c.relname, pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), 'id')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' AND a.attidentity <> ''
WHERE n.nspname = :schema AND c.relkind = 'r';
