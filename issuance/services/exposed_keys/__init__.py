"""Exposed private keys: their certificates are revoked and the keys blocked."""
