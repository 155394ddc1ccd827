"""Virus scanning of uploads: the interface, the clamd client, and a test double."""
