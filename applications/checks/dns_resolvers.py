"""Lookups of domain records by the operator's resolvers, while these answer and validate.

A worker asks each resolver about a zone whose answer is always signed. While one is unfit, nothing
is looked up, and `/healthz` tells of it as work for a person: no order stops, since reviewers look
for evidence themselves, so that nobody else would notice.
"""

import time
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings

from applications.checks import domain_lookup
from applications.rules.domain_record import Look
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable

log = structlog.get_logger(__name__)

SIGNED = "fi"
"""A zone that is signed and that every resolver has at hand: most orders' hosts stand below it."""
TRIES = 2
"""A single packet may be lost, and a resolver that was just started is slow."""
ASKED_EVERY = 60.0
"""Seconds for which what was found counts: heartbeats and lookups are more frequent, and a resolver
that hangs costs the worker its time limit."""

_found: dict[tuple[str, int], tuple[float, bool]] = {}
"""When each resolver was asked last by this process, and whether it was fit."""


def are_fit() -> bool:
    """Whether each resolver answered and validated when it was asked last, at most a minute ago."""
    fit = [_is_fit(one) for one in settings.DOMAIN_CONTROL["resolvers"]]
    return all(fit)


def _is_fit(resolver: tuple[str, int]) -> bool:
    at, is_fit = _found.get(resolver, (None, False))
    if at is None or time.monotonic() - at >= ASKED_EVERY:
        is_fit = _answers_fit(resolver)
        _found[resolver] = time.monotonic(), is_fit
    return is_fit


def _answers_fit(resolver: tuple[str, int]) -> bool:
    fault = ""
    for _ in range(TRIES):
        fault = _fault(resolver)
        if not fault:
            return True
    log.warning("resolver_unfit", address=resolver[0], port=resolver[1], fault=fault)
    return False


def _fault(resolver: tuple[str, int]) -> str:
    try:
        validates = domain_lookup.says_secure(resolver, SIGNED)
    except Unavailable:
        return "does not answer"
    return "" if validates else "does not validate"


def look(organisation_id: UUID, host: str, *, now: datetime) -> Look:
    """Return the result of the lookup with the operator's resolvers.

    Raises Unavailable, also without any and while one of them is unfit: what an answer says that
    nobody has validated may be anybody's, and a resolver that hangs must not hold up a worker for
    each host.
    """
    control = settings.DOMAIN_CONTROL
    if not control["resolvers"] or not are_fit():
        raise Unavailable(domain_lookup.SOURCE)
    return domain_lookup.look(
        host,
        organisation_id,
        issuer=control["issuer"],
        resolvers=control["resolvers"],
        on=clock.day(now),
    )
