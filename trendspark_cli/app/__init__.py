"""The only place that puts things together and runs them."""
