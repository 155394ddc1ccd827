"""The certificates that a mass replacement replaced: revoking them on the planned day."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from applications.models import Replacement, ReplacementItem
from applications.workflow import ApplicationEvent
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance import services as authority
from issuance.models import Certificate

ISSUED = ReplacementItem.State.ISSUED


class TooEarly(Refused):
    message = _("The day of revoking the old certificates is not set or has not come.")


def revoke_replaced(plan_id: int, *, actor: Actor, now: datetime) -> int:
    """Revoke the replaced certificates with the reason superseded; return how many.

    A certificate without a successor in force is kept: its holder would otherwise have none.
    Raises TooEarly before the plan's `revoke_on`, which reviewers approved and holders were told.
    """
    plan = Replacement.objects.get(pk=plan_id)
    if plan.revoke_on is None or clock.day(now) < plan.revoke_on:
        raise TooEarly
    items = plan.items.filter(state=ISSUED, certificate__state=Certificate.State.ISSUED)
    revoked = sum(_revoke(item, actor, now) for item in list(items))
    if revoked:
        events.record(ApplicationEvent.REPLACEMENT_REVOKED, plan, actor, now, revoked=revoked)
    return revoked


@transaction.atomic
def _revoke(item: ReplacementItem, actor: Actor, now: datetime) -> bool:
    # In the order in which revoking all certificates of a key locks them, to avoid a deadlock.
    both = Certificate.objects.filter(Q(pk=item.certificate_id) | Q(reference=item.reference))
    locked = {one.pk: one for one in both.select_for_update().order_by("pk")}
    # Its holder may have revoked it since it was listed; the others must not wait for that.
    is_standing = locked[item.certificate_id].state == Certificate.State.ISSUED
    if not is_standing or not _in_place_of(item, now):
        return False
    authority.revoke(item.certificate_id, "superseded", actor=actor, now=now)
    return True


def without_successor(items: Sequence[ReplacementItem], *, now: datetime) -> set[int]:
    """Return the keys of the items whose old certificate is the only one in force.

    Its successor was revoked, and no later plan has replaced the successor.
    """
    old = [item for item in items if item.state == ISSUED]
    in_force = Certificate.objects.filter(Certificate.in_force(now))
    standing = set(
        in_force.filter(
            Q(pk__in=[item.certificate_id for item in old])
            | Q(reference__in=[item.reference for item in old])
        ).values_list("reference", flat=True)
    )
    return {
        item.pk
        for item in old
        if item.certificate.reference in standing
        and item.reference not in standing
        and not _in_place_of(item, now)
    }


def _in_place_of(item: ReplacementItem, now: datetime) -> bool:
    """Return whether the certificate that replaced the item's, or a later one, is in force."""
    reference: UUID | None = item.reference
    in_force = Certificate.objects.filter(Certificate.in_force(now))
    while reference is not None:
        if in_force.filter(reference=reference).exists():
            return True
        later = ReplacementItem.objects.filter(certificate__reference=reference, state=ISSUED)
        reference = later.values_list("reference", flat=True).first()
    return False
