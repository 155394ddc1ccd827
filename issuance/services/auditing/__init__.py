"""Verifying what happened: the log against the database, rows and register against their events."""
