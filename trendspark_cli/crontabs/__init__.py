"""Crontabs as Debian's cron reads them: what is installed, what is wrong with it, and the one to install."""
