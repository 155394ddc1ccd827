"""The persons referenced by orders that are not erased, in any column; they are kept."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from accounts.models import Membership, Person
from applications.models import Application, Attachment, Csr
from applications.models.replacement import ReplacementApproval
from issuance.models import Approval

OF_NO_ORDER = frozenset(
    {
        # Rows deleted or blanked with the person, and rows that hold no more than the key.
        *["Person.merged_into", "Identifier.person", "EmailCode.person", "User.person"],
        *["SignOn.person", "JoinRequest.person", "RightDocument.person", "Membership.person"],
        *["StaffRole.person", "StaffRole.granted_by", "Organisation.founded_by"],
        *["Invitation.made_by", "Invitation.accepted_by"],
        *["AdministratorRequest.person", "AdministratorRequest.decided_by"],
        *["AccountDecision.decided_by", "Succession.decided_by", "RegisterTask.decided_by"],
        *["ReadyReasonVersion.person", "SupplierConsent.given_by", "SupplierConsent.ended_by"],
    }
)
"""References to persons from rows of no order. Any other reference keeps the person."""

PERSON = "person:"
# How the rows of a model without a foreign key to the order lead to it.
_TO_KEY = {
    ReplacementApproval: "replacement__items__reference__in",
    Approval: "prepared__reference__in",
}


def in_use() -> set[UUID]:
    """Return the keys of the persons named by orders that are not erased.

    Among them are those who confirmed the rights in the accounts of these orders, and those who
    only uploaded a file.
    """
    keys = set(_uploaders())
    for model, name in references():
        if f"{model.__name__}.{name}" not in OF_NO_ORDER:
            rows = _of_kept_orders(model).exclude(**{name: None})
            keys |= set(rows.values_list(name, flat=True))
    return keys


def _uploaders() -> Iterator[UUID]:
    """Yield who uploaded a file of an order that is not erased, from the actor's text column."""
    for model in (Csr, Attachment):
        rows = _of_kept_orders(model).filter(uploaded_by__startswith=PERSON)
        for actor in rows.values_list("uploaded_by", flat=True):
            yield UUID(actor.removeprefix(PERSON))


def references() -> Iterator[tuple[type[Model], str]]:
    """Yield every foreign key to a person: its model and its name."""
    for relation in Person._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete:
            model: Any = relation.related_model
            yield model, relation.field.name  # type: ignore[union-attr]


def _of_kept_orders(model: type[Model]) -> QuerySet[Any]:
    """Return the model's rows of orders that are not erased; all rows if it leads to no order."""
    orders = Application.objects.filter(erased_at=None)
    rows = model._default_manager.all()
    if model is Application:
        return orders
    if model is Membership:
        return rows.filter(organisation__in=orders.values("organisation"))
    if model in _TO_KEY:
        return rows.filter(**{_TO_KEY[model]: orders.values("pk")})
    leads = any(field.related_model is Application for field in model._meta.concrete_fields)
    return rows.filter(application__in=orders) if leads else rows
