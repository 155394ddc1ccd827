"""Benchmarks: `./portal bench NAME [--json]` runs `tests/benchmarks/NAME.py`."""
