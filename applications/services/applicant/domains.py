"""Ask for a look in the DNS for the record that shows the control of a domain."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Organisation
from applications.models import Domain
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.outbox import outbox
from certportal.foundation.web import limits

MOST_LOOKS, MOST_BY_ONE, MOST_FROM = 60, 30, 200
"""The most looks within an hour, for one organisation, by one person and from one address."""


def ask_for_look(organisation: Organisation, host: str, *, actor: Actor, now: datetime) -> Domain:
    """Have the record for a host looked up by a worker. Raises TooMany.

    The name has been judged to be a host name. A look that is on its way already is not asked for
    again.
    """
    hour = timedelta(hours=1)
    limits.spend("domain_look", str(organisation.pk), most=MOST_LOOKS, per=hour, now=now)
    limits.spend_by("domain_look", actor, most=MOST_BY_ONE, most_from=MOST_FROM, per=hour, now=now)
    with transaction.atomic():
        domain, _made = Domain.objects.select_for_update().get_or_create(
            organisation=organisation, name=host, defaults={"asked_at": now}
        )
        domain.asked_at = now
        domain.save(update_fields=["asked_at"])
        events.record(ApplicationEvent.DOMAIN_ASKED, domain, actor, now)
        outbox.enqueue("domain.look_wanted", now=now, organisation=str(organisation.pk), host=host)
    return domain


@transaction.atomic
def forget_domain(
    organisation: Organisation, domain_id: int, *, actor: Actor, now: datetime
) -> None:
    """Take a name off the organisation's list, with what was found for it. Does nothing twice."""
    for domain in Domain.objects.select_for_update().filter(
        organisation=organisation, pk=domain_id
    ):
        events.record(ApplicationEvent.DOMAIN_FORGOTTEN, domain, actor, now)
        domain.delete()
