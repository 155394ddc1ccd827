"""Filling in an order and sending it."""
