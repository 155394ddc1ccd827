"""What an organisation is told of a change in the register under its certificates."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership, Person
from applications.changes.models import RegisterTask
from applications.changes.wording import SENTENCES, differences
from applications.mailtext import subject_and_body
from certportal.foundation import outbox
from certportal.foundation.mail import Message
from issuance.models import Certificate

NOTICES = ("register_changed", "register_decided")
LISTED = 50


def enqueue(task: RegisterTask, notice: str, *, now: datetime) -> None:
    """Enqueue the notice to each administrator of the account."""
    for person in administrators(task):
        outbox.enqueue("register.notice", now=now, task=task.pk, notice=notice, person=str(person))


def administrators(task: RegisterTask) -> Sequence[object]:
    """Return the keys of the account's administrators whose address is verified."""
    held = Membership.objects.filter(
        organisation=task.organisation_id, role=Membership.Role.ADMINISTRATOR, ended_at=None
    ).exclude(person__email_verified_at=None)
    return list(held.order_by("begun_at").values_list("person_id", flat=True))


def write(notice: str, task: RegisterTask, person: Person) -> Message | None:
    """Return the mail; None when the matter was over before it left."""
    if notice == "register_changed" and not task.is_open:
        return None
    return compose(notice, task, person, list(task.certificates.order_by("pk")))


def compose(
    notice: str, task: RegisterTask, person: Person, certificates: Sequence[Certificate]
) -> Message:
    """Word the mail in the reader's language, without asking the database."""
    with translation.override(person.language):
        context = {
            "task": task,
            "name": task.then.long_name,
            "sentence": SENTENCES[task.change],
            "differences": differences(task),
            "certificates": certificates[:LISTED],
            "in_all": len(certificates) if len(certificates) > LISTED else None,
            "address": settings.PORTAL_BASE_URL + reverse("certificates"),
            "base": settings.PORTAL_BASE_URL,
        }
        subject, body = subject_and_body(
            render_to_string(f"applications/mail/{notice}.txt", context)
        )
    return Message(person.email, subject, body, person.language)
