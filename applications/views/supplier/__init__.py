"""The supplier's pages: its customers, and their orders and certificates."""
