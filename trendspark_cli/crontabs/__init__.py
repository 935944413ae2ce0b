"""Crontabs as cron reads them, and when jobs are due."""
