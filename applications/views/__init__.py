"""Pages of the registration authority."""
