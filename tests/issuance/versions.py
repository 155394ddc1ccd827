"""Being another version of the program for a while, as beside an upgrade."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from issuance.certificate.profiles import PROFILES
from issuance.findings import RULE_SET_VERSION

NEXT = "2099.1"
"""A rule set later than today's."""
BEFORE = "2020.1"
_HERE = "issuance.services.issuing"
_RULES = [f"{_HERE}.prepare", f"{_HERE}.reexamine", f"{_HERE}.issue"]
_PROFILES = [f"{_HERE}.prepare", f"{_HERE}.reexamine", f"{_HERE}.evidence"]


@contextmanager
def version(rules: str = RULE_SET_VERSION, **profile: Any) -> Iterator[None]:
    """Be a program with this rule set, whose profile for servers has these fields."""
    changed = {**PROFILES, "server": replace(PROFILES["server"], **profile)}
    with ExitStack() as patches:
        for name in _RULES:
            patches.enter_context(patch(f"{name}.RULE_SET_VERSION", rules))
        for name in (*_PROFILES, "issuance.certificate.order"):
            patches.enter_context(patch(f"{name}.PROFILES", changed))
        yield
