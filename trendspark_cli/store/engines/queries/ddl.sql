-- name: forgotten
-- What must not be seen: a post, or what an author wrote until a day.
CREATE OR REPLACE VIEW forgotten AS
SELECT * FROM (VALUES
    {tombstones}
) AS stones (source, source_id, author, last_day);

-- name: duckdb
-- A view over the folder: days and sources are read from its names, and files of other days are left alone.
CREATE OR REPLACE VIEW {table}_files AS
SELECT * FROM read_parquet('{location}{wildcard}', hive_partitioning = true, hive_types = {{'dt': DATE}});

-- name: spark
-- A table over the folder, made anew: its files stay. The last statement finds new days: run it again when there are some.
DROP TABLE IF EXISTS {table}_files;
CREATE TABLE {table}_files (
    {columns},
    {partition_columns}
) USING PARQUET PARTITIONED BY ({partitions}) LOCATION '{location}';
MSCK REPAIR TABLE {table}_files;

-- name: trino
-- A table of the Hive connector over the folder, made anew: its files stay. Days are projected, so that new ones need not
-- be told.
DROP TABLE IF EXISTS {table}_files;
CREATE TABLE {table}_files (
    {columns},
    {partition_columns}
) WITH (
    format = 'PARQUET',
    external_location = '{location}',
    partitioned_by = ARRAY[{quoted_partitions}],
    partition_projection_enabled = true
);

-- name: athena
-- A table over the folder, made anew: its files stay. Days are projected, so that new ones need not be told.
DROP TABLE IF EXISTS {table}_files;
CREATE EXTERNAL TABLE {table}_files (
    {columns}
)
PARTITIONED BY ({partition_columns})
STORED AS PARQUET
LOCATION '{location}'
TBLPROPERTIES (
    {projection}
);

-- name: last_versions
-- Each row once, in its last version: one that changed while it was archived is in two files of its day.
CREATE OR REPLACE VIEW {table} AS
SELECT {names} FROM (
    SELECT *, row_number() OVER (PARTITION BY {row} ORDER BY {newest}) AS version_place FROM {table}_files
) AS p{joined} WHERE version_place = 1{shown};

-- name: silent_authors
-- Until when authors wrote what must not be seen: a join, since engines find the days that are asked for through it.

LEFT JOIN (
    SELECT source AS silent_source, author AS silent_author, max(last_day) AS silent_until FROM forgotten
    WHERE author IS NOT NULL GROUP BY source, author
) AS silent ON silent_source = p.source AND silent_author = p.author

-- name: not_forgotten
-- Posts that may be seen.

  AND (silent_until IS NULL OR CAST(silent_until AS DATE) < CAST(p.created_at AS DATE))
  AND NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.source = p.source AND f.source_id = p.source_id)
