"""How far single posts go: forecasts, and trends of one post."""
