"""The mails about people and accounts, as rows of `MAILS`.

An item holds `kind` (the mail), `id` (what it is about), `language`, and `to` (key of a `Person`)
where the object itself does not determine who gets it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from accounts import access
from accounts.consents import in_force
from accounts.event_names import AccountEvent
from accounts.models import (
    AccountDecision,
    AdministratorRequest,
    EmailCode,
    Invitation,
    JoinRequest,
    Membership,
    Person,
    Succession,
    SupplierConsent,
)
from accounts.right_to_act import acts_without, is_shown
from accounts.services.people.email import digits
from certportal.foundation import clock
from certportal.foundation.mail.mails import Asked, Mail, Rows, To, about_row, registry
from certportal.foundation.models import Event
from certportal.foundation.web import tokens


def _mail(
    name: str,
    rows: Rows,
    row: str,
    *,
    to: str = "",
    of: Sequence[str] = (),
    asker: str = "",
    **more: Any,
) -> Mail[Any]:
    """Return a mail about one of the rows, called `row` in the template.

    `to`: path of the row's attribute that holds the address; by default the item names a person.
    `of`: paths to the keys of the accounts whose administrators get the mail; it may wait for days,
    and nobody gets it who has ceased to administer them meanwhile. `asker`: path to a person who
    gets it in any case.
    """

    def recipient(found: Any, asked: Asked) -> To:
        language = asked.payload["language"]
        if to:
            return To(attrgetter(to)(found), language)
        person = _recipient(asked)
        gets = not of or any(_administers(person, attrgetter(path)(found)) for path in of)
        gets = gets or (bool(asker) and attrgetter(asker)(found).current == person)
        return To(person.email if gets else "", language)

    return about_row(f"accounts/mail/{name}", rows, row, key="id", to=recipient, **more)


def _recipient(asked: Asked) -> Person:
    """Return the person whom the item names, or the one they were merged into meanwhile."""
    return Person.objects.select_related("merged_into").get(pk=asked.payload["to"]).current


def _administers(person: Person, account: UUID) -> bool:
    own = access.current_membership(person, account)
    return own is not None and access.administers(own)


def _code(name: str) -> Mail[Any]:
    """Return a mail with a code, sent only while the code is valid."""
    return _mail(
        name,
        EmailCode.objects,
        "sent",
        to="email",
        still=lambda code, now: code.ended_at is None and code.expires_at > now,
        context=lambda code, _asked: {"code": tokens.readable(digits(code))},
    )


def _account_decided(decision: AccountDecision, asked: Asked) -> Mapping[str, Any]:
    """Return `stays`: whether the recipient's own right to act is still confirmed.

    A recipient who has lost access to the account is not told other people's names. `acts_without`:
    the decision is about a former membership of somebody who acts by a later one; `is_own`: that is
    the recipient. `suppliers`: whose permission ended by the decision, for administrators.
    """
    recipient, about = _recipient(asked), decision.membership
    own = access.current_membership(recipient, decision.organisation_id)
    administers = _administers(recipient, decision.organisation_id)
    was_former = about and about.ended_at and about.ended_at < decision.at
    return {
        "stays": own is not None and is_shown(own),
        "acts_without": bool(about and was_former and acts_without(about)),
        "is_own": bool(about and about.person.current == recipient.current),
        "suppliers": _suppliers_lost(decision.organisation_id, decision.at) if administers else [],
    }


def _to_customer(consent: SupplierConsent, asked: Asked) -> Mapping[str, Any]:
    """Return `to_customer`: whether the recipient belongs to the customer, not the supplier."""
    return {"to_customer": access.is_member(_recipient(asked), consent.customer_id)}


def _consent_ended(consent: SupplierConsent, asked: Asked) -> Mapping[str, Any]:
    """Return whose account has the customer's orders now, if the supplier sees them there.

    The consent then ended with the succession by an organisation that is the supplier itself, or
    has given it a consent.
    """
    assert consent.ended_at is not None
    passed = Succession.objects.filter(organisation=consent.customer_id, at=consent.ended_at)
    own = SupplierConsent.objects.filter(in_force(asked.now), supplier=consent.supplier_id)
    seen = {consent.supplier_id, *own.values_list("customer", flat=True)}
    at = passed.filter(successor__in=seen - {consent.customer_id}).select_related("successor")
    return {**_to_customer(consent, asked), "succession": at.first()}


def _succession(succession: Succession, asked: Asked) -> Mapping[str, Any]:
    """Return the suppliers and customers whose consents ended with the succession.

    Not the successor, nor the suppliers to which it has given one itself. A recipient whose right
    to act is not confirmed is not told them.
    """
    own = access.current_membership(_recipient(asked), succession.successor_id)
    if own is None or not is_shown(own):
        return {}
    ended = SupplierConsent.objects.filter(ended_at=succession.at, ended_by=None)
    account = succession.organisation_id
    own_ones = SupplierConsent.objects.filter(in_force(asked.now), customer=succession.successor)
    kept = {succession.successor_id, *own_ones.values_list("supplier", flat=True)}
    return {
        "suppliers": _suppliers_lost(account, succession.at, but=kept),
        "customers": [str(consent.customer) for consent in ended.filter(supplier=account)],
    }


def _suppliers_lost(customer: UUID, at: datetime, *, but: Iterable[Any] = ()) -> list[str]:
    """Return the suppliers whose permission ended then by what the authority did."""
    ended = SupplierConsent.objects.filter(ended_at=at, ended_by=None, customer=customer)
    ended = ended.exclude(supplier__in=but)
    return [str(consent.supplier) for consent in ended.select_related("supplier")]


def _lasts(consent: SupplierConsent, now: datetime) -> bool:
    return consent.until >= clock.day(now)


ACCOUNT = ["organisation_id"]
BOTH_SIDES = ["customer_id", "supplier_id"]
ASKED, CONSENTS = AdministratorRequest.objects, SupplierConsent.objects
GIVEN, ENDED = CONSENTS.filter(ended_at=None), CONSENTS.exclude(ended_at=None)
MAILS = registry(
    _code("email_code"),
    _code("invitation_code"),
    _mail(
        "invitation",
        Invitation.objects,
        "invitation",
        to="email",
        still=lambda found, now: found.state(now) == Invitation.State.WAITING,
    ),
    _mail("join_request", JoinRequest.objects.filter(settled_at=None), "asked", of=ACCOUNT),
    _mail("joined", Invitation.objects, "invitation", of=ACCOUNT),
    _mail("role_changed", Membership.objects, "membership", to="person.email"),
    _mail("membership_ended", Membership.objects, "membership", to="person.email"),
    _mail("member_left", Membership.objects, "membership", of=ACCOUNT),
    _mail("succession", Succession.objects, "succession", context=_succession),
    _mail("administrator_asked", ASKED.filter(decided_at=None), "asked", of=ACCOUNT),
    _mail("administrator_decided", ASKED, "asked", of=ACCOUNT, asker="person"),
    _mail(
        "right_confirmed",
        Membership.objects.exclude(basis__in=Membership.UNCONFIRMED),
        "membership",
        context=lambda right, asked: {"is_own": _recipient(asked) == right.person},
    ),
    _mail("account_decided", AccountDecision.objects, "decision", context=_account_decided),
    _mail("consent_given", GIVEN, "consent", of=["supplier_id"], still=_lasts),
    _mail("consent_ending", GIVEN, "consent", of=BOTH_SIDES, still=_lasts, context=_to_customer),
    _mail("consent_ended", ENDED, "consent", of=BOTH_SIDES, context=_consent_ended),
    _mail("address_changed", EmailCode.objects, "code", to="replaced"),
    _mail(
        "second_factor",
        Event.objects,
        "event",
        context=lambda event, _asked: {
            "is_reset": event.action == AccountEvent.SECOND_FACTOR_RESET
        },
    ),
)
