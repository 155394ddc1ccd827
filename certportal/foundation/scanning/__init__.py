"""Whether an uploaded document carries a known virus: the seam, clamd behind it, and a double."""
