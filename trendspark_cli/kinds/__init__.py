"""One table for each kind of thing there can be more of: jobs, sources, channels, writers, destinations. Pure data."""
