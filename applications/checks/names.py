"""Can the names of the order stand in a certificate?"""

from collections.abc import Iterator
from datetime import datetime

from applications.kinds import CertificateType
from applications.models import Application
from applications.naming import CertificateName, names
from applications.spelling import is_faithful
from issuance.findings import Finding, Severity
from issuance.names import is_email, is_host_name, is_oid


def check(application: Application, *, now: datetime) -> list[Finding]:
    """Return faults of host names or system, and what a person must decide about O and OU."""
    return [*_own(application), *_register_names(application, now)]


def _own(application: Application) -> Iterator[Finding]:
    type = CertificateType(application.type)
    if type.is_server:
        return _host_names(application)
    return _mailbox(application) if type.is_email else _system(application)


def _host_names(application: Application) -> Iterator[Finding]:
    for host in application.host_names.all():
        if not is_host_name(host.name):
            yield Finding("order.host_name", Severity.ERROR, {"value": host.name})


def _system(application: Application) -> Iterator[Finding]:
    if not is_oid(application.system_oid):
        yield Finding("order.system_oid", Severity.ERROR, {"value": application.system_oid})


def _mailbox(application: Application) -> Iterator[Finding]:
    address = application.certified_email
    if not is_email(address) or application.mailbox_proved_at is None:
        yield Finding("order.mailbox", Severity.ERROR, {"value": address})


def _register_names(application: Application, now: datetime) -> Iterator[Finding]:
    found = names(application, now=now)
    if found is None:
        return
    for attribute, name in (("O", found.organisation), ("OU", found.unit)):
        if name is not None:
            yield from _one(attribute, name)


def _one(attribute: str, name: CertificateName) -> Iterator[Finding]:
    params = {"attribute": attribute, "full": name.full, "value": name.value}
    if name.origin == "open" and name.foreign:
        # Never transliterated silently: the applicant says how the name is written.
        yield Finding(
            "order.characters", Severity.ERROR, params | {"characters": " ".join(name.foreign)}
        )
    elif name.origin == "open":
        yield Finding("order.name_too_long", Severity.WARNING, params)
    elif name.origin == "spelling" and not is_faithful(name.full, name.value):
        yield Finding("order.name_otherwise", Severity.WARNING, params)
    elif name.origin != "long_name":
        yield Finding("order.name_written", Severity.INFO, params)
