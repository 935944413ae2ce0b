"""A connection that is kept open: when to try again, what comes in, and what was missed."""
