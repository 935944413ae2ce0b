"""Who writes texts for us: a language model behind a small protocol."""
