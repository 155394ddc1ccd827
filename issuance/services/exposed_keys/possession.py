"""Revocation by whoever holds the private key: a challenge, its proof, and what follows from it.

Nobody learns here what was issued: a challenge is given for any key of a kind that is certified,
and a right proof is answered alike whether or not there is a certificate.
"""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from certportal.foundation import events, limits, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance.csr.reading import File, open_file
from issuance.csr.secrets import holds_private_key, leaked_hashes
from issuance.keys import read_key
from issuance.models import Certificate, KeyChallenge
from issuance.possession import is_proof, key_in, line
from issuance.services.leaks import report_leaked_key, revoke_key
from issuance.services.revoke import COMPROMISE

MOST = 30
PER = timedelta(minutes=10)
VALID = timedelta(hours=1)
KEPT = timedelta(days=1)


class NoKeyFound(Refused):
    """The upload holds no public key that could be certified here."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "We found no certificate, certificate request or public key in this. The key must"
                " be RSA (2048 to 8192 bits) or EC (P-256 or P-384)."
            )
        )


class PrivateKeyShown(Refused):
    """The upload holds a private key: it is exposed, and was dealt with as such."""

    def __init__(self) -> None:
        super().__init__(_("The file contains a private key"))


class ChallengeOver(Refused):
    """There is no such challenge, or its time is over, or it was used."""

    status = 410

    def __init__(self) -> None:
        super().__init__(_("The challenge is no longer valid. Begin again to get a new one."))


class NotProven(Refused):
    """The signature was not made with the private key over the line shown."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The signature does not match. Sign the whole line exactly as it is shown, with"
                " the private key of this very certificate."
            )
        )


def challenge(data: bytes, *, address: str, now: datetime) -> KeyChallenge:
    """Give a challenge for the key in a certificate, public key or request; ``address``: the asker.

    Raises TooMany, NoKeyFound; PrivateKeyShown once a leaked key has been dealt with.
    """
    limits.spend_from("key_challenge", address, most=MOST, per=PER, now=now)
    file = open_file(data)
    _refuse_private_key(file, address, now)
    key = key_in(file)
    if key is None:
        raise NoKeyFound
    KeyChallenge.objects.filter(expires_at__lt=now - KEPT).delete()
    token = secrets.token_urlsafe(32)
    return KeyChallenge.objects.create(
        token=token, spki=key.spki, created_at=now, expires_at=now + VALID
    )


def open_challenge(token: str, *, now: datetime) -> KeyChallenge:
    """The challenge that can still be answered. Raises ChallengeOver."""
    found = KeyChallenge.objects.filter(token=token, used_at=None, expires_at__gt=now).first()
    if found is None:
        raise ChallengeOver
    return found


def text_of(challenge: KeyChallenge) -> str:
    """The line to be signed; it names this service."""
    return line(challenge.token, urlsplit(settings.PORTAL_BASE_URL).hostname or "")


def prove(token: str, proof: bytes, *, address: str, now: datetime) -> None:
    """Take the proof: every certificate for the key is revoked and the key blocked for good.

    Raises TooMany, ChallengeOver, NotProven; PrivateKeyShown once a leaked key has been dealt with.
    """
    limits.spend_from("key_proof", address, most=MOST, per=PER, now=now)
    _refuse_private_key(open_file(proof), address, now)
    asked = open_challenge(token, now=now)
    key, actor = read_key(bytes(asked.spki)), Actor("visitor", address=address)
    spki_sha256 = key.facts.spki_sha256
    if not is_proof(key, text_of(asked), token, proof):
        _record(spki_sha256, actor, now, refused=True)
        raise NotProven
    with transaction.atomic():
        if not KeyChallenge.objects.filter(pk=asked.pk, used_at=None).update(used_at=now):
            raise ChallengeOver
        revoked = revoke_key(spki_sha256, COMPROMISE, actor=actor, now=now)
        _record(spki_sha256, actor, now, certificates=[each.pk for each in revoked])
        _tell(spki_sha256, revoked, now)


def _refuse_private_key(file: File, address: str, now: datetime) -> None:
    if holds_private_key(file):
        for spki_sha256 in leaked_hashes(file):
            report_leaked_key(spki_sha256, actor=Actor("visitor", address=address), now=now)
        raise PrivateKeyShown


def _tell(spki_sha256: str, revoked: list[Certificate], now: datetime) -> None:
    """Have the reviewers told which certificates fell with the key; holders hear of each."""
    if revoked:
        outbox.enqueue("key.proven", now=now, spki_sha256=spki_sha256)


def _record(
    spki_sha256: str,
    actor: Actor,
    now: datetime,
    *,
    refused: bool = False,
    certificates: list[int] | None = None,
) -> None:
    events.record(
        "issuance.key_proof",
        actor=actor,
        now=now,
        object_type="key",
        object_id=spki_sha256,
        refused=refused,
        data={"certificates": certificates or []},
    )
