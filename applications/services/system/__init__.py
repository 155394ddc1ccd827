"""Services called by workers and scheduled jobs."""
