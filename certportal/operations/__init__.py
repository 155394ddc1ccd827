"""Running the service: health, probes, logs and preparation of the first start."""
