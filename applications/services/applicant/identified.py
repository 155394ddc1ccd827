"""Conditions for sending an order: right to act, recent identification, and declarations."""

from datetime import datetime, timedelta
from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from applications.access import acting, as_technician
from applications.errors import Changed
from applications.models import Application
from applications.rules import declarations
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused
from certportal.foundation.wording import filled

# The greatest age of the strong electronic identification when an order is sent.
IDENTIFICATION_LASTS = timedelta(minutes=60)


class IdentifyAgain(NotAllowed):
    """The person's identification is too old to send an order."""

    message = filled(
        _(
            "More than %(minutes)s minutes have passed since you identified yourself. Identify"
            " yourself again before you send the order. Nothing you have written is lost."
        ),
        minutes=IDENTIFICATION_LASTS // timedelta(minutes=1),
    )


class MayNotAct(NotAllowed):
    """The person is not a member of the organisation in a role that may order."""

    message = _("You have no right to order certificates for this organisation.")


class NotDeclared(Refused):
    """A declaration that the order needs is missing."""

    message = _("Tick every declaration to send the order.")


class TermsChanged(Changed):
    """Other versions of price list or terms are published than the page showed."""

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
    return now - IDENTIFICATION_LASTS <= identified_at <= now


def require_consent(application: Application, actor: Actor, *, now: datetime) -> None:
    """Raise MayNotAct if the actor acts for a supplier whose consent has ended."""
    if actor.supplier:
        person = Person.objects.get(pk=actor.id)
        if as_technician(person, application, now=now) is None:
            raise MayNotAct


def require(application: Application, signature: Signature, *, now: datetime) -> None:
    """Raise MayNotAct, IdentifyAgain, TermsChanged or NotDeclared unless it may be sent now."""
    if acting(signature["person"], application.organisation_id) is None:
        raise MayNotAct
    if not is_fresh(signature["identified_at"], now=now):
        raise IdentifyAgain
    if signature["edition"] != declarations.edition():
        raise TermsChanged
    if set(declarations.asked(application)) - set(signature["declarations"]):
        raise NotDeclared
