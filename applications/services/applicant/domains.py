"""Request a DNS lookup of the record that proves the control of a domain."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Organisation
from applications.access import require_acting
from applications.models import Domain
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.outbox import outbox
from certportal.foundation.web import limits

MOST_LOOKS, MOST_BY_ONE, MOST_FROM = 60, 30, 200
"""The most lookups within an hour: for an organisation, by a person, from a network address."""


def request_lookup(organisation: Organisation, host: str, *, actor: Actor, now: datetime) -> Domain:
    """Have the record for a host looked up by a worker. Raises TooMany, MayNotAct.

    `host` must be a valid host name. A lookup that is already enqueued is not enqueued again.
    """
    hour = timedelta(hours=1)
    limits.spend("domain_look", str(organisation.pk), most=MOST_LOOKS, per=hour, now=now)
    limits.spend_by("domain_look", actor, most=MOST_BY_ONE, most_from=MOST_FROM, per=hour, now=now)
    with transaction.atomic():
        domain, _made = Domain.objects.select_for_update().get_or_create(
            organisation=organisation, name=host, defaults={"asked_at": now}
        )
        require_acting(organisation.pk, actor)
        domain.asked_at = now
        domain.save(update_fields=["asked_at"])
        events.record(ApplicationEvent.DOMAIN_ASKED, domain, actor, now)
        outbox.enqueue("domain.look_wanted", now=now, organisation=str(organisation.pk), host=host)
    return domain


@transaction.atomic
def forget_domain(
    organisation: Organisation, domain_id: int, *, actor: Actor, now: datetime
) -> None:
    """Remove a domain and its lookup results from the list. Idempotent. Raises MayNotAct."""
    found = Domain.objects.select_for_update().filter(organisation=organisation, pk=domain_id)
    domains = list(found)
    require_acting(organisation.pk, actor)
    for domain in domains:
        events.record(ApplicationEvent.DOMAIN_FORGOTTEN, domain, actor, now)
        domain.delete()
