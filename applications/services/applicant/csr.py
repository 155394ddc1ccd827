"""Upload a certificate request; choose it for a draft; attach or replace it after sending."""

from collections.abc import Callable, Container
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from applications.checks import keys
from applications.errors import Gone, PrivateKeyFound, UnfitCsr
from applications.models import Application, Csr
from applications.rules import possible_actions, sections
from applications.rules.certificate_names import settled_names
from applications.services import transition
from applications.services.applicant.identified import require_part
from applications.workflow import Action, ApplicationEvent, Role, Status, promise
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.web import limits
from issuance import csr as doctor, services as authority
from issuance.findings import Finding
from issuance.keys.policy import hashes_of, read_key
from issuance.models import Certificate
from issuance.services import locks

# Uploads within an hour: by one person or link to one order, to all orders, and from one network
# address.
MOST_UPLOADS_AN_HOUR = 30
MOST_UPLOADS_BY_ONE, MOST_UPLOADS_FROM = 120, 600


TOLD_WITHIN = timedelta(minutes=3)
"""In how long the mail about requests given together is sent at the latest: longer than such an
upload may take (`requests_together.MOST_SECONDS`), and shorter than the time ahead from which the
outbox takes a due time for an error of the clock."""


class Telling(StrEnum):
    """Which mail tells the contact person that a request was attached.

    `TOGETHER`: one about all orders that get their requests at that moment; `NOT`: another order's.
    """

    ALONE = "alone"
    TOGETHER = "together"
    NOT = "not"


def upload_csr(application_id: UUID, data: bytes, *, actor: Actor, now: datetime) -> Csr:
    """Examine an uploaded PKCS#10 request and store it, immutable, with the application.

    Raises PrivateKeyFound (only the hash of the corresponding public key is stored, and the key is
    blocked), UnfitCsr with the report if the request has errors or its key is in use elsewhere,
    Gone for a draft that was discarded, MayNotAct or LinkOver for who has no part in the order any
    more, and TooMany.
    """
    spend_upload(application_id, actor=actor, now=now)
    return examine_and_store(application_id, data, actor=actor, now=now)


def examine_and_store(application_id: UUID, data: bytes, *, actor: Actor, now: datetime) -> Csr:
    """Do what `upload_csr` does, without counting the upload. Raises the same except TooMany."""
    application = Application.objects.filter(pk=application_id).first()
    if application is None:  # a colleague discarded the draft meanwhile
        raise Gone
    report = doctor.examine(
        data,
        expected=settled_names(application, now=now),
        blocked=authority.is_blocked,
        for_server=application.kind.has_host_names if application.type else None,
    )
    if report.contains_private_key:
        owners = {application.organisation_id}
        revoked = block_leaked(application, report, owners=owners, actor=actor, now=now)
        raise PrivateKeyFound(report.leaked_spki_sha256, revoked)
    if report.csr is not None:
        used = keys.used_before(application, hashes_of(read_key(report.csr.spki)))
        report = replace(report, findings=_once([*report.findings, *used]))
    if report.csr is None or not report.accepted:
        authority.report_known_keys(report, actor=actor, now=now)
        record_refused(application, report, actor=actor, now=now)
        raise UnfitCsr(report)
    return _store(application, report, actor=actor, now=now)


def _once(findings: list[Finding]) -> list[Finding]:
    """Return the findings without duplicates: the examination looks up blocked keys as well."""
    return [finding for n, finding in enumerate(findings) if finding not in findings[:n]]


def require_unused_key(application: Application, chosen: Csr) -> None:
    """Raise UnfitCsr if the key of the stored request has been used elsewhere since the upload.

    Called before every step that sets a promised day, so that the applicant learns of it at once.
    A lock on the key is held until the end of the transaction: of two orders sent at the same time
    with the same key, the second sees the first.
    """
    hashes = keys.known_by(chosen)
    locks.hold(*(f"key:{each}" for each in hashes))
    if used := keys.used_before(application, hashes):
        report = doctor.Report.from_json(chosen.report)
        raise UnfitCsr(replace(report, findings=_once([*report.findings, *used])))


