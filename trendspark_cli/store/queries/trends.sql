-- name: insert
-- A trend that opens.
INSERT INTO trends (kind, label, terms, state, score, observed, expected, window_seconds, authors, sources, first_seen,
                    last_seen, opened_at, last_strong_at, peak, closed_at, examples, evidence, threshold, detected_at,
                    posts_now, posts_peak, posts_total, peak_at, people, interest)
VALUES (:kind, :label, :terms, :state, :score, :observed, :expected, :window_seconds, :authors, :sources, :first_seen,
        :last_seen, :opened_at, :last_strong_at, :peak, :closed_at, :examples, :evidence, :threshold, :detected_at,
        :posts_now, :posts_peak, :posts_total, :peak_at, :people, :interest);

-- name: update
-- A trend that goes on or closes.
UPDATE trends SET label = :label, terms = :terms, state = :state, score = :score, observed = :observed,
    expected = :expected, window_seconds = :window_seconds, authors = :authors, sources = :sources,
    first_seen = :first_seen, last_seen = :last_seen, opened_at = :opened_at, last_strong_at = :last_strong_at,
    peak = :peak, closed_at = :closed_at, examples = :examples, evidence = :evidence, posts_now = :posts_now,
    posts_peak = :posts_peak, posts_total = CASE WHEN posts_total > :posts_total THEN posts_total ELSE :posts_total END,
    peak_at = :peak_at, people = :people, interest = :interest
WHERE id = :id;

-- name: keep_total
-- The posts of a trend over its life: those that were archived or forgotten meanwhile stay counted.
UPDATE trends SET posts_total = (
    SELECT CASE WHEN count(*) > trends.posts_total THEN count(*) ELSE trends.posts_total END
    FROM trend_posts WHERE trend_id = :id
) WHERE id = :id RETURNING posts_total;

-- name: posts_since
-- How many live posts of a trend were made after a time.
SELECT count(*) FROM trend_posts p JOIN posts ON posts.id = p.post_id WHERE p.trend_id = ? AND posts.created_at > ?;

-- name: add_post
-- A post a trend rests on, if it is live.
INSERT INTO trend_posts (trend_id, post_id) SELECT ?, id FROM posts WHERE id = ? ON CONFLICT DO NOTHING;

-- name: living
-- Open trends, and those closed so recently that their terms may not open another.
SELECT * FROM trends WHERE kind = 'topic' AND (state = 'open' OR closed_at >= ?) ORDER BY id;

-- name: living_posts
-- Trends of single posts: open ones, and those that opened so recently that neither post nor author opens another.
-- A post that was removed leaves an id that none has.
SELECT t.*, coalesce(p.post_id, -t.id) AS post_id, posts.author
FROM trends t LEFT JOIN trend_posts p ON p.trend_id = t.id LEFT JOIN posts ON posts.id = p.post_id
WHERE t.kind = 'post' AND (t.state = 'open' OR t.opened_at >= ?) ORDER BY t.id;

-- name: open_volumes
-- Open trends of volume and of silence.
SELECT * FROM trends WHERE kind IN ('volume', 'silence') AND state = 'open' ORDER BY id;

-- name: of_post
-- Trends that rest on a post, that of the post itself first, then the newest.
SELECT t.id FROM trend_posts p JOIN trends t ON t.id = p.trend_id
WHERE p.post_id = ? ORDER BY t.kind = 'post' DESC, t.id DESC LIMIT 20;

-- name: listing
-- Trends of all kinds, open ones first, by what matters, with the post and its author of those that are one.
SELECT t.*, coalesce(p.post_id, -t.id) AS post_id, posts.author
FROM trends t LEFT JOIN trend_posts p ON t.kind = 'post' AND p.trend_id = t.id LEFT JOIN posts ON posts.id = p.post_id
WHERE (CAST(:state AS text) IS NULL OR t.state = :state) AND (CAST(:kind AS text) IS NULL OR t.kind = :kind)
    AND (CAST(:since AS text) IS NULL OR t.closed_at IS NULL OR t.closed_at >= :since)
    AND (CAST(:until AS text) IS NULL OR t.first_seen < :until)
ORDER BY t.state = 'open' DESC, t.score + t.interest DESC, t.id LIMIT :limit;

-- name: get
-- One trend, in the same way.
SELECT t.*, coalesce(p.post_id, -t.id) AS post_id, posts.author
FROM trends t LEFT JOIN trend_posts p ON t.kind = 'post' AND p.trend_id = t.id LEFT JOIN posts ON posts.id = p.post_id
WHERE t.id = ?;

