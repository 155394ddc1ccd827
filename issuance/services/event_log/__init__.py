"""The transparent log of events, built and verified by the signing worker: see
docs/decisions/event-log.md.
"""
