-- name: set_cursor
-- Move the cursor of a query.
INSERT INTO cursors (profile, source, query, newest_id, updated_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (profile, source, query) DO UPDATE SET newest_id = excluded.newest_id, updated_at = excluded.updated_at;

-- name: open_gap
-- Record a range that was not read.
INSERT INTO gaps (profile, source, query, since_id, until_id, reason, estimated_reads, state, run_id, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?);

-- name: open_gaps
-- Newest first: what was just missed matters most.
SELECT * FROM gaps WHERE state = 'open' AND profile = ? AND source = ? AND query = ? ORDER BY id DESC;

-- name: take_back_gap
-- Undo the loss that moved a cursor to where it stands.
DELETE FROM gaps WHERE state = 'lost' AND profile = ? AND source = ? AND query = ? AND until_id = ? RETURNING since_id;

-- name: newest_served
-- The newest post of the last pages of a query; ids of one time by their order of size.
SELECT p.source_id FROM (SELECT newest FROM ingest_audit WHERE profile = :profile AND source = :source AND query = :query
                         AND newest IS NOT NULL ORDER BY id DESC LIMIT 1000) a
JOIN posts p ON p.created_at = a.newest AND p.source = :source
ORDER BY a.newest DESC, length(p.source_id) DESC, p.source_id DESC LIMIT 1;

-- name: newest_time
-- The newest post of the last pages that services served: their word, not ours.
SELECT max(newest) FROM (SELECT newest FROM ingest_audit WHERE source <> 'file' AND newest IS NOT NULL
                         AND (CAST(:source AS text) IS NULL OR source = :source) ORDER BY id DESC LIMIT 1000) pages;

-- name: add_audit
-- What a page held, and what became of it.
INSERT INTO ingest_audit (cycle_id, profile, source, query, endpoint, fetched, new, updated, rejected, oldest, newest,
                          cost, reads, request_id, error, created_at)
VALUES (:cycle_id, :profile, :source, :query, :endpoint, :fetched, :new, :updated, :rejected, :oldest, :newest,
        :cost, :reads, :request_id, :error, :created_at);

-- name: recent_audit
-- Audit rows of all sources, newest first.
SELECT * FROM ingest_audit ORDER BY id DESC LIMIT :limit;

-- name: last_pages
-- Audit rows of one source, newest first.
SELECT * FROM ingest_audit WHERE source = :source ORDER BY id DESC LIMIT :limit;

-- name: pages_with
-- Pages of the run that collected a post, whose posts span its time. Those of the stream grow after they are made.
SELECT profile, query, cycle_id AS run_id FROM ingest_audit
WHERE source IN (:source, 'file') AND new > 0 AND query <> 'refresh' AND created_at <= :collected_at
  AND oldest <= :created_at AND newest >= :created_at
  AND (created_at = :collected_at OR query LIKE '(stream)%')
GROUP BY profile, query, cycle_id ORDER BY max(id) DESC LIMIT 10;

-- name: usual_reads
-- Mean billed reads of the last 20 runs of a query.
SELECT avg(reads) FROM (SELECT sum(reads) AS reads FROM ingest_audit WHERE profile = ? AND source = ? AND query = ?
                        GROUP BY cycle_id ORDER BY cycle_id DESC LIMIT 20) runs;

-- name: add_api_call
-- Count a call in its minute.
INSERT INTO api_calls (minute, service, endpoint, code_class, calls, seconds, last_status) VALUES (?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (minute, service, endpoint, code_class) DO UPDATE SET
    calls = api_calls.calls + 1, seconds = api_calls.seconds + excluded.seconds, last_status = excluded.last_status;

-- name: used_and_reserved
-- Units used in some days, and those set aside for calls under way.
SELECT (SELECT coalesce(sum(used), 0) FROM spend WHERE service = :service AND day >= :first AND day <= :last)
     + (SELECT coalesce(sum(units), 0) FROM spend_reservations
        WHERE service = :service AND day >= :first AND day <= :last);

-- name: spent_now
-- What a service used this day and this month, and what is set aside and not settled: units and USD.
-- Days to come count as today: a clock that is behind must not buy what its tomorrow has paid already.
SELECT coalesce(sum(used) FILTER (WHERE day >= :today), 0), coalesce(sum(reserved) FILTER (WHERE day >= :today), 0),
       coalesce(sum(usd) FILTER (WHERE day >= :today), 0.0), coalesce(sum(set_aside) FILTER (WHERE day >= :today), 0.0),
       coalesce(sum(used), 0), coalesce(sum(reserved), 0), coalesce(sum(usd), 0.0), coalesce(sum(set_aside), 0.0)
FROM (SELECT day, used, 0 AS reserved, usd, 0.0 AS set_aside FROM spend
      WHERE day >= :first AND service = :service AND (CAST(:profile AS text) IS NULL OR profile = :profile)
      UNION ALL SELECT day, 0, units, 0.0, usd FROM spend_reservations
      WHERE day >= :first AND service = :service AND (CAST(:profile AS text) IS NULL OR profile = :profile)) books;

-- name: spending_profiles
-- Profiles that used anything of a service in some days, or have set something aside.
SELECT profile FROM spend WHERE service = :service AND day >= :first AND day <= :last
UNION SELECT profile FROM spend_reservations WHERE service = :service AND day >= :first AND day <= :last
ORDER BY profile;

-- name: bill
-- Remember the posts of a page that were read today for the first time.
INSERT INTO billed_posts (day, service, source_ids) VALUES (?, ?, ?);

-- name: billed_since
-- Posts read on a day, page by page, after a page.
SELECT id, source_ids FROM billed_posts WHERE day = ? AND service = ? AND id > ? ORDER BY id;

-- name: used_by_day
-- Units settled on each of some days, those of one kind aside.
SELECT day, sum(used) FROM spend WHERE service = :service AND day >= :first AND day <= :last AND kind <> :without
GROUP BY day ORDER BY day;

-- name: add_spend
-- Add what a call used to its day.
INSERT INTO spend (day, service, profile, kind, used, calls, usd) VALUES (?, ?, ?, ?, ?, 1, ?)
ON CONFLICT (day, service, profile, kind) DO UPDATE SET
    used = spend.used + excluded.used, calls = spend.calls + 1, usd = spend.usd + excluded.usd;

-- name: ledger_day
-- The last day in the books of a service, when that is one of the next days.
SELECT max(day) FROM (SELECT day FROM spend WHERE service = :service AND day > :today AND day <= :latest
                      UNION ALL SELECT day FROM spend_reservations
                      WHERE service = :service AND day > :today AND day <= :latest) books;

-- name: reserve
-- Set units aside for one call.
INSERT INTO spend_reservations (day, service, profile, kind, units, usd, run_id, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: reservations_of_dead_runs
-- Reservations whose run ended without settling them: the call may have been billed.
SELECT r.id, r.day, r.service, r.profile, r.kind, r.units, r.usd FROM spend_reservations r
LEFT JOIN job_runs j ON j.id = r.run_id WHERE r.service = ? AND (j.id IS NULL OR j.status <> 'running') ORDER BY r.id;
