-- name: save_count
-- A tick of a trend, in place of what it was; one that is as it was is not written.
INSERT INTO trend_counts (trend_id, tick, source, posts, people, expected) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (trend_id, tick, source) DO UPDATE SET posts = excluded.posts, people = excluded.people,
    expected = excluded.expected
WHERE (trend_counts.posts, trend_counts.people, coalesce(trend_counts.expected, -1))
    <> (excluded.posts, excluded.people, coalesce(excluded.expected, -1));

-- name: counts
-- The ticks of a trend that have posts.
SELECT trend_id, tick, source, posts, people, expected FROM trend_counts WHERE trend_id = ? ORDER BY tick, source;

-- name: keep_example
-- An example as it is now, if its post is live. A place whose post is another one now is taken; what was kept of a
-- post that left stays while the trend names it.
INSERT INTO trend_examples (trend_id, place, post_id, source, source_id, author, name, text, url)
SELECT :trend_id, :place, p.id, p.source, p.source_id, p.author, a.name, p.text, p.url
FROM posts p LEFT JOIN authors a ON a.source = p.source AND a.id = p.author WHERE p.id = :post_id
ON CONFLICT (trend_id, place) DO UPDATE SET post_id = excluded.post_id, source = excluded.source,
    source_id = excluded.source_id, author = excluded.author, name = excluded.name, text = excluded.text,
    url = excluded.url
WHERE trend_examples.post_id <> excluded.post_id OR trend_examples.text <> excluded.text
    OR coalesce(trend_examples.author, '') <> coalesce(excluded.author, '')
    OR coalesce(trend_examples.name, '') <> coalesce(excluded.name, '')
    OR coalesce(trend_examples.url, '') <> coalesce(excluded.url, '');

-- name: note_quote
-- A post that alerts of a trend quote, or what a model writes of it.
INSERT INTO trend_quotes (source, source_id, author, trend_id)
SELECT source, source_id, author, :trend_id FROM posts WHERE id = :post_id ON CONFLICT DO NOTHING;

-- name: examples
-- What shows what a trend is about.
SELECT post_id, source, source_id, author, name, text, url FROM trend_examples WHERE trend_id = ? ORDER BY place;

-- name: summaries
-- Trends that lived in a span, in words.
SELECT id, label, kind, state, terms, sources, people, posts_now, posts_peak, posts_total, usual, score, first_post_at,
    detected_at, peak_at, last_post_at, ended_at, verdict, note, summary
FROM v_trends t
WHERE (CAST(:since AS text) IS NULL OR t.ended_at IS NULL OR t.ended_at >= :since) AND (CAST(:until AS text) IS NULL OR t.first_post_at < :until)
ORDER BY id;

-- name: counts_of_span
-- The curves of those trends, whole.
SELECT c.trend_id, c.tick, c.source, c.posts, c.people, c.expected FROM trend_counts c JOIN v_trends t ON t.id = c.trend_id
WHERE (CAST(:since AS text) IS NULL OR t.ended_at IS NULL OR t.ended_at >= :since) AND (CAST(:until AS text) IS NULL OR t.first_post_at < :until)
ORDER BY c.trend_id, c.tick, c.source;
