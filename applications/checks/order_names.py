"""Check that a certificate can carry the names of the order."""

from collections.abc import Iterator
from datetime import datetime

from applications.models import Application
from applications.rules.certificate_names import is_faithful, names
from issuance.certificate.hosts import certified_problem, mail_host_problem, shared_suffix
from issuance.certificate.names import is_email
from issuance.findings import Finding, Severity, error, warning


def check(application: Application, *, now: datetime) -> list[Finding]:
    """Return findings about host names or mailbox, and about O and OU.

    A warning about O or OU is for a reviewer to decide on.
    """
    return [*_own(application), *_register_names(application, now)]


def _own(application: Application) -> Iterator[Finding]:
    type = application.kind
    if type.has_host_names:
        yield from _host_names(application)
    if type.has_mailbox:
        yield from _mailbox(application)


def _host_names(application: Application) -> Iterator[Finding]:
    for host in application.hosts:
        if problem := certified_problem(host.name):
            yield error("order.host_name", value=host.name, problem=problem)
        elif ending := shared_suffix(host.name):
            yield warning("order.host_shared", value=host.name, ending=ending)


def _mailbox(application: Application) -> Iterator[Finding]:
    address = application.certified_email
    host = address.rpartition("@")[2]
    if host and (problem := mail_host_problem(host)):
        yield error("order.mailbox_host", value=host, problem=problem)
    elif not is_email(address) or application.certified_email_proved_at is None:
        yield error("order.mailbox", value=address)


def _register_names(application: Application, now: datetime) -> Iterator[Finding]:
    order_names = names(application, now=now)
    if order_names is None:
        return
    for attribute, name in order_names.certified(application.kind).items():
        params = {"attribute": attribute, "full": name.full, "value": name.value}
        if name.origin == "open" and name.foreign:
            # Characters are never replaced silently: the applicant says how the name is spelled.
            yield error("order.characters", **params, characters=" ".join(name.foreign))
        elif name.origin == "open":
            yield warning("order.name_too_long", **params)
        elif name.origin == "spelling" and not is_faithful(name.full, name.value):
            yield warning("order.name_otherwise", **params)
        elif name.origin != "long_name":
            yield Finding("order.name_written", Severity.INFO, params)
