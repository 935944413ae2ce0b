"""Past posts through the ranking once more; returns outcomes, prints nothing."""
