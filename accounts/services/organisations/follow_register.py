"""Accounts take over name changes of their organisations from the registers."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from accounts.event_names import AccountEvent
from accounts.models import BusinessId, Organisation
from accounts.register.models import Kind, RegisterRecord
from certportal.foundation import clock, events
from certportal.foundation.actors import system

KINDS = {
    Organisation.Kind.PROVIDER: Kind.SOTE_UNIT,
    Organisation.Kind.INTERMEDIARY: Kind.INTERMEDIARY,
}


def follow_register(*, now: datetime) -> int:
    """Give each account its organisation's name in the register; return how many changed.

    An organisation that is no longer in the register keeps its last name.
    """
    return sum(_follow(kind, register, now) for kind, register in KINDS.items())


@transaction.atomic
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
    renamed = list(accounts)
    for account in renamed:
        _rename(account, account.registered[:300], now)
    return len(renamed)


def _rename(account: Organisation, name: str, now: datetime) -> None:
    if account.name == name:
        return
    account.name = name
    account.save(update_fields=["name"])
    events.record(AccountEvent.ORGANISATION_RENAMED, account, system("register"), now)
