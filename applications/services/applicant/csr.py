"""Uploading a certificate request, choosing it for the draft, attaching or replacing it later."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from applications import promise
from applications.errors import NotPossible, PrivateKeyFound, UnfitCsr
from applications.kinds import CertificateType
from applications.models import Application, Csr
from applications.naming import expected_names
from applications.services import moving
from applications.workflow import Action, Role, Status
from certportal.foundation import events, limits
from certportal.foundation.actors import Actor
from issuance import csr as doctor
from issuance import services as authority

# By one person, or one link, to one order; to all orders; and from one network address.
MOST_UPLOADS_AN_HOUR = 30
MOST_UPLOADS_BY_ONE, MOST_UPLOADS_FROM = 120, 600


def upload_csr(application_id: UUID, data: bytes, *, actor: Actor, now: datetime) -> Csr:
    """Examine the bytes and store them as an immutable request of this application.

    Raises PrivateKeyFound (nothing is stored but the hash of the leaked key's public half),
    UnfitCsr with the report when the request has faults, and TooMany.
    """
    spend_upload(application_id, actor=actor, now=now)
    application = Application.objects.get(pk=application_id)
    report = doctor.examine(
        data,
        expected=expected_names(application, now=now),
        blocked=authority.is_blocked,
        for_server=CertificateType(application.type).is_server if application.type else None,
    )
    if report.contains_private_key:
        _block_leaked(application, report, actor=actor, now=now)
        raise PrivateKeyFound
    if report.csr is None or not report.accepted:
        raise UnfitCsr(report)
    return _store(application, report, actor=actor, now=now)


def spend_upload(application_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Count one upload, of a request or of a document. Raises TooMany."""
    hour, mine = timedelta(hours=1), f"{application_id}:{actor}"
    limits.spend("upload", mine, most=MOST_UPLOADS_AN_HOUR, per=hour, now=now)
    limits.spend_by(
        "upload", actor, most=MOST_UPLOADS_BY_ONE, most_from=MOST_UPLOADS_FROM, per=hour, now=now
    )


@transaction.atomic
def choose_csr(
    application_id: UUID, csr_id: UUID, *, version: int, actor: Actor, now: datetime
) -> Application:
    """Confirm an uploaded request as the one of this draft, or of a reopened application."""
    from applications import contents

    application = moving.lock(application_id, version=version)
    if "csr" not in contents.editable(application, now=now):
        raise NotPossible
    chosen = application.csrs.get(pk=csr_id)
    moving.save(application, now=now, csr=chosen, csr_by="applicant")
    moving.record(application, "choose_csr", actor=actor, now=now, data={"csr": chosen.sha256})
    return application


@transaction.atomic
def attach_csr(
    application_id: UUID,
    csr_id: UUID,
    *,
    role: Role,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Give a submitted application the request it waits for, or replace the one it has.

    A request can be replaced until a reviewer has claimed the case. The promise counts from the
    moment the application became complete; another request in place of one moves no day.
    """
    application = moving.lock(application_id, version=version)
    action = Action.REPLACE_CSR
    completed: dict[str, Any] = {}
    if application.status == Status.AWAITING_CSR:
        action = Action.ATTACH_CSR
        completed = {"completed_at": now, "due_on": promise.due_on(now)}
    elif application.reviewer_id is not None:
        raise NotPossible
    chosen = application.csrs.get(pk=csr_id)
    authority.void(application.pk, "csr_replaced", actor=actor, now=now)
    return moving.move(
        application,
        action,
        role=role,
        actor=actor,
        now=now,
        data={"csr": chosen.sha256},
        csr=chosen,
        findings=[],
        **completed,
    )


@transaction.atomic
def _store(application: Application, report: doctor.Report, *, actor: Actor, now: datetime) -> Csr:
    found = report.csr
    assert found is not None
    stored = Csr.objects.create(
        application=application,
        der=found.der,
        sha256=found.sha256,
        spki_sha256=found.key.spki_sha256,
        report=report.to_json(),
        rule_set_version=report.rule_set_version,
        uploaded_by=str(actor),
        uploaded_at=now,
    )
    moving.record(application, "upload_csr", actor=actor, now=now, data={"csr": found.sha256})
    return stored


@transaction.atomic
def _block_leaked(
    application: Application, report: doctor.Report, *, actor: Actor, now: datetime
) -> None:
    for spki in report.leaked_spki_sha256:
        authority.report_leaked_key(spki, actor=actor, now=now)
    events.record(
        "application.private_key_refused",
        actor=actor,
        now=now,
        object_type="application",
        object_id=application.pk,
        organisation_id=application.organisation_id,
        refused=True,
        data={"spki": list(report.leaked_spki_sha256)},
    )
