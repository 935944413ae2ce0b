"""Where rows live. `protocol.py` says what jobs may ask; one folder per database answers."""
