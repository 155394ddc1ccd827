"""Writing of the register mirror: imports, comparison, reports."""
