"""What becomes of what the ranking finds: baselines, rules, verdicts, alerts, and why a post became no trend."""
