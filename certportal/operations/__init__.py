"""Running the service: health checks, probes, logs, and preparation of the first start."""
