"""Sources and services without a network, for the seams of `docs/architecture.md`."""
