"""Whether the operator's resolvers answer and validate.

If they do not, no order stops: reviewers look for evidence themselves, and nobody notices. So a
worker asks each resolver about a zone whose answer is always signed, and `/healthz` tells of a
fault as work for a person.
"""

import time

import structlog
from django.conf import settings

from applications.checks import domain_lookup
from certportal.foundation.errors import Unavailable

log = structlog.get_logger(__name__)

SIGNED = "fi"
"""A zone that is signed and that every resolver has at hand: most orders' hosts stand below it."""
TRIES = 2
"""A single packet may be lost, and a resolver that was just started is slow."""
ASKED_EVERY = 60.0
"""Seconds for which what was found counts: heartbeats are more frequent, and a resolver that
hangs costs the worker its time limit."""

_found: tuple[float, bool] | None = None


def are_fit() -> bool:
    """Whether each resolver answered and validated when it was asked last, at most a minute ago."""
    global _found
    if _found is None or time.monotonic() - _found[0] >= ASKED_EVERY:
        fit = [_is_fit(one) for one in settings.DOMAIN_CONTROL["resolvers"]]
        _found = time.monotonic(), all(fit)
    return _found[1]


def _is_fit(resolver: tuple[str, int]) -> bool:
    fault = ""
    for _ in range(TRIES):
        fault = _fault(resolver)
        if not fault:
            return True
    log.warning("resolver_unfit", address=resolver[0], port=resolver[1], fault=fault)
    return False


def _fault(resolver: tuple[str, int]) -> str:
    """Ask once; return what is wrong, or an empty string."""
    try:
        validates = domain_lookup.says_secure(resolver, SIGNED)
    except Unavailable:
        return "does not answer"
    return "" if validates else "does not validate"
