"""Virus scanning of uploads: the interface and the clamd client."""