def refusals_on_record[**P, R](
    service: Callable[Concatenate[UUID, P], R],
) -> Callable[Concatenate[UUID, P], R]:
    """Let the service record the event of a request it refuses (UnfitCsr), as the upload does.

    Use it outside the transaction: the rollback would remove the event.
    """

    @wraps(service)
    def on_record(application_id: UUID, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return service(application_id, *args, **kwargs)
        except UnfitCsr as refusal:
            application = Application.objects.get(pk=application_id)
            by: dict[str, Any] = {"actor": kwargs["actor"], "now": kwargs["now"]}
            record_refused(application, cast(doctor.Report, refusal.report), **by)
            raise

    return on_record


def spend_upload(application_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Count one upload of a request or document against the limits. Raises TooMany."""
    hour, subject = timedelta(hours=1), f"{application_id}:{actor}"
    limits.spend("upload", subject, most=MOST_UPLOADS_AN_HOUR, per=hour, now=now)
    limits.spend_by(
        "upload", actor, most=MOST_UPLOADS_BY_ONE, most_from=MOST_UPLOADS_FROM, per=hour, now=now
    )


@refusals_on_record
@transaction.atomic
def choose_csr(
    application_id: UUID, csr_id: UUID, *, version: int, actor: Actor, now: datetime
) -> Application:
    """Select an uploaded request for a draft or a reopened application.

    Raises Changed, NotPossible when that part is not editable, MayNotAct, and UnfitCsr.
    """
    application = transition.lock(application_id, by=actor, version=version)
    sections.require_editable(application, "csr", now=now)
    chosen = application.csrs.get(pk=csr_id)
    require_unused_key(application, chosen)
    names = {} if application.submission_id else {"names_by": ""}  # the applicant gives them now
    transition.save(application, now=now, csr=chosen, csr_by="applicant", **names)
    events.record(ApplicationEvent.CHOOSE_CSR, application, actor, now, csr=chosen.sha256)
    return application


@refusals_on_record
@transaction.atomic
def attach_csr(
    application_id: UUID,
    csr_id: UUID,
    *,
    role: Role,
    version: int,
    telling: Telling = Telling.ALONE,
    actor: Actor,
    now: datetime,
) -> Application:
    """Attach the request that a submitted application waits for, or replace the one it has.

    A request can be replaced until a reviewer has claimed the case. Attaching it makes the
    application complete and sets the promised day; replacing it does not change that day. Raises
    Changed, NotPossible, UnfitCsr, and MayNotAct or LinkOver for who has no part in it any more.
    """
    by = actor if role == Role.APPLICANT else None
    application = transition.lock(application_id, by=by, version=version)
    if by is None:
        require_part(application, actor, now=now)
    action, completed = Action.REPLACE_CSR, dict[str, Any]()
    if application.status == Status.AWAITING_CSR:
        action = Action.ATTACH_CSR
        completed = {"completed_at": now, "due_on": promise.due_on(now)}
    possible_actions.require(action, application, role, by_link=actor.is_by_link, now=now)
    chosen = application.csrs.get(pk=csr_id)
    require_unused_key(application, chosen)
    authority.void(application.pk, "csr_replaced", actor=actor, now=now)
    moved = transition.move(
        application,
        action,
        actor,
        now,
        role=role,
        with_mail=telling == Telling.ALONE,
        data={"csr": chosen.sha256},
        csr=chosen,
        findings=[],
        **completed,
    )
    if telling == Telling.TOGETHER:  # stored with the first of them, however the upload ends
        when: dict[str, Any] = {"due_at": now + TOLD_WITHIN, "at": now.isoformat()}
        transition.notify(moved, "csrs_attached", ("applicant",), now, **when)
    return moved


@transaction.atomic
def _store(application: Application, report: doctor.Report, *, actor: Actor, now: datetime) -> Csr:
    decoded = report.csr
    assert decoded is not None
    # During the examination the draft may have been discarded, or the part have ended.
    require_part(transition.lock(application.pk), actor, now=now)
    stored = Csr.objects.create(
        application=application,
        der=decoded.der,
        sha256=decoded.sha256,
        spki_sha256=decoded.key.spki_sha256,
        report=report.to_json(),
        rule_set_version=report.rule_set_version,
        uploaded_by=str(actor),
        uploaded_at=now,
    )
    events.record(ApplicationEvent.UPLOAD_CSR, application, actor, now, csr=decoded.sha256)
    return stored


def record_refused(
    application: Application, report: doctor.Report, *, actor: Actor, now: datetime
) -> None:
    broken = {"rules": sorted({fault.rule for fault in report.errors})}
    events.record(ApplicationEvent.CSR_REFUSED, application, actor, now, refused=True, **broken)


@transaction.atomic
def block_leaked(
    about: Model | events.Subject,
    report: doctor.Report,
    *,
    owners: Container[UUID],
    actor: Actor,
    now: datetime,
) -> list[Certificate]:
    """Block the private keys found in an upload, and record it about the row it was given to.

    Their certificates are revoked. Returns those of the organisations `owners`, since nobody must
    learn what was issued to others.
    """
    exposed = authority.report_known_keys(report, actor=actor, now=now)
    name = ApplicationEvent.PRIVATE_KEY_REFUSED
    events.record(name, about, actor, now, refused=True, spki=list(report.leaked_spki_sha256))
    return [one for one in exposed if one.organisation_id in owners]
