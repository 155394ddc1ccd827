"""Exceptions about stored files; not in `shared_store`, whose libraries take long to import."""

from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import Refused


class StoreAway(OSError):
    """The shared store does not answer, or refuses a request."""


class DamagedFile(Exception):
    """The bytes read are not those that were stored, or there are none."""


class DocumentLost(Refused):
    """Somebody asked for a document of which the file is damaged or missing."""

    status = 410
    message = _(
        "The file of this document is missing or damaged here, and the fault has been recorded. If"
        " you need it now, ask whoever gave or got the document for a copy."
    )
