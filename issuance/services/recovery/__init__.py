"""Comparing and reconciling the database with the journal and the published CRLs."""
