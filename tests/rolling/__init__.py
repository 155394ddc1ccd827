"""An upgrade while orders are under way: two versions of the program on the same data."""
