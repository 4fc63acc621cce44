"""Requests and responses: connections, the ways to an answer, health, logs, metrics."""
