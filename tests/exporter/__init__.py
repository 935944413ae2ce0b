"""Real node_exporter and Prometheus on the files of real runs."""
