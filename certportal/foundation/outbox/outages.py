"""Failures that end without a change of the program or the data, so that work waits for the end."""

import errno

from django.db import InterfaceError, OperationalError


def is_outage(error: Exception) -> bool:
    """Whether a disk is full, or the database does not answer or has no room."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return isinstance(error, InterfaceError | OperationalError)
