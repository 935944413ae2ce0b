"""What is wrong with a crontab, held against this installation."""
