"""The mails about people and accounts, as rows of `MAILS`.

An item holds `kind` (the mail), `id` (what it is about), `language`, and `to` (key of a `Person`)
where the object itself does not determine who gets it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts import access
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
)
from accounts.right_to_act import is_shown
from accounts.services.people.email import digits
from certportal.foundation.mail.mails import Asked, Mail, To, address, registry
from certportal.foundation.models import Event

# Names of the kinds of second factor that events hold.
FACTORS: dict[str, Promise] = {
    "totp": gettext_lazy("Authenticator app"),
    "webauthn": gettext_lazy("Passkey"),
}

type Context = Mapping[str, Any]


def _mail(
    name: str,
    model: type[Model],
    context: Callable[[Any, Asked], Context],
    *,
    to: str = "",
    page: str = "",
    still: Callable[[Any, datetime], bool] = lambda _found, _now: True,
) -> Mail[Any]:
    """Return the row of a mail about one object of the model.

    `to`: path of the object's attribute that holds the address; by default the item names a person.
    `page`: name of the page that `link` leads to. `still`: whether there is something to tell.
    """

    def about(asked: Asked) -> Any:
        found = model._default_manager.filter(pk=asked.payload["id"]).first()
        return found if found is not None and still(found, asked.now) else None

    def recipient(found: Any, asked: Asked) -> To:
        told = attrgetter(to)(found) if to else _reader(asked).email
        return To(told, asked.payload["language"])

    def told(found: Any, asked: Asked) -> Context:
        return {"link": address(reverse(page) if page else ""), **context(found, asked)}

    return Mail(f"accounts/mail/{name}", about, recipient, told)


def _as(label: str) -> Callable[[Any, Asked], Context]:
    """Tell the template the object under this label."""
    return lambda found, _asked: {label: found}


def _reader(asked: Asked) -> Person:
    return Person.objects.get(pk=asked.payload["to"])


def _code(code: EmailCode, _asked: Asked) -> Context:
    return {"code": digits(code), "until": code.expires_at, "sent": code}


def _is_valid(code: EmailCode, now: datetime) -> bool:
    return code.ended_at is None and code.expires_at > now


def _invitation(found: Invitation, _asked: Asked) -> Context:
    path = reverse("accounts:invitation", args=[found.token])
    return {"invitation": found, "link": address(path)}


def _join_request(asked_for: JoinRequest, _asked: Asked) -> Context:
    path = reverse("accounts:invite_for", args=[asked_for.pk])
    return {"asked": asked_for, "link": address(path)}


def _account_decided(decision: AccountDecision, asked: Asked) -> Context:
    """A recipient who has lost access to the account is told no other person's name.

    `stays`: whether the recipient's own right to act is still confirmed.
    """
    own = access.current_membership(_reader(asked), decision.organisation_id)
    stays = own is not None and is_shown(own)
    return {
        "decision": decision,
        "person": decision.membership.person if decision.membership else None,
        "stays": stays,
        "contact": reverse("contact"),
        "link": address(reverse("accounts:members" if stays else "accounts:right")),
    }


def _second_factor(event: Event, _asked: Asked) -> Context:
    return {
        "event": event,
        "what": event.words,
        "factor": FACTORS.get(event.data.get("kind", "")),
        "is_reset": event.action == AccountEvent.SECOND_FACTOR_RESET,
    }


MAILS = registry(
    _mail("email_code", EmailCode, _code, to="email", still=_is_valid),
    _mail(
        "invitation",
        Invitation,
        _invitation,
        to="email",
        still=lambda found, now: found.state(now) == Invitation.State.WAITING,
    ),
    _mail("invitation_code", EmailCode, _code, to="email", still=_is_valid),
    _mail(
        "join_request",
        JoinRequest,
        _join_request,
        still=lambda asked, _now: asked.settled_at is None,
    ),
    _mail("joined", Invitation, _as("invitation"), page="accounts:members"),
    _mail("role_changed", Membership, _as("membership"), to="person.email", page="home"),
    _mail("membership_ended", Membership, _as("membership"), to="person.email"),
    _mail("member_left", Membership, _as("membership"), page="accounts:members"),
    _mail("succession", Succession, _as("succession"), page="home"),
    _mail(
        "administrator_asked",
        AdministratorRequest,
        _as("asked"),
        page="accounts:members",
        still=lambda asked, _now: asked.decided_at is None,
    ),
    _mail("administrator_decided", AdministratorRequest, _as("asked"), page="home"),
    _mail("account_decided", AccountDecision, _account_decided),
    _mail("address_changed", EmailCode, _as("code"), to="replaced", page="accounts:profile"),
    _mail("second_factor", Event, _second_factor, page="accounts:profile"),
)
