"""The mails to an organisation about a change in the register, as rows of `MAILS`.

An item holds `notice` (the mail), `task` (a `RegisterTask`) and `person`, an administrator.
"""

from collections.abc import Mapping
from typing import Any

from accounts.models import Person
from applications.models.register_task import RegisterTask
from applications.register_watch import tell
from applications.register_watch.wording import SENTENCES, differences
from certportal.foundation.mail.mails import Asked, Mail, To, about_row, registry

LISTED = 50


def _to(task: RegisterTask, asked: Asked) -> To:
    """Return the person's address; no address if they may not read of the task any more."""
    found = Person.objects.select_related("merged_into").get(pk=asked.payload["person"])
    person = found.current
    return To(person.email if tell.reads(task, person) else "", person.language)


def _context(task: RegisterTask, _asked: Asked) -> Mapping[str, Any]:
    """List at most `LISTED` certificates."""
    certificates = list(task.certificates.order_by("pk"))
    return {
        "name": task.then.long_name,
        "sentence": SENTENCES[task.change],
        "differences": differences(task),
        "certificates": certificates[:LISTED],
        "in_all": len(certificates) if len(certificates) > LISTED else None,
    }


def _mail(name: str, **more: Any) -> Mail[Any]:
    template, rows = f"applications/mail/{name}", RegisterTask.objects
    return about_row(template, rows, "task", key="task", to=_to, context=_context, **more)


MAILS = registry(
    _mail("register_changed", still=lambda task, _now: task.is_open),  # not decided meanwhile
    _mail("register_decided"),
)
