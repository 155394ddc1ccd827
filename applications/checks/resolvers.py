"""Whether the operator's resolvers answer and validate.

If they do not, no order stops: reviewers look for evidence themselves, and nobody notices. So a
worker asks each resolver about a zone whose answer is always signed.
"""

import time

import structlog
from django.conf import settings

from applications.checks import domain_lookup
from certportal.foundation.errors import Unavailable

log = structlog.get_logger(__name__)

SIGNED = "fi"
"""A zone that is signed and that every resolver has at hand: most orders' hosts stand below it."""
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
    try:
        validates = domain_lookup.says_secure(resolver, SIGNED)
        fault = "" if validates else "does not validate"
    except Unavailable:
        fault = "does not answer"
    if fault:
        log.warning("resolver_unfit", address=resolver[0], port=resolver[1], fault=fault)
    return not fault
