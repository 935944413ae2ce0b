"""What `init` asks, tries and writes; its questions follow from the tables of sources and channels."""
