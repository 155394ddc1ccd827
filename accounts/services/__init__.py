"""Services: the only code that changes people and organisations, one function per act."""
