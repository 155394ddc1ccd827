"""Pages of an account: its orders, certificates and papers."""
