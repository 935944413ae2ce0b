"""What one operator cares about: vectors of communities and words, and what follows from names and marks."""
