-- `health` asks for the last pages of each source: one that was never read must not cost all of the table.

CREATE INDEX idx_ingest_audit_source ON ingest_audit (source, id);
