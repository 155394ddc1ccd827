"""Notices to an organisation's administrators about a change in the register."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Membership
from accounts.right_to_act import is_shown
from applications.models import Application
from applications.models.register_task import RegisterTask
from certportal.foundation.outbox import outbox


def enqueue(task: RegisterTask, notice: str, *, now: datetime) -> None:
    """Enqueue the notice to each administrator of the task's organisation."""
    for person in administrators(task):
        outbox.enqueue("register.notice", now=now, task=task.pk, notice=notice, person=str(person))


def administrators(task: RegisterTask) -> Sequence[object]:
    """Return the keys of the account's administrators whose address is verified.

    One whose right to act is not confirmed is included only if all the task's certificates are of
    their own orders: they see no others.
    """
    memberships = Membership.objects.filter(
        organisation=task.organisation_id, role=Membership.Role.ADMINISTRATOR, ended_at=None
    ).exclude(person__email_verified_at=None)
    found = memberships.order_by("begun_at").select_related("person", "organisation")
    senders = _senders(task)
    return [each.person_id for each in found if is_shown(each) or senders == {each.person_id}]


def _senders(task: RegisterTask) -> set[object]:
    """Return the keys of those who sent the orders of the task's certificates."""
    references = task.certificates.values("reference")
    orders = Application.objects.filter(pk__in=references).select_related("submission__person")
    return {order.submission.person.current.pk for order in orders if order.submission}
