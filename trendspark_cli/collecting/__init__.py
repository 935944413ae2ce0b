"""Pages, cursors, gaps, counts, and the arithmetic of a stream. Owns the protocol of a source."""
