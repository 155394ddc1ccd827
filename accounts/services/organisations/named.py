"""Finding accounts by what a reviewer types."""

from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import BusinessId, Organisation
from accounts.register.identifiers import business_id


def organisations_named(words: str) -> QuerySet[Organisation]:
    """Return the accounts with these words in their name, or with this business ID or key.

    Without words, return all.
    """
    if not words:
        return Organisation.objects.all()
    try:
        return Organisation.objects.filter(pk=UUID(words))
    except ValueError:
        ids = BusinessId.objects.filter(code=business_id(words) or words)
        return Organisation.objects.filter(
            Q(name__icontains=words) | Q(pk__in=ids.values("organisation"))
        )
