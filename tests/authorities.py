"""The seal of papers and the lists of the roots, with keys in memory."""

from datetime import datetime
from functools import cache
from pathlib import Path

from certportal.dev.builders import memory
from certportal.dev.builders.hierarchy import END, START, root
from certportal.foundation.actors import system
from issuance.authority import crl, hierarchy
from issuance.authority.places import PLACES
from issuance.authority.seal import BRANCH, SealPlace, certify
from issuance.conf import pki
from issuance.models import Seal
from issuance.services.ceremony.create_seal import register_seal
from issuance.services.ceremony.register_ca import publish_root_list
from issuance.services.ceremony.root import sign_list
from issuance.signers import Signer, protocol


def publish_roots(data: Path, *, now: datetime) -> None:
    """Sign and publish the list of every root, with its keys under ``data``."""
    for place in PLACES:
        signer = root(place.environment, place.branch)
        der = sign_list(place, signer, data / "roots", now=now)
        publish_root_list(place, der, signer, now=now)


@cache
def sealing() -> tuple[Signer, Signer]:
    """The seal and its root."""
    place, conf = SealPlace(), pki()
    above = hierarchy.make_root(protocol.make_key(BRANCH), place.root_names(conf), START, END)
    key = protocol.make_key(BRANCH)
    return Signer(certify(place, key.public_key(), above, conf, START, END), key), above


def add_seal() -> Seal:
    """Register the seal of papers, with its key in memory."""
    signer, above = sealing()
    memory.put(SealPlace().stem, signer)
    listed = crl.make([], crl.CrlFacts(1, START, END), above)
    return register_seal(SealPlace(), signer, listed, actor=system("test"), now=START)
