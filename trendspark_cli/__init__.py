"""TrendSpark: collect posts, rank what is trending, tell the operator why."""

__version__ = "0.1.0"
