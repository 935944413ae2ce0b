"""When trends open, grow and close."""
