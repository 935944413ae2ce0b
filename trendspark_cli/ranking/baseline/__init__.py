"""Baselines of terms and sources: decayed counts of the past, updated as posts leave the windows."""
