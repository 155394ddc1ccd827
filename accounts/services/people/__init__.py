"""People: recognition, e-mail addresses, sessions, second factors, merging, erasure."""
