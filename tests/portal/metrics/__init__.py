"""What Prometheus reads, and what it makes of it."""
