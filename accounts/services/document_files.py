"""Deleting documents about rights to act together with their files."""

from django.db.models import QuerySet

from accounts.models import RightDocument
from certportal.foundation.files import storing


def remove_documents(documents: QuerySet[RightDocument]) -> None:
    """Delete the rows and, once the transaction is committed, the files."""
    for document in documents:
        storing.delete(document.file.name)
    documents.delete()
