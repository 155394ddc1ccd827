"""Plain forms: syntax only."""
