"""What PostgreSQL is asked and told, and how: statements, kept tables, roles and time limits."""
