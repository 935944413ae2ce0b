"""Past posts through the code of `rank`: what would have fired, and which threshold fits."""
