"""The key policy: which public keys may be certified. Pure: no network, no database."""
