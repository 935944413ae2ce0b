"""What `doctor` looks at: files, records and services, each finding with its fix. Nothing here changes anything."""
