-- name: save_profile
-- A profile; of one that is there, the time of its creation stays.
INSERT INTO profiles (name, keywords, exclude_keywords, watchlist, niche, languages, share, channels, interest, is_enabled,
                      created_at, updated_at)
VALUES (:name, :keywords, :exclude_keywords, :watchlist, :niche, :languages, :share, :channels, :interest, :is_enabled,
        :created_at, :updated_at)
ON CONFLICT (name) DO UPDATE SET
    keywords = excluded.keywords, exclude_keywords = excluded.exclude_keywords, watchlist = excluded.watchlist,
    niche = excluded.niche, languages = excluded.languages, share = excluded.share,
    channels = excluded.channels, interest = excluded.interest, is_enabled = excluded.is_enabled,
    updated_at = excluded.updated_at;
