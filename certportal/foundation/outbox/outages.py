"""Failures that end without a change of the program or the data, so that work waits for the end."""

import errno

from django.db import InterfaceError, OperationalError
from psycopg2.errors import InsufficientPrivilege


def is_outage(error: Exception) -> bool:
    """Whether a disk is full, or the database does not answer, has no room or grants no right."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    refused = isinstance(error.__cause__, InsufficientPrivilege)
    return refused or isinstance(error, InterfaceError | OperationalError)
