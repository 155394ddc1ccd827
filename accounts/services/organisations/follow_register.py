"""Accounts take over name changes of their organisations from the registers."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from accounts.event_names import AccountEvent
from accounts.models import BusinessId, Organisation
from accounts.register.models import Kind, RegisterRecord
from accounts.services.organisations import membership
from certportal.foundation import clock, events
from certportal.foundation.actors import system

KINDS = {
    Organisation.Kind.PROVIDER: Kind.SOTE_UNIT,
    Organisation.Kind.INTERMEDIARY: Kind.INTERMEDIARY,
}


def follow_register(*, now: datetime) -> int:
    """Give each account its organisation's name in the register; return how many changed.

    An organisation that is no longer in the register keeps its last name. Each account is renamed
    in a transaction of its own: a renaming enters the account's orders in the index of searches,
    so several would lock orders in another sequence than those who act on many orders at once.
    """
    return sum(_follow(kind, register, now) for kind, register in KINDS.items())


def _follow(kind: str, register: str, now: datetime) -> int:
    today = clock.day(now)
    standing = RegisterRecord.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=today),
        kind=register,
        known_to=None,
        status=RegisterRecord.ACTIVE,
        business_id=OuterRef("current"),
        oid=F("provider_oid"),
    ).exclude(valid_to__lt=today)
    current = BusinessId.objects.filter(organisation=OuterRef("pk"), valid_to=None)
    accounts = (
        Organisation.objects.filter(kind=kind)
        .annotate(current=Subquery(current.values("code")[:1]))
        .annotate(registered=Subquery(standing.values("long_name")[:1]))
        .exclude(registered="")
        .exclude(registered=F("name"))
        .filter(registered__isnull=False)
    )
    renamed = list(accounts.order_by("pk").values_list("pk", "registered"))
    return sum(_rename(account, name[:300], now) for account, name in renamed)


@transaction.atomic
def _rename(account_id: UUID, name: str, now: datetime) -> bool:
    account = membership.lock_account(account_id)
    if account.name == name:
        return False
    account.name = name
    account.save(update_fields=["name"])
    events.record(AccountEvent.ORGANISATION_RENAMED, account, system("register"), now)
    return True
