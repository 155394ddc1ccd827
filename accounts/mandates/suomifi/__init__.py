"""Suomi.fi-valtuudet over its Web API, for a person who acts for an organisation ("ypa").

Tried against a double of ours only: docs/identification.md.
"""
