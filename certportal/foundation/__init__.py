"""The base of every app: audit events, outbox, mail, files, tokens, limits and the clock."""
