"""Reading and writing DER (X.690)."""
