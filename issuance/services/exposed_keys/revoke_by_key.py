"""Revocation by proof of possession of the private key: challenge, proof and revocation.

It does not disclose what was issued: anybody gets a challenge for any key of a certified type, and
the answer to a valid proof is the same whether or not there is a certificate.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.outbox import outbox
from certportal.foundation.web import limits, refusals
from issuance.csr.possession import is_proof, key_in, line
from issuance.csr.private_keys import holds_private_key, leaked_hashes
from issuance.csr.reading import File, open_file
from issuance.event_names import IssuanceEvent
from issuance.keys.policy import hashes_of, is_computable, read_key
from issuance.models import Certificate, KeyChallenge
from issuance.services.exposed_keys.leaked import report_leaked_key, revoke_keys
from issuance.services.status.revoke import COMPROMISE

MOST = 30
PER = timedelta(minutes=10)
VALID = timedelta(hours=1)
KEPT = timedelta(days=1)


class NoKeyFound(Refused):
    message = _(
        "We found no certificate, certificate request or public key in this. The key must"
        " be RSA (2048 to 8192 bits) or EC (P-256 or P-384)."
    )


class PrivateKeyShown(Refused):
    """The upload contains a private key; `keys`: hashes of those that were read and are blocked."""

    message = _("You sent a private key")

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__()
        self.keys = keys


class ChallengeOver(Refused):
    status = 410

    message = _("The challenge is no longer valid. Begin again to get a new one.")


class NotProven(Refused):
    message = _(
        "The signature does not match. Sign the whole line exactly as it is shown, with"
        " the private key of this very certificate."
    )


def challenge(data: bytes, *, address: str, now: datetime) -> KeyChallenge:
    """Create a challenge for the key in a certificate, public key or certificate request.

    ``address`` is the visitor's network address. A key that anybody can compute is blocked and
    its certificates revoked at once, and the challenge is created nevertheless. Raises TooMany,
    NoKeyFound, or PrivateKeyShown after a private key in the upload has been handled.
    """
    limits.spend_from("key_challenge", address, most=MOST, per=PER, now=now)
    file = open_file(data)
    refuse_private_key(file, actor=Actor("visitor", address=address), now=now)
    key = key_in(file)
    if key is None:
        raise NoKeyFound
    if is_computable(key):  # compromised even without a proof
        with transaction.atomic():
            visitor = Actor("visitor", address=address)
            revoked = revoke_keys(hashes_of(key), COMPROMISE, actor=visitor, now=now)
            _tell(key.facts.spki_sha256, revoked, now)
    KeyChallenge.objects.filter(expires_at__lt=now - KEPT).delete()
    token = secrets.token_urlsafe(32)
    return KeyChallenge.objects.create(
        token=token, spki=key.spki, created_at=now, expires_at=now + VALID
    )


def open_challenge(token: str, *, now: datetime) -> KeyChallenge:
    """The challenge with this token, unused and unexpired. Raises ChallengeOver."""
    found = KeyChallenge.objects.filter(token=token, used_at=None, expires_at__gt=now).first()
    if found is None or not clock.is_recent(found.created_at, VALID, now=now):
        raise ChallengeOver
    return found


def text_of(challenge: KeyChallenge) -> str:
    """The line to be signed, which contains the token and this service's host name."""
    return line(challenge.token, urlsplit(settings.PORTAL_BASE_URL).hostname or "")


def prove(token: str, proof: bytes, *, address: str, now: datetime) -> None:
    """Verify the proof, revoke every certificate for the key and block the key permanently.

    Raises TooMany, ChallengeOver, NotProven, or PrivateKeyShown after a private key in the proof
    has been handled.
    """
    limits.spend_from("key_proof", address, most=MOST, per=PER, now=now)
    refuse_private_key(open_file(proof), actor=Actor("visitor", address=address), now=now)
    asked = open_challenge(token, now=now)
    key, actor = read_key(bytes(asked.spki)), Actor("visitor", address=address)
    spki_sha256 = key.facts.spki_sha256
    about = events.Subject("key", spki_sha256)
    if not is_proof(key, text_of(asked), token, proof):
        # Only counted: an event is kept for ever, and the visitor chooses the key it is about.
        refusals.record(IssuanceEvent.KEY_PROOF, about, actor=actor)
        raise NotProven
    with transaction.atomic():
        if not KeyChallenge.objects.filter(pk=asked.pk, used_at=None).update(used_at=now):
            raise ChallengeOver
        revoked = revoke_keys(hashes_of(key), COMPROMISE, actor=actor, now=now)
        proven = [each.pk for each in revoked]
        events.record(IssuanceEvent.KEY_PROOF, about, actor, now, certificates=proven)
        _tell(spki_sha256, revoked, now)


def refuse_private_key(file: File, *, actor: Actor, now: datetime) -> None:
    """Block the private keys in the file, and revoke their certificates. Raises PrivateKeyShown."""
    if holds_private_key(file):
        keys = leaked_hashes(file)
        for spki_sha256 in keys:
            report_leaked_key(spki_sha256, actor=actor, now=now)
        raise PrivateKeyShown(keys)


def _tell(spki_sha256: str, revoked: list[Certificate], now: datetime) -> None:
    """Notify the reviewers of the revoked certificates; holders are notified of each separately."""
    if revoked:
        outbox.enqueue("key.proven", now=now, spki_sha256=spki_sha256)
