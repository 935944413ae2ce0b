"""What becomes of what the ranking finds: baselines, rules, marks, alerts of trends, why a post was none."""
