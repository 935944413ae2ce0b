"""What is usual: counts of the past, updated as posts leave the windows."""
