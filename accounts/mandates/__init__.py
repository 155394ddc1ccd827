"""Interface to a source of mandates and roles, such as Suomi.fi-valtuudet; see docs/decisions."""
