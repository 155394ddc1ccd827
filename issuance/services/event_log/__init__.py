"""The transparent log of events, built by the signing worker: see docs/decisions/event-log.md."""
