"""From a text to words, terms and the keys they are counted by; texts that are nearly the same."""
