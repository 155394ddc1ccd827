"""The mails to reviewers, as rows of `MAILS`.

An item holds `notice` (the mail), `person`, and `source`: the key of what the mail is about, the
hash of a public key, or the name of a source that does not answer.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import AdministratorRequest, StaffRole
from accounts.register.lookup import queries
from accounts.register.models import RegisterRun
from applications.models import (
    Application,
    Replacement,
    ReplacementItem,
    RevocationProposal,
    RevocationRequest,
)
from applications.register_watch.wording import REGISTERS
from applications.rules.reviewers_day import (
    Day,
    reviewers,
    source_words,
    waiting_too_long,
    work_of,
)
from certportal.foundation import clock
from certportal.foundation.mail import mails
from certportal.foundation.mail.mails import Asked, Mail, To, registry
from issuance.models import Certificate

type Context = Mapping[str, Any]


def _to(_matter: object, asked: Asked) -> To:
    """The reviewer; nobody if they are not a reviewer any more."""
    person = reviewers().filter(pk=asked.payload["person"]).first()
    return To(person.email, person.language) if person else To("", "")


def _mail(name: str, about: Callable[[Asked], Any], context: Callable[[Any], Context]) -> Mail[Any]:
    return Mail(f"applications/mail/{name}", about, _to, lambda matter, _asked: context(matter))


def _one(rows: QuerySet[Any]) -> Callable[[Asked], Any]:
    """Find the object whose key the item names; None if it is not among the rows (any more)."""
    return lambda asked: rows.filter(pk=asked.payload["source"]).first()


def _console(page: str, *args: object) -> str:
    return mails.address(reverse(f"console:{page}", args=args))


def _plan(asked: Asked) -> Replacement | None:
    plan = Replacement.objects.filter(pk=asked.payload["source"]).first()
    return None if plan is None or plan.is_over(asked.now) else plan


def _held_run(asked: Asked) -> RegisterRun | None:
    waiting = queries.waiting_runs()
    return next((run for run in waiting if str(run.pk) == asked.payload["source"]), None)


def _work(asked: Asked) -> Day | None:
    work = work_of(clock.day(asked.now))
    return None if work.is_empty else work


def _certificates(asked: Asked) -> list[Certificate]:
    return list(Certificate.objects.filter(spki_sha256=asked.payload["source"]))


def _in_force(asked: Asked) -> list[Certificate] | None:
    """The certificates of the key that are in force; None if they are revoked meanwhile."""
    issued = Certificate.objects.filter(state=Certificate.State.ISSUED, not_after__gte=asked.now)
    return list(issued.filter(spki_sha256=asked.payload["source"])) or None


def _waiting(asked: Asked) -> list[Application] | None:
    """The applications that wait for the source, the longest wait first; None if there is none."""
    found = waiting_too_long(asked.now).filter(waiting_for=asked.payload["source"])
    return list(found) or None


def _proposal(proposal: RevocationProposal) -> Context:
    page = "revocation" if proposal.is_open else "case"
    address = _console(page, proposal.application_id)
    return {"address": address, "proposal": proposal, "application": proposal.application}


def _revocation(asked_for: RevocationRequest) -> Context:
    address = _console("case", asked_for.application_id)
    return {"address": address, "asked": asked_for, "application": asked_for.application}


def _replacement(plan: Replacement) -> Context:
    planned = plan.items.filter(state=ReplacementItem.State.PLANNED).count()
    return {"plan": plan, "planned": planned, "address": _console("replacement", plan.pk)}


def _rows(certificates: list[Certificate]) -> Context:
    """Rows of serial number, order and its address; an order may have been erased."""
    orders = Application.objects.in_bulk([each.reference for each in certificates])
    rows = [
        (each.serial, order, _console("case", order.pk) if order else "")
        for each in certificates
        for order in [orders.get(each.reference)]
    ]
    return {"rows": rows}


def _alarm(waiting: list[Application]) -> Context:
    return {
        "source": source_words(waiting[0].waiting_for),
        "waiting": waiting,
        "since": waiting[0].waiting_since,
        "address": _console("queue"),
    }


PROPOSALS = RevocationProposal.objects.all()

MAILS = registry(
    _mail("revocation_proposed", _one(PROPOSALS.filter(closed_at=None)), _proposal),
    _mail("revocation_declined", _one(PROPOSALS), _proposal),
    _mail("replacement_planned", _plan, _replacement),
    _mail("key_proven", _certificates, _rows),
    _mail("key_blocked", _in_force, _rows),
    _mail("revoked_by_reviewer", _one(RevocationRequest.objects.all()), _revocation),
    _mail(
        "role_granted",
        _one(StaffRole.objects.filter(ended_at=None)),
        lambda role: {"role": role},
    ),
    _mail(
        "administrator_wanted",
        _one(AdministratorRequest.objects.filter(decided_at=None)),
        lambda asked: {"asked": asked, "address": _console("administrator", asked.pk)},
    ),
    _mail(
        "register_held",
        _held_run,
        lambda run: {
            "run": run,
            "name": REGISTERS[run.kind],
            "address": _console("register_run", run.pk),
        },
    ),
    _mail("morning", _work, lambda work: {"work": work, "address": _console("queue")}),
    _mail("alarm", _waiting, _alarm),
)
