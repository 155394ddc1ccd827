"""Every mail to reviewers, written as things stand when it is sent."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from accounts.models import AdministratorRequest, Person
from accounts.register import queries
from accounts.register.models import RegisterRun
from applications import watch
from applications.changes.wording import REGISTERS
from applications.models import Application, Replacement, ReplacementItem, RevocationProposal
from certportal.foundation.mail import Message
from issuance.models import Certificate

PROPOSAL = ("revocation_proposed", "revocation_declined")


def write(notice: str, person: Person, source: str, *, now: datetime) -> Message | None:
    """Write the mail; None when there is nothing to tell any more.

    `source` says what it is about: the key of a proposal, of a plan, of an import or of a request
    for a new administrator, the hash of a public key, or the name of a source that does not answer.
    """
    if notice in PROPOSAL:
        proposal = RevocationProposal.objects.filter(pk=source).first()
        stale = proposal is None or (notice == PROPOSAL[0] and not proposal.is_open)
        return None if stale or proposal is None else about_proposal(notice, person, proposal)
    if notice == "replacement_planned":
        plan = Replacement.objects.filter(pk=source).first()
        return None if plan is None or plan.is_over(now) else about_plan(person, plan)
    if notice == "key_proven":
        return key_proven(person, list(Certificate.objects.filter(spki_sha256=source)))
    if notice == "administrator_wanted":
        asked = AdministratorRequest.objects.filter(pk=source, decided_at=None).first()
        return about_administrator(person, asked) if asked else None
    if notice == "register_held":
        held = [run for run in queries.waiting_runs() if str(run.pk) == source]
        return about_import(person, held[0]) if held else None
    return watch.write(notice, person, source, now=now)


def about_proposal(notice: str, person: Person, proposal: RevocationProposal) -> Message:
    """Write that a revocation was proposed, or that it was declined."""
    name = "console:revocation" if proposal.is_open else "console:case"
    with translation.override(person.language):
        address = settings.PORTAL_BASE_URL + reverse(name, args=[proposal.application_id])
    told = {"address": address, "proposal": proposal, "application": proposal.application}
    return watch.write_to(person, notice, told)


def about_plan(person: Person, plan: Replacement) -> Message:
    """Write that a mass replacement waits for approvals."""
    planned = plan.items.filter(state=ReplacementItem.State.PLANNED).count()
    return write_about_plan(person, plan, planned)


def write_about_plan(person: Person, plan: Replacement, planned: int) -> Message:
    """Write it from what is known, without asking the database."""
    with translation.override(person.language):
        address = settings.PORTAL_BASE_URL + reverse("console:replacement", args=[plan.pk])
    told = {"plan": plan, "planned": planned, "address": address}
    return watch.write_to(person, "replacement_planned", told)


def about_import(person: Person, run: RegisterRun) -> Message:
    """Write that an import of a register has stopped and asks."""
    with translation.override(person.language):
        address = settings.PORTAL_BASE_URL + reverse("console:register_run", args=[run.pk])
    told = {"address": address, "run": run, "name": REGISTERS[run.kind]}
    return watch.write_to(person, "register_held", told)


def about_administrator(person: Person, asked: AdministratorRequest) -> Message:
    """Write that somebody asks to be made administrator in place of a lost one."""
    with translation.override(person.language):
        address = settings.PORTAL_BASE_URL + reverse("console:administrator", args=[asked.pk])
    return watch.write_to(person, "administrator_wanted", {"address": address, "asked": asked})


def key_proven(person: Person, certificates: list[Certificate]) -> Message:
    """Write which certificates were revoked because their key was proven to be exposed."""
    orders = Application.objects.in_bulk([one.reference for one in certificates])
    return write_key_proven(person, certificates, orders)


def write_key_proven(
    person: Person, certificates: list[Certificate], orders: dict[UUID, Application]
) -> Message:
    """Write it from what is known, without asking the database."""
    with translation.override(person.language):
        rows = [
            (one.serial, orders.get(one.reference), _address(one, orders)) for one in certificates
        ]
    return watch.write_to(person, "key_proven", {"rows": rows})


def _address(certificate: Certificate, orders: dict[UUID, Application]) -> str:
    if certificate.reference not in orders:
        return ""
    return settings.PORTAL_BASE_URL + reverse("console:case", args=[certificate.reference])
