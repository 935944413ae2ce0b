"""Reddit: listings, and posts of its answers."""
