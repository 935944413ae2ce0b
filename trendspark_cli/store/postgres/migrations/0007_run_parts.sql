-- What a run does of a job that several can be at, each with other parts.

CREATE TABLE run_parts (
    run_id bigint REFERENCES job_runs (id) ON DELETE CASCADE, part text COLLATE "C", PRIMARY KEY (run_id, part)
);
