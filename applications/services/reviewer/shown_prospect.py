"""Refuses a decision whose consequences differ from those that its page showed."""

import hashlib
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import Stale

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class OtherTouched(Stale):
    message = _(
        "What the decision touches has changed since you opened the page. Nothing was decided. Look"
        " at what it touches now, and decide again."
    )


def mark_of(prospect: "DataclassInstance") -> str:
    """Return a hash of the consequences, which the form of the page sends back."""
    return hashlib.sha256(json.dumps(_plain(prospect)).encode()).hexdigest()


def require_shown(prospect: "DataclassInstance", shown: str | None) -> None:
    """Raise OtherTouched if the page showed other consequences; `shown` is None without a page."""
    if shown is not None and shown != mark_of(prospect):
        raise OtherTouched


def _plain(value: Any) -> Any:
    """Return the value for JSON: a row as its key, a list sorted, numbers and text unchanged."""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, list):
        return sorted(_plain(one) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    return value
