"""What Prometheus reads, on a port of its own: web's answers, and the state of the service."""
