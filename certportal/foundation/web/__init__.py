"""Helpers for HTTP: addresses, limits, tokens, forms."""
