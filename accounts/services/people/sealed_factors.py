"""Second factors under the newest secret key, so that an earlier one can be taken away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from accounts.event_names import AccountEvent
from accounts.factors.adapter import Adapter, Sealing
from accounts.factors.digests import ESSENCE, digest_of
from accounts.models import User
from accounts.services.people import second_factor
from certportal.foundation import events
from certportal.foundation.actors import Actor

KINDS = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
"""The factors that have a secret; of a passkey only the public key is stored."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many factors are sealed by the newest key, by an earlier one, and by none that is set."""

    newest: int
    earlier: int
    lost: int


def standing() -> Standing:
    """Count the factors by the key that opens them."""
    found = [Adapter().sealing(each.data[ESSENCE[each.type]]) for each in _sealed()]
    return Standing(*(found.count(each) for each in Sealing))


def seal_anew(*, actor: Actor, now: datetime) -> int:
    """Seal by the newest key what an earlier one has sealed; return how many factors that were.

    Each login is done by itself, so whoever stops this leaves the others for the next time.
    """
    old = [each.user_id for each in _sealed() if _is_old(each)]
    return sum(_of_login(login, actor, now) for login in sorted(set(old)))


@transaction.atomic
def _of_login(login_id: UUID, actor: Actor, now: datetime) -> int:
    login = second_factor.lock(User.objects.get(pk=login_id))
    found = [each for each in _sealed().filter(user=login_id) if _is_old(each)]
    for factor in found:
        name = ESSENCE[factor.type]
        factor.data[name] = Adapter().sealed_anew(factor.data[name])
        factor.save(update_fields=["data"])
        data: dict[str, Any] = {"kind": str(factor.type), "factor": digest_of(factor)}
        events.record(AccountEvent.SECOND_FACTOR_SEALED_ANEW, login, actor, now, **data)
    return len(found)


def _sealed() -> QuerySet[Authenticator]:
    found: QuerySet[Authenticator] = Authenticator.objects.filter(type__in=KINDS)
    return found.order_by("pk")


def _is_old(factor: Authenticator) -> bool:
    return Adapter().sealing(factor.data[ESSENCE[factor.type]]) is Sealing.EARLIER
