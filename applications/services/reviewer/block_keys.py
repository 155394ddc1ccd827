"""A reviewer blocks keys that were reported, also those for which there is no certificate."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from applications.models import Application, Csr
from applications.rules import impartiality
from applications.workflow import OPEN_CASES, Status
from certportal.foundation.actors import Actor
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.errors import Refused
from issuance import services as authority
from issuance.services.errors import UnknownReason

STATED = ("key_compromise", "published")
"""Why a person blocks a key; that its private key was sent here, the service sees for itself."""


class SourceMissing(Refused):
    message = _("Write where it is known from.")


@transaction.atomic
def block_keys(
    hashes: Sequence[str],
    *,
    reason: str,
    known_from: str,
    person: Person,
    actor: Actor,
    now: datetime,
) -> int:
    """Block the keys with these SPKI hashes for good; return how many are new.

    ``reason`` is one of `STATED`; ``known_from`` says where it is known from and names no person.
    Any reviewer may do this alone, even with a part in an order that it hits, as with revoking for
    an exposed key (`revoke_exposed`). Certificates in force are not revoked: reviewers decide on
    each. Raises NotReviewer, UnknownReason, SourceMissing.
    """
    if reason not in STATED:
        raise UnknownReason
    if not known_from.strip():
        raise SourceMissing
    new = authority.import_keys(hashes, reason, known_from=known_from, actor=actor, now=now)
    impartiality.require_reviewer(person)
    return new


def orders_under_way(hashes: Sequence[str]) -> list[Application]:
    """Return the orders without a certificate yet whose request has one of the keys."""
    requests = Csr.objects.filter(Among("spki_sha256", "text", hashes))
    orders = Application.objects.filter(csr__in=requests, status__in=OPEN_CASES)
    waiting = orders.exclude(status=Status.ISSUED)
    return list(waiting.select_related("organisation", "reviewer").order_by("number"))
