"""Rights to act: confirmation, documents that show them, and staff roles."""
