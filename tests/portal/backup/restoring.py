"""An empty database to restore into."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections


@contextmanager
def fresh_database() -> Iterator[None]:
    """Work in an empty database of its own, as on another machine."""
    facts = connections["default"].settings_dict
    name, other = facts["NAME"], f"{facts['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{other}"')
        cursor.execute(f'CREATE DATABASE "{other}"')
    connection.close()
    facts["NAME"] = other
    try:
        yield
    finally:
        connection.close()
        facts["NAME"] = name
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{other}" WITH (FORCE)')
