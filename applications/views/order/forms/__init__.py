"""The forms of an order; they validate syntax only."""
