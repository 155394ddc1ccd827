"""CA hierarchies: keys in memory, created once per process; rows created for each use."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from certportal.dev.builders import memory
from certportal.foundation.actors import system
from issuance.algorithms import Branch
from issuance.authority import hierarchy
from issuance.authority.places import PLACES, Place
from issuance.certificate.profiles import Environment
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.services.ceremony.register_ca import register
from issuance.signers import Signer, protocol

START = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2045, 1, 1, tzinfo=UTC)
RSA_BITS = 2048  # RSA-4096 keys take seconds to make


@cache
def root(environment: Environment, branch: Branch) -> Signer:
    place = Place(environment, branch)
    key = protocol.make_key(branch, RSA_BITS)
    return hierarchy.make_root(key, place.root_names(pki()), START, END)


@cache
def issuing(place: Place) -> Signer:
    conf, branch = pki(), place.branch
    placement = hierarchy.Placement(
        policy=conf.policy(place.environment, branch),
        crl_url=conf.crl_url(place.root_stem),
        certificate_url=conf.certificate_url(place.root_stem),
    )
    key, issuer = protocol.make_key(branch, RSA_BITS), root(place.environment, branch)
    made = (key.public_key(), place.names(conf), issuer, placement, START, END)
    return Signer(chain=hierarchy.certify_issuing(*made), private_key=key)


def make_hierarchy(settings: Any, data: Path) -> dict[str, IssuingCA]:
    """Register the four CAs with keys in memory and files under ``data``; return them by stem.

    Changes ``settings``, which the caller must restore.
    """
    use_memory(settings, data)
    return {place.stem: add_ca(place) for place in PLACES}


def use_memory(settings: Any, data: Path) -> None:
    """Change ``settings`` to keys in memory, for the four CAs, and files under ``data``."""
    settings.PORTAL_DATA = data
    settings.ISSUANCE_SIGNER = {"BACKEND": "certportal.dev.builders.memory.KeysInMemory"}
    for place in PLACES:
        memory.put(place.stem, issuing(place))


def add_ca(place: Place, state: IssuingCA.State = IssuingCA.State.ACTIVE) -> IssuingCA:
    signer = issuing(place)
    memory.put(place.stem, signer)
    return register(place, signer, actor=system("test"), now=START, state=state)
