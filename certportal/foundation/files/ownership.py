"""Which database the documents of the shared store belong to.

A second database that uses the same bucket, such as that of a restore drill, would regard the first
one's documents as unused and delete them. So the store contains the name of the database that may.
"""

from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from certportal.foundation.database.statements import execute

_NAME = "database/name"
"""In a folder, so that it is not taken for a document."""

# A dump restored elsewhere is in another database or cluster; a promoted copy of a cluster, as
# after a restore from its archive, is on another timeline.
_QUERY = """
    SELECT concat_ws('-', system_identifier, pg_database.oid,
                     left(pg_walfile_name(pg_current_wal_lsn()), 8))
    FROM pg_control_system(), pg_database WHERE datname = current_database()
"""


class OfAnotherDatabase(Exception):
    """The documents of the store belong to another database."""


def database() -> str:
    """Return cluster, database and timeline of this database; a restored copy has others."""
    ((name,),) = execute(_QUERY)
    return str(name)


def claim() -> None:
    """Make the documents this database's own. Raises StoreAway."""
    default_storage.save(_NAME, ContentFile(database().encode()))


def owned_since() -> datetime:
    """Return when this database claimed the documents; if no database has, it claims them now.

    Raises OfAnotherDatabase, StoreAway, DamagedFile.
    """
    try:
        with default_storage.open(_NAME) as opened:
            owner = opened.read().decode()
    except FileNotFoundError:
        claim()
        owner = database()
    if owner != database():
        raise OfAnotherDatabase(f"the store belongs to {owner}, this is {database()}")
    return default_storage.get_modified_time(_NAME)
