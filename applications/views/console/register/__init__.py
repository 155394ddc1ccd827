"""Pages about the registers: records, imports, changes, successions."""
