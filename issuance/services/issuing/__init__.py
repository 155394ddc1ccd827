"""Preparing, approving and issuing certificates."""
