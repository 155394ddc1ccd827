"""Storing documents under random names, and serving them so that browsers run no content."""

import functools
import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, transaction
from django.db.models.fields.files import FieldFile
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from certportal.foundation.errors import Unavailable, system_words
from certportal.foundation.files.documents import PDF, NotStored, Unfit, viewing_copy
from certportal.foundation.files.faults import DamagedFile, DocumentLost, StoreAway

log = structlog.get_logger(__name__)

# For downloads: no page may frame it, and it may load and run nothing.
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
# The same, but pages of this service may frame it. `sandbox` is set in the header because a
# `sandbox` attribute on the frame would prevent Chromium's PDF viewer from starting.
INLINE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'"


# The files written in the present `atomic` block.
_written: ContextVar[list[str] | None] = ContextVar("written", default=None)


@contextmanager
def atomic() -> Iterator[None]:
    """Open a transaction; delete the files that `write` wrote in it if it is rolled back.

    No row would name them then. They are kept if the connection is lost during the commit, since
    the commit may have succeeded.
    """
    outer, names, is_done = _written.get(), list[str](), False
    token = _written.set(names)
    try:
        with transaction.atomic():
            yield
            is_done = True
    except BaseException as error:
        if not (is_done and isinstance(error, OperationalError | InterfaceError)):
            for name in names:
                with suppress(OSError):
                    default_storage.delete(name)
        raise
    finally:
        _written.reset(token)
    if outer is not None:
        outer += names


def random_name() -> str:
    """Return a random file name; the uploader's name never reaches the file system."""
    return f"{uuid.uuid4().hex}.pdf"


def write(data: bytes) -> str:
    """Write the bytes to a new file, completely or not at all; return its name.

    Call it within `atomic`. Raises NotStored.
    """
    name = random_name()
    names = _written.get()
    if names is not None:
        names.append(name)
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


def read(file: FieldFile) -> bytes:
    """Return the bytes of a stored document, whose row has their hash as `sha256`.

    Raises Unavailable if it cannot be read now, and DamagedFile.
    """
    data = content_of(file)
    document: Any = file.instance
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise DamagedFile(file.name)
    return data


def content_of(file: FieldFile) -> bytes:
    """Return the stored bytes of a file without checking a hash.

    Raises DamagedFile if there are none, and Unavailable if they cannot be read now: the store does
    not answer, or the disk or its rights are at fault.
    """
    try:
        with file.open() as opened:
            data: bytes = opened.read()
    except FileNotFoundError as error:
        raise DamagedFile(file.name) from error
    except OSError as error:
        if not isinstance(error, StoreAway):
            log.error("document_not_read", file=file.name, error=system_words(error))
        raise Unavailable("store") from error
    return data


def hand_over(file: FieldFile, name: str, media_type: str) -> HttpResponse:
    """Return the original bytes as a download with the given media type."""
    return _answer(read(file), name, media_type, as_file=True)


def show(file: FieldFile, name: str) -> HttpResponse:
    """Return a copy of the PDF without actions, for display in a frame of our own pages."""
    try:
        copy = viewing_copy(read(file))
    except (Unfit, Unavailable):  # accepted under earlier rules; or no PDF reader or store now
        answer = _in_words(_("The document cannot be shown here."))
    except DamagedFile as error:
        answer = _in_words(str(lost(error)))
    else:
        named = _("Viewing copy of %(name)s") % {"name": name}
        answer = _answer(copy, named, PDF, as_file=False)
    answer["Content-Security-Policy"] = INLINE_POLICY
    answer["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def lost(error: DamagedFile) -> DocumentLost:
    """Log that a document is lost; return the refusal that says what to do instead."""
    log.error("document_lost", file=str(error))
    return DocumentLost()


def _in_words(words: str) -> HttpResponse:
    answer = HttpResponse(words, content_type="text/plain; charset=utf-8")
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _answer(data: bytes, name: str, media_type: str, *, as_file: bool) -> HttpResponse:
    answer = HttpResponse(data, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(as_file, name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = FILE_POLICY
    return answer
