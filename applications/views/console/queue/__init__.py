"""The queue of cases: filters, list, export."""
