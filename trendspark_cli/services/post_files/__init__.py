"""Files of posts that people have."""