-- name: put_source
-- What is known of a source's volume.
INSERT INTO ranking_sources (source, state) VALUES (?, ?)
ON CONFLICT (source) DO UPDATE SET state = excluded.state;

-- name: save_progress
-- Remember how far the ranker has come.
UPDATE ranking_progress SET seen_post_id = :seen_post_id, folded_created_at = :folded_created_at,
    folded_post_id = :folded_post_id, ranked_tick = :ranked_tick, swept_tick = :swept_tick,
    history_version = :history_version, rebuilt_since = :rebuilt_since,
    counted_post_id = :counted_post_id WHERE id = 1;

-- name: progress
-- How far the ranker has come.
SELECT seen_post_id, folded_created_at, folded_post_id, ranked_tick, swept_tick, history_version, rebuilt_since,
    counted_post_id
FROM ranking_progress;

-- name: add_segment
-- Posts as numbers, for the windows of later runs.
INSERT INTO ranking_segments (newest, source_names, post_ids, created, authors, words, sources, codes, communities)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: segments
-- Segments with posts created at a time or later, in the order they were added; they are read one by one.
SELECT id FROM ranking_segments WHERE newest >= ? ORDER BY id;

-- name: segment_times
-- When the posts of segments were created, of those with posts created at a time or later.
SELECT id, created FROM ranking_segments WHERE newest >= ? ORDER BY id;

-- name: segment
-- One segment.
SELECT source_names, post_ids, created, authors, words, sources, codes, communities FROM ranking_segments WHERE id = ?;

-- name: drop_segments
-- Some segments that are older than a moment: each of their pages is written once more as it goes.
DELETE FROM ranking_segments WHERE id IN (SELECT id FROM ranking_segments WHERE newest < ? LIMIT ?);

-- name: save_brief
-- What a model wrote of a trend, in place of what was there.
INSERT INTO trend_briefs (trend_id, label, summary, post_ids, model, observed, made_at)
VALUES (:trend_id, :label, :summary, :post_ids, :model, :observed, :made_at)
ON CONFLICT (trend_id) DO UPDATE SET label = excluded.label, summary = excluded.summary,
    post_ids = excluded.post_ids, model = excluded.model, observed = excluded.observed, made_at = excluded.made_at;

-- name: keep_answer
-- What a model answered to a question.
INSERT INTO model_answers (key, kind, model, outcome, answer, made_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET outcome = excluded.outcome, answer = excluded.answer, made_at = excluded.made_at;

-- name: marks
-- What people said since a time, oldest first.
SELECT trend_id, mark, note, terms, score, opened_at, marked_at, marked_by, communities FROM trend_marks
WHERE marked_at >= ? ORDER BY marked_at, id;

-- name: mark
-- What a person said of a trend, in place of what was said before.
INSERT INTO trend_marks (trend_id, mark, note, terms, score, opened_at, marked_at, marked_by, communities)
VALUES (:trend_id, :mark, :note, :terms, :score, :opened_at, :marked_at, :marked_by, :communities)
ON CONFLICT (trend_id) DO UPDATE SET mark = excluded.mark, note = excluded.note, terms = excluded.terms,
    score = excluded.score, marked_at = excluded.marked_at, marked_by = excluded.marked_by,
    communities = excluded.communities;

-- name: clear_marks
-- What people said, of one trend or of all.
DELETE FROM trend_marks WHERE CAST(:trend_id AS bigint) IS NULL OR trend_id = :trend_id;

-- name: set_interest
-- How far a trend moves by what its operator cares about.
UPDATE trends SET interest = ? WHERE id = ?;

-- name: last_calibration
-- The newest threshold made of own posts, as of a time.
SELECT * FROM calibrations WHERE made_at <= ? ORDER BY id DESC LIMIT 1;

-- name: add_calibration
-- A threshold made of own posts.
INSERT INTO calibrations (made_at, since, until, posts, shuffles, seed, days, episodes, alarms, wanted_per_day, threshold)
VALUES (:made_at, :since, :until, :posts, :shuffles, :seed, :days, :episodes, :alarms, :wanted_per_day, :threshold);

-- name: forget_calibrations
-- All but the last twenty thresholds.
DELETE FROM calibrations WHERE id NOT IN (SELECT id FROM calibrations ORDER BY id DESC LIMIT 20);

-- name: open_by_source
-- How many open trends have posts of each source, by their curves.
SELECT counts.source, count(DISTINCT counts.trend_id) AS trends
FROM trends JOIN trend_counts counts ON counts.trend_id = trends.id
WHERE trends.state = 'open' GROUP BY counts.source ORDER BY counts.source;
