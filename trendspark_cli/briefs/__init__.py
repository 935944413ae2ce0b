"""What a language model is asked, and what of its answer may be used. Owns the protocol of a writer."""
