"""What may be ordered, by whom, for whom, under which name and for how long. No writes."""
