"""Profiles that differ."""

from dataclasses import fields
from typing import Any

from issuance.certificate.profiles import PROFILES


def changed(id: str, **changes: Any) -> dict[str, Any]:
    profile = PROFILES[id]
    return {each.name: getattr(profile, each.name) for each in fields(profile)} | changes
