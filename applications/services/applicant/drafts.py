"""Starting, filling in and discarding a draft."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Organisation, Person
from accounts.register.lookup import queries
from accounts.register.models import Kind
from accounts.services.organisations import membership as members
from applications.access import require_acting
from applications.errors import AccountOver, require
from applications.models import Application, BulkOrder, HostName
from applications.models.certificate_types import CertificateType, Delivery
from applications.rules import (
    answers,
    fields,
    intermediaries,
    possible_actions,
    recipients,
    sections,
    unit_ownership,
)
from applications.rules.certificate_names import renamed
from applications.services import transition
from applications.services.applicant import attachments, repeated_starts
from applications.services.order_numbers import next_number
from applications.workflow import Action, ApplicationEvent, Role
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.files import storing


@storing.atomic()
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

    The same request repeated within minutes returns the same draft, if it is unchanged.

    From the template come its fields, host names, certificate of conformity while in force, and
    that the technical contact brings the request; never the key or the request. `unit` is the OID
    of one of the organisation's units, valid in the register. Raises NotStanding,
    unit_ownership.OtherOwner, TooMany, MayNotAct, and AccountOver if the account has been closed or
    merged into another meanwhile.
    """
    # Closing an account takes the same lock, so that it ends every draft of the account.
    if members.lock_account(organisation.pk).is_closed:
        raise AccountOver
    require_acting(organisation.pk, actor)
    application = unsaved(organisation, person, type, language, now, template=template)
    if unit and organisation.kind != Organisation.Kind.INTERMEDIARY:
        _choose_unit(application, unit, now)
    for name, value in intermediaries.at_start(organisation, on=clock.day(now)).items():
        setattr(application, name, value)
    names = template.names if template else []
    if repeated := repeated_starts.find(application, names, now):
        return repeated
    repeated_starts.spend(application, actor=actor, now=now)
    application.number = next_number(now)
    application.save()
    if template is not None:
        replace_host_names(application, names)
        attachments.copy_conformity(template, application, actor=actor, now=now)
    events.record(ApplicationEvent.START, application, actor, now, type=type)
    return application


def unsaved(
    organisation: Organisation,
    person: Person,
    type: CertificateType,
    language: str,
    now: datetime,
    *,
    template: Application | None = None,
) -> Application:
    """Return a draft that is not stored yet: empty, or with the fields of an earlier order."""
    application = Application(
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
    application = transition.lock(application_id, by=actor, version=version)
    sections.require_editable(application, section_id, now=now)
    names = fields.saved_by(section_id)
    changes = {name: value for name, value in values.items() if name in names}
    if "host_names" in changes:
        replace_host_names(application, changes.pop("host_names"))
    if "type" in changes and changes["type"] != application.type:
        changes |= _cleared_for(CertificateType(changes["type"]), application)
    if section_id == "csr" and application.submission_id is None:
        changes["csr"] = None  # the request comes later: not the one that was chosen before
    if section_id == "unit" and any(getattr(application, key) != changes[key] for key in changes):
        changes |= dict.fromkeys(fields.CHOSEN, "")  # chosen for other names
    if changes.get("names_by") == Delivery.TECHNICAL_CONTACT:  # the names come with the request
        changes |= {"csr_by": Delivery.TECHNICAL_CONTACT, "csr": None}
    elif changes.get("csr_by") == Delivery.APPLICANT and application.submission_id is None:
        changes["names_by"] = ""
    changes |= intermediaries.by_system(application, changes)
    transition.save(application, now=now, **changes)
    events.record(ApplicationEvent.EDIT, application, actor, now, section=section_id)
    if "type" in changes and not answers.may_attach(application):
        attachments.remove_unsent(application, actor=actor, now=now)
    return application


@transaction.atomic
def discard(application_id: UUID, *, version: int, actor: Actor, now: datetime) -> None:
    """Delete a draft with its uploads; the event stays."""
    application = transition.take(
        Action.DISCARD, application_id, actor, version, role=Role.APPLICANT, now=now
    )
    delete_drafts([application], actor, now)


def remove_draft(application: Application, *, actor: Actor, now: datetime) -> None:
    """Delete a locked draft on behalf of the system. Raises NotPossible."""
    possible_actions.require(Action.DISCARD, application, Role.SYSTEM, now=now)
    delete_drafts([application], actor, now)


def delete_drafts(drafts: Sequence[Application], actor: Actor, now: datetime) -> None:
    """Delete the locked drafts with their uploads, and each bulk order with its last draft.

    Each kind of row is deleted by one statement.
    """
    if not drafts:
        return
    transition.lock_entries(drafts)
    events.insert([events.made(ApplicationEvent.DISCARD, draft, actor, now) for draft in drafts])
    found = Application.objects.filter(pk__in=[draft.pk for draft in drafts])
    attachments.erase_attachments(drafts)
    found.update(csr=None)
    found.delete()
    bulk_orders = {draft.bulk_order_id for draft in drafts if draft.bulk_order_id}
    BulkOrder.objects.filter(pk__in=bulk_orders, orders=None).delete()


def _choose_unit(application: Application, oid: str, now: datetime) -> None:
    standing = queries.standing(oid, Kind.SOTE_UNIT, clock.day(now))
    require(unit_ownership.obstacles(application.organisation, standing, clock.day(now)))
    application.record_kind, application.record_oid = Kind.SOTE_UNIT, oid


def _copy(template: Application, application: Application, now: datetime) -> None:
    left = recipients.holder_left(template)  # the applicant may name them again, but is asked
    for field in fields.marked(fields.COPIED):
        if field.part == "technical" and left:
            continue
        setattr(application, field.name, getattr(template, field.name))
    if template.csr_by == Delivery.TECHNICAL_CONTACT:
        application.csr_by = template.csr_by
    application.organisation_spelling = (
        template.organisation_chosen or template.organisation_spelling
    )
    application.unit_spelling = template.unit_chosen or template.unit_spelling
    sent = template.submission
    if sent and sent.record and renamed(sent.record, sent.at, now=now):
        # The shortened names abbreviate a name that the register no longer has.
        application.organisation_spelling = application.unit_spelling = ""


def replace_host_names(application: Application, names: list[str]) -> None:
    """Give the order these host names; keep the rows of names that stay.

    One statement for each kind of change, because each updates the order's search index.
    """
    places = {name: place for place, name in enumerate(names)}
    HostName.objects.filter(application=application).exclude(name__in=list(places)).delete()
    kept = list(HostName.objects.filter(application=application))
    moved = [host for host in kept if host.position != places[host.name]]
    for host in moved:
        host.position = places[host.name]
    HostName.objects.bulk_update(moved, ["position"])
    kept_names = {host.name for host in kept}
    HostName.objects.bulk_create(
        HostName(application=application, name=name, position=place)
        for name, place in places.items()
        if name not in kept_names
    )


def _cleared_for(type: CertificateType, application: Application) -> dict[str, Any]:
    """Return the fields that no longer apply when the type changes."""
    if type.profile.family == application.kind.profile.family:
        return {}
    application.host_names.all().delete()
    part_ids = {section.id for section in sections.SECTIONS if section.has(type)}
    cleared = (
        field
        for field in fields.marked(fields.CERTIFIED)
        if field.part not in part_ids or field.name == "validity_months"
    )
    names_by = application.names_by if "host_names" in part_ids else ""
    return fields.emptied(cleared) | {"certified_email_code": None, "names_by": names_by}
