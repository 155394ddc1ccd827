"""Starting, filling in and discarding a draft."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Organisation, Person
from accounts.register import queries
from accounts.register.models import Kind
from applications import conformity, contents, mediation, ownership
from applications.errors import NotPossible, NotStanding
from applications.kinds import CertificateType
from applications.models import Application, HostName
from applications.naming import renamed
from applications.services import attaching, moving
from applications.workflow import Action, Role
from certportal.foundation import clock
from certportal.foundation.actors import Actor, system
from issuance.profiles import PROFILES


@transaction.atomic
def start(
    *,
    organisation: Organisation,
    person: Person,
    type: CertificateType,
    language: str,
    actor: Actor,
    now: datetime,
    template: Application | None = None,
    unit: str = "",
) -> Application:
    """Create a draft, empty, for a unit, or filled from an earlier order of the organisation.

    From the template come its fields, host names and certificate of conformity while in force;
    never the key or the request. `unit` is the OID of a unit of their own that stands in the
    register. Raises NotStanding and ownership.OtherOwner.
    """
    application = Application(
        number=next_number(now),
        organisation=organisation,
        created_by=person,
        created_at=now,
        changed_at=now,
        type=type,
        language=language,
        contact_name=str(person),
        contact_email=person.email,
    )
    if template is not None:
        _copy(template, application, now)
    if unit and organisation.kind != Organisation.Kind.INTERMEDIARY:
        _choose_unit(application, unit, now)
    for name, value in mediation.at_start(organisation, on=clock.day(now)).items():
        setattr(application, name, value)
    application.save()
    if template is not None:
        _replace_host_names(application, [host.name for host in template.host_names.all()])
        attaching.copy_conformity(template, application, actor=actor, now=now)
    moving.record(application, "start", actor=actor, now=now, data={"type": type})
    return application


@transaction.atomic
def save_section(
    application_id: UUID,
    section_id: str,
    values: dict[str, Any],
    *,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Save one part of the form. `values` are field values by name; `host_names` a list of names.

    Raises Changed for a stale version and NotPossible for a part that is not open to change.
    """
    application = moving.lock(application_id, version=version)
    if section_id not in contents.editable(application, now=now):
        raise NotPossible
    known = set(contents.BY_ID[section_id].fields)
    fields = {name: value for name, value in values.items() if name in known}
    if "host_names" in fields:
        _replace_host_names(application, fields.pop("host_names"))
    if "type" in fields and fields["type"] != application.type:
        fields |= _cleared_for(CertificateType(fields["type"]), application)
    fields |= mediation.by_system(application, fields)
    moving.save(application, now=now, **fields)
    moving.record(application, "edit", actor=actor, now=now, data={"section": section_id})
    return application


@transaction.atomic
def discard(application_id: UUID, *, version: int, actor: Actor, now: datetime) -> None:
    """Delete a draft with its uploads; the event stays."""
    application = moving.lock(application_id, version=version)
    moving.require(application, Action.DISCARD, Role.APPLICANT)
    _delete(application, actor, now)


def remove_draft(application: Application, *, now: datetime) -> None:
    """Delete a locked draft that nobody has touched for a year; its owner has been warned."""
    moving.require(application, Action.DISCARD, Role.SYSTEM)
    _delete(application, system("clock"), now)


def _delete(application: Application, actor: Actor, now: datetime) -> None:
    moving.record(application, Action.DISCARD, actor=actor, now=now)
    application.csr = None
    application.save(update_fields=["csr"])
    attaching.erase_attachments(application)
    application.delete()


def _choose_unit(application: Application, oid: str, now: datetime) -> None:
    today = clock.day(now)
    standing = queries.standing(oid, Kind.SOTE_UNIT, today)
    if not standing.ok or standing.record is None:
        raise NotStanding(standing.reason)
    if not ownership.is_owned(application.organisation, standing.record, today):
        raise ownership.OtherOwner
    application.record_kind, application.record_oid = Kind.SOTE_UNIT, oid


def next_number(now: datetime) -> str:
    """Return the number of a new order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('applications_order_number')")
        (number,) = cursor.fetchone()
    return f"SV-{clock.day(now).year}-{number:05d}"


COPIED = (
    "record_kind",
    "record_oid",
    "purpose",
    "validity_months",
    "system_name",
    "system_oid",
    *conformity.FIELDS,
    "organisation_spelling",
    "unit_spelling",
    "contact_phone",
    "mailbox",
    "deliver_to",
    "technical_name",
    "technical_email",
    "technical_organisation",
    "technical_language",
    "deputy_name",
    "deputy_email",
)


def _copy(template: Application, application: Application, now: datetime) -> None:
    for name in COPIED:
        setattr(application, name, getattr(template, name))
    sent = template.submission
    if sent and sent.record and renamed(sent.record, sent.at, now=now):
        # They spell a name that is no longer the register's.
        application.organisation_spelling = application.unit_spelling = ""


def _replace_host_names(application: Application, names: list[str]) -> None:
    kept = {host.name: host for host in application.host_names.all()}
    for gone in kept.keys() - set(names):
        kept[gone].delete()
    for position, name in enumerate(names):
        HostName.objects.update_or_create(
            application=application, name=name, defaults={"position": position}
        )


def _cleared_for(type: CertificateType, application: Application) -> dict[str, Any]:
    """Return the fields that no longer apply when the type changes."""
    if PROFILES[type].family == PROFILES[application.type].family:
        return {}
    application.host_names.all().delete()
    cleared = dict.fromkeys(["purpose", "system_name", "system_oid", "certified_email"], "")
    return cleared | {"validity_months": None, "mailbox_code": None, "mailbox_proved_at": None}
