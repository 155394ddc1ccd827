"""Conditions for sending an order: right to act, recent identification, and declarations."""

from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import consents
from accounts.models import Person, SupplierConsent
from applications.access import as_technician, stays_acting
from applications.errors import Changed, LinkOver, MayNotAct
from applications.models import Application
from applications.rules import contact_links, declarations
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused
from certportal.foundation.text.wording import filled

# The greatest age of the strong electronic identification when an order is sent.
IDENTIFICATION_LASTS = timedelta(minutes=60)


class IdentifyAgain(NotAllowed):
    message = filled(
        _(
            "More than %(minutes)s minutes have passed since you identified yourself. Identify"
            " yourself again before you send the order. Nothing you have written is lost."
        ),
        minutes=IDENTIFICATION_LASTS // timedelta(minutes=1),
    )


class NotDeclared(Refused):
    message = _("Tick every declaration to send the order.")


class TermsChanged(Changed):
    message = _(
        "The price list or the terms of delivery have changed since you opened the page. Read them"
        " and send the order again."
    )


class Signature(TypedDict):
    """Who sends an order, with which declarations, and in which language (its code).

    `declarations` are the ids of the declarations that the person ticked; `identified_at` is when
    the person last identified; `edition` is the `declarations.edition` of the page.
    """

    person: Person
    declarations: list[str]
    language: str
    identified_at: datetime
    edition: str


def is_fresh(identified_at: datetime, *, now: datetime) -> bool:
    """Return whether the identification is recent enough to send an order now."""
    return clock.is_recent(identified_at, IDENTIFICATION_LASTS, now=now)


def require_part(application: Application, actor: Actor, *, now: datetime) -> None:
    """Raise MayNotAct or LinkOver unless the actor still has a part in the order.

    Checked under its lock. For a supplier the customer's consent to that very supplier is what
    counts: the event names it.
    """
    if actor.kind == "technical_contact":
        link = application.contact_links.get(pk=actor.id)
        if not contact_links.is_valid(link, application, now=now):
            raise LinkOver
        return
    person = Person.objects.get(pk=actor.id)
    if actor.supplier:
        pair = {"customer": application.organisation_id, "supplier": UUID(actor.supplier)}
        # Locked, so that both end before this act or after it; as `oversight.close` ends them.
        list(SupplierConsent.objects.filter(**pair, ended_at=None).select_for_update(no_key=True))
        person.keep_membership(pair["supplier"])
        given = consents.received(person, pair["supplier"], now=now).filter(**pair)
        has_part = given.exists() and application.status != Status.DRAFT
    else:
        is_member = stays_acting(person, application.organisation_id)
        has_part = is_member or as_technician(person, application, now=now) is not None
    if not has_part:
        raise MayNotAct


def require(application: Application, signature: Signature, *, now: datetime) -> None:
    """Raise MayNotAct, IdentifyAgain, TermsChanged or NotDeclared unless it may be sent now."""
    if not stays_acting(signature["person"], application.organisation_id):
        raise MayNotAct
    if not is_fresh(signature["identified_at"], now=now):
        raise IdentifyAgain
    if signature["edition"] != declarations.edition():
        raise TermsChanged
    if set(declarations.asked(application)) - set(signature["declarations"]):
        raise NotDeclared
