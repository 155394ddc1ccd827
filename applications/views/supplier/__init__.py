"""The supplier's desk: its customers, the requests to make, and certificates over all of them."""
