"""The columns of a model that may hold what somebody wrote."""

from django.db import models

FREE = (models.TextField, models.BinaryField, models.EmailField, models.JSONField)
LONGEST_CODE = 64
"""Characters of a number, an id or a hash."""


def free_columns(model: type[models.Model]) -> set[str]:
    """Return the columns of texts, addresses, documents and JSON, and long ones of characters."""
    return {
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, FREE)
        or (
            isinstance(field, models.CharField)
            and not field.choices
            and (field.max_length or 0) > LONGEST_CODE
        )
    }
