-- How many posts there are of what is watched, and of which times all are known; counted from this upgrade on.

CREATE TABLE volume_reads (
    profile text COLLATE "C", source text COLLATE "C", query text COLLATE "C", whole_since text COLLATE "C" NOT NULL,
    read_until text COLLATE "C" NOT NULL, counts text COLLATE "C", PRIMARY KEY (profile, source, query)
);

CREATE TABLE volume_series (
    key text COLLATE "C" PRIMARY KEY, state text COLLATE "C" NOT NULL, updated_at text COLLATE "C" NOT NULL
);

CREATE TABLE volume_progress (id bigint PRIMARY KEY CHECK (id = 1), seen_post_id bigint NOT NULL);

INSERT INTO volume_progress SELECT 1, coalesce(max(id), 0) FROM posts;
