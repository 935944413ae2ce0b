-- What an operator cares about: vectors as bytes, names of profiles, communities of marks, what moved each trend.

CREATE TABLE interest_vectors (
    name text COLLATE "C" PRIMARY KEY, learned_at text COLLATE "C" NOT NULL, posts bigint NOT NULL, vectors bytea NOT NULL
);

ALTER TABLE trend_marks ADD COLUMN communities text COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE trends ADD COLUMN interest double precision NOT NULL DEFAULT 0;
ALTER TABLE profiles ADD COLUMN interest text COLLATE "C" NOT NULL DEFAULT '[]';
