"""Asking the administrators of an existing account for an invitation."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import BusinessId, JoinRequest, Person
from accounts.services.inviting import AlreadyMember
from accounts.services.membership import administrators
from certportal.foundation import events, limits, outbox
from certportal.foundation.actors import Actor

MOST_A_DAY = 10
MOST_A_DAY_FROM = 100


@transaction.atomic
def ask(person: Person, business_id: str, *, actor: Actor, now: datetime) -> JoinRequest | None:
    """Store the wish and mail the account's administrators; asked again, nothing new happens.

    Returns None when the business ID has no account. Raises AlreadyMember and TooMany.
    """
    holder = BusinessId.objects.select_related("organisation")
    found = holder.filter(code=business_id, valid_to=None).first()
    if found is None:
        return None
    if person.memberships.filter(organisation=found.organisation, ended_at=None).exists():
        raise AlreadyMember
    day = timedelta(days=1)
    limits.spend_by("join", actor, most=MOST_A_DAY, most_from=MOST_A_DAY_FROM, per=day, now=now)
    request, made = JoinRequest.objects.get_or_create(
        person=person,
        organisation=found.organisation,
        settled_at=None,
        defaults={"asked_at": now},
    )
    if made:
        _tell(request, actor, now)
    return request


def _tell(request: JoinRequest, actor: Actor, now: datetime) -> None:
    events.record(
        "join_request.made",
        actor=actor,
        now=now,
        object_type="join_request",
        object_id=request.pk,
        organisation_id=request.organisation_id,
    )
    for one in administrators(request.organisation):
        outbox.enqueue(
            "person.mail",
            now=now,
            kind="join_request",
            id=str(request.pk),
            language=one.person.language,
            to=str(one.person_id),
        )
