-- Of which days' files a tombstone is about, so that it can leave, and which object of the archive tells of it.

ALTER TABLE tombstones ADD COLUMN first_day text COLLATE "C", ADD COLUMN last_day text COLLATE "C",
    ADD COLUMN in_files bigint NOT NULL DEFAULT 1, ADD COLUMN batch text COLLATE "C";

CREATE INDEX idx_archive_manifests_source ON archive_manifests (source, day) WHERE written_off_at IS NULL;

-- Which posts are in files, of sources that tell of deletions: a deletion of another post leaves nothing.

ALTER TABLE archive_manifests ADD COLUMN is_listed bigint NOT NULL DEFAULT 0;

CREATE TABLE archived_posts (key bigint PRIMARY KEY, day text COLLATE "C" NOT NULL);
