"""Which database the documents of the shared store belong to.

To another database with the same bucket, such as that of a restore drill, documents that only the
first one names are left over. So the store holds the name of the database that may delete them.
"""

from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

_NAME = "database/name"
"""In a folder, so that it is none of the documents."""

# A dump restored elsewhere is in another database or another cluster; a copy of a cluster that was
# promoted, as after a restore from its archive, is on another timeline.
_QUERY = """
    SELECT concat_ws('-', system_identifier, pg_database.oid,
                     left(pg_walfile_name(pg_current_wal_lsn()), 8))
    FROM pg_control_system(), pg_database WHERE datname = current_database()
"""


class OfAnotherDatabase(Exception):
    """The documents of the store belong to another database."""


def database() -> str:
    """The name of this database, which no restored copy of it shares."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY)
        (name,) = cursor.fetchone()
    return str(name)


def claim() -> None:
    """Make the documents this database's own. Raises StoreAway."""
    default_storage.save(_NAME, ContentFile(database().encode()))


def owned_since() -> datetime:
    """When this database claimed the documents; the first one to ask does so.

    Raises OfAnotherDatabase, StoreAway, DamagedFile.
    """
    try:
        with default_storage.open(_NAME) as opened:
            owner = opened.read().decode()
    except FileNotFoundError:
        claim()
        owner = database()
    if owner != database():
        raise OfAnotherDatabase(f"the store is of {owner}, this is {database()}")
    return default_storage.get_modified_time(_NAME)
