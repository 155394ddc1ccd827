"""Changes in the registers that affect certificates in force, and their presentation."""
