"""Metrics for Prometheus, on a separate port: web's answers, and the state of the service."""
