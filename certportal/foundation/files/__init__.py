"""Uploaded files: checking, storing and virus scanning."""
