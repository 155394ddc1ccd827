"""What every app stands on: audit events, the outbox, mail, tokens, limits and the clock."""
