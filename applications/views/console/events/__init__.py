"""The recorded events: searched, shown, exported."""
