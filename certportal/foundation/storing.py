"""Documents kept privately under random names, and handed over so that no browser runs them."""

import functools
import uuid
from contextlib import suppress

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from certportal.foundation.documents import NotStored

# Nothing may frame it, and it may load and run nothing.
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
# Only pages of this service may frame it, and it may load nothing. No `sandbox` here: Chromium's
# PDF viewer does not start in a sandboxed frame, and the type cannot be guessed into a web page.
INLINE_POLICY = "default-src 'none'; frame-ancestors 'self'"


def random_name() -> str:
    """Return a name of our own: nothing of the uploader's reaches the file system."""
    return f"{uuid.uuid4().hex}.pdf"


def write(data: bytes) -> str:
    """Write the bytes to a file of their own, whole or not at all; return its name.

    Raises NotStored.
    """
    name = random_name()
    try:
        return default_storage.save(name, ContentFile(data))
    except OSError as error:  # such as a full disk
        with suppress(OSError):
            default_storage.delete(name)
        raise NotStored from error


def delete(name: str | None) -> None:
    """Delete the file, if there is one, once the transaction has been committed."""
    if name:
        transaction.on_commit(functools.partial(default_storage.delete, name), robust=True)


def hand_over(file: FieldFile, name: str, media_type: str) -> HttpResponse:
    """Return the bytes as a file to save, under their checked type."""
    return _answer(file, name, media_type, as_file=True)


def show(file: FieldFile, name: str, media_type: str) -> HttpResponse:
    """Return the bytes to be shown in a frame of this service's own pages."""
    answer = _answer(file, name, media_type, as_file=False)
    answer["Content-Security-Policy"] = INLINE_POLICY
    answer["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _answer(file: FieldFile, name: str, media_type: str, *, as_file: bool) -> HttpResponse:
    with file.open() as opened:
        answer = HttpResponse(opened.read(), content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(as_file, name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = FILE_POLICY
    return answer
