"""The recorded events: search, list and export."""
