"""The mails to an organisation about a change in the register, as rows of `MAILS`.

An item holds `notice` (the mail), `task` (a `RegisterTask`) and `person`, an administrator.
"""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from accounts.models import Person
from applications.models.register_task import RegisterTask
from applications.register_watch.wording import SENTENCES, differences
from certportal.foundation.mail import mails
from certportal.foundation.mail.mails import Asked, Mail, To, registry

LISTED = 50


def _task(asked: Asked) -> RegisterTask:
    return RegisterTask.objects.select_related("then").get(pk=asked.payload["task"])


def _open_task(asked: Asked) -> RegisterTask | None:
    """Find the task, unless it was decided on before it was announced."""
    task = _task(asked)
    return task if task.is_open else None


def _to(_task: RegisterTask, asked: Asked) -> To:
    person = Person.objects.get(pk=asked.payload["person"])
    return To(person.email, person.language)


def _context(task: RegisterTask, _asked: Asked) -> Mapping[str, Any]:
    """List at most `LISTED` certificates."""
    certificates = list(task.certificates.order_by("pk"))
    return {
        "task": task,
        "name": task.then.long_name,
        "sentence": SENTENCES[task.change],
        "differences": differences(task),
        "certificates": certificates[:LISTED],
        "in_all": len(certificates) if len(certificates) > LISTED else None,
        "address": mails.address(reverse("certificates")),
    }


MAILS = registry(
    Mail("applications/mail/register_changed", _open_task, _to, _context),
    Mail("applications/mail/register_decided", _task, _to, _context),
)
