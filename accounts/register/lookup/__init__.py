"""Reading of the register mirror: by key and by search, and folding of names."""
