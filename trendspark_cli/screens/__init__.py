"""What a person or a script asks now: lists, health, doctor, the check of a crontab."""
