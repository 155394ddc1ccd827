"""The mails to reviewers, as rows of `MAILS`.

An item holds `notice` (the mail), `person`, and `source`: the key of what the mail is about, the
hash of a public key, or the name of a source that does not answer.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet

from accounts.models import AdministratorRequest, Person, StaffRole
from accounts.register.lookup import queries
from accounts.register.models import RegisterRun
from applications.models import (
    Application,
    RegisterTask,
    Replacement,
    RevocationProposal,
    RevocationReport,
    RevocationRequest,
)
from applications.register_watch.wording import REGISTERS
from applications.rules import reviewers_day
from applications.rules.revocation_wanted import proposed_upon, unproposed
from certportal.foundation import clock
from certportal.foundation.mail.mails import Asked, Mail, Rows, To, about_row, registry
from issuance.models import Certificate


def _to(_matter: object, asked: Asked) -> To:
    """Return the reviewer's address; no address if they are not a reviewer any more."""
    person = reviewers_day.reviewers().filter(pk=asked.payload["person"]).first()
    return To(person.email, person.language) if person else To("", "")


def _mail(
    name: str, about: Callable[[Asked], Any], context: Callable[[Any], Mapping[str, Any]]
) -> Mail[Any]:
    return Mail(f"applications/mail/{name}", about, _to, lambda matter, _asked: context(matter))


def _row(name: str, rows: Rows, row: str, **more: Any) -> Mail[Any]:
    """Return a mail about one of the rows, called `row` in the template."""
    return about_row(f"applications/mail/{name}", rows, row, key="source", to=_to, **more)


def _held_run(asked: Asked) -> RegisterRun | None:
    waiting = queries.waiting_runs()
    return next((run for run in waiting if str(run.pk) == asked.payload["source"]), None)


def _work(asked: Asked) -> reviewers_day.Day | None:
    """Return the reader's work for the mail's day; None once that day has passed."""
    today = clock.day(asked.now)
    if asked.payload["source"] != today.isoformat():
        return None
    reader = Person.objects.get(pk=asked.payload["person"])
    ((_reader, work),) = reviewers_day.works(today, [reader])
    return None if work.is_empty else work


def _certificates(asked: Asked) -> list[Certificate]:
    return list(Certificate.objects.filter(spki_sha256=asked.payload["source"]))


def _in_force(asked: Asked) -> list[Certificate] | None:
    """Return the key's certificates in force; None if they have been revoked meanwhile."""
    in_force = Certificate.objects.filter(Certificate.in_force(asked.now))
    return list(in_force.filter(spki_sha256=asked.payload["source"])) or None


def _waiting(asked: Asked) -> list[Application] | None:
    """Return the applications that wait for the source, longest wait first; None if none do."""
    waiting = reviewers_day.waiting_too_long(asked.now).filter(waiting_for=asked.payload["source"])
    return list(waiting) or None


def _rows(certificates: list[Certificate]) -> Mapping[str, Any]:
    """Return rows of serial number and order; the order is None if it was erased."""
    orders = Application.objects.in_bulk([cert.reference for cert in certificates])
    return {"rows": [(cert.serial, orders.get(cert.reference)) for cert in certificates]}


def _alarm(waiting: list[Application]) -> Mapping[str, Any]:
    return {"source": reviewers_day.source_words(waiting[0].waiting_for), "waiting": waiting}


def _proposed(task: RegisterTask) -> QuerySet[RevocationProposal]:
    """Return the proposals made upon the decision that still wait for a second reviewer."""
    return proposed_upon(task).filter(closed_at=None)


PROPOSALS = RevocationProposal.objects

MAILS = registry(
    _row("revocation_proposed", PROPOSALS.filter(closed_at=None), "proposal"),
    _row(
        "revocations_proposed",
        RegisterTask.objects,
        "task",
        still=lambda task, now: _proposed(task).exists() or unproposed(task, now=now).exists(),
        context=lambda task, asked: {
            "proposals": _proposed(task),
            "unproposed": unproposed(task, now=asked.now).count(),
        },
    ),
    _row("revocation_declined", PROPOSALS, "proposal"),
    _row(
        "revocation_due",
        RevocationReport.objects.filter(proposal__closed_at=None, beside__closed_at=None),
        "report",
        context=lambda report, asked: {"is_over": report.due_at <= asked.now},
    ),
    _row(
        "replacement_planned",
        Replacement.objects,
        "plan",
        still=lambda plan, now: not plan.is_over(now),
    ),
    _row("revoked_by_reviewer", RevocationRequest.objects, "asked"),
    _row("role_granted", StaffRole.objects.filter(ended_at=None), "role"),
    _row("administrator_wanted", AdministratorRequest.objects.filter(decided_at=None), "asked"),
    _mail("key_proven", _certificates, _rows),
    _mail("key_blocked", _in_force, _rows),
    _mail("register_held", _held_run, lambda run: {"run": run, "name": REGISTERS[run.kind]}),
    _mail("morning", _work, lambda work: {"work": work}),
    _mail("alarm", _waiting, _alarm),
)
