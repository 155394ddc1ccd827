"""Bulk orders, for many units or hosts: fill in, list, send."""
