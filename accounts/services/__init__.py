"""What changes about people and organisations: one function per act."""
