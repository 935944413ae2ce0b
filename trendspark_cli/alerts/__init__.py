"""The outbox: texts, parts, delivery, alerts about jobs and services. Owns the protocol of a channel."""
