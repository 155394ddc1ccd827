"""System checks of trusted proxies, the operator's file (AGENCY_FILE), and kept tables."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from certportal.foundation import agency
from certportal.foundation.checking import Faults, refusing
from certportal.foundation.database import kept_tables
from certportal.foundation.web.addresses import UNIX


@refusing("foundation.E002", deploy=False)
def proxies_can_be_read() -> Faults:
    """Check that each trusted proxy is an address or network; otherwise requests would fail."""
    for fault in filter(None, map(_fault, settings.TRUSTED_PROXIES)):
        yield f"TRUSTED_PROXIES: {fault}.", ""


@refusing("foundation.E001")
def visitors_are_told_apart() -> Faults:
    """Check that a proxy is trusted; otherwise all visitors share its address and rate limits."""
    hint = (
        "Set TRUSTED_PROXIES to the addresses of the proxies that speak https for the service, or"
        " to the word unix where they reach it through its socket file."
    )
    if settings.PRODUCTION and settings.LOGS_PEOPLE_IN and not settings.TRUSTED_PROXIES:
        yield "No proxy is trusted.", hint


@refusing("foundation.E009", deploy=False)
def operators_facts_can_be_read() -> Faults:
    """Check the operator's file: with a fault, pages would fail or show incomplete data."""
    hint = "See agency.example.toml in deploy/, and correct the file that AGENCY_FILE names."
    yield from ((f"AGENCY_FILE: {fault}.", hint) for fault in agency.faults())


@register(Tags.database, deploy=True)
def kept_tables_are_kept(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check that the database has the triggers that the models declare.

    Only with `check --deploy`, because `migrate` runs other checks before it creates the triggers.
    """
    return [
        Error(
            f"{model._meta.db_table} does not have the triggers that its model declares.",
            hint="Run migrate.",
            id="foundation.E003",
        )
        for name in databases or ()
        for model in kept_tables.every_model()
        if not kept_tables.is_kept_as_said(connections[name], model)
    ]


def _fault(network: str) -> str:
    if network == UNIX:
        return ""
    try:
        whole_world = ip_network(network).prefixlen == 0
    except ValueError as error:
        return str(error)
    return f"{network} is the whole world" if whole_world else ""
