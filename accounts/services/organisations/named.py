"""Finding accounts by what a reviewer types."""

from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import BusinessId, Organisation
from accounts.register.identifiers import business_id
from certportal.foundation.text.folded_names import words_held


def organisations_named(words: str) -> QuerySet[Organisation]:
    """Return the accounts with each of the words in their name, or with this business ID or key.

    Without words, return all.
    """
    if not words:
        return Organisation.objects.all()
    try:
        return Organisation.objects.filter(pk=UUID(words))
    except ValueError:
        ids = BusinessId.objects.filter(code=business_id(words) or words)
        named = words_held(words, "name")
        return Organisation.objects.filter(named | Q(pk__in=ids.values("organisation")))
