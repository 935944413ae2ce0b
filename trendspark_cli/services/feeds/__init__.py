"""Feeds: news, forums, videos and whatever else has an address of RSS, Atom or JSON Feed."""
