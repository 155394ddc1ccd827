"""The keys that somebody gives to be blocked: hashes, or what has the public key in it."""

import re
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.text.private_keys_in_text import shows_private_key
from issuance.csr.possession import keys_in
from issuance.csr.reading import open_file
from issuance.keys.policy import hashes_of
from issuance.services.blocked_keys import hashes_in
from issuance.services.errors import NotAHash
from issuance.services.exposed_keys.revoke_by_key import NoKeyFound, refuse_private_key

LARGEST = 1024 * 1024
"""The most octets that are read; a longer list is imported by the command ``block_keys``."""
_DIGITS = re.compile(r"[0-9A-Fa-f:\s]*")
_SHORTEST_KEY = 76
"""Fewer hexadecimal digits than any private key in DER has."""


class NoKeyGiven(NoKeyFound):
    message = _(
        "We found no key in this. Give the hashes of the public keys, one on each line, or a"
        " certificate, certificate request or public key. The key must be RSA (2048 to 8192 bits)"
        " or EC (P-256 or P-384)."
    )


class SeveralKeys(Refused):
    """What was given has several keys, of which some may be a certificate authority's."""

    message = _(
        "There is more than one key in this. Give only the certificate, certificate request or"
        " public key whose key is to be blocked, or the hashes of several keys."
    )


def given_keys(data: bytes, *, actor: Actor, now: datetime) -> list[str]:
    """The SPKI hashes in a list, or those of the key in a certificate, request or public key.

    Nothing is blocked, except a private key. Raises NotAHash, NoKeyGiven, SeveralKeys, or
    PrivateKeyShown after a private key in the data has been handled.
    """
    refusal: Refused = NoKeyGiven()
    text = "" if shows_private_key(data) else _text(data)
    try:
        if hashes := list(dict.fromkeys(hashes_in(text.splitlines()))):
            return hashes
    except NotAHash as fault:
        if _is_list(text, fault):
            raise
        refusal = refusal if "-BEGIN" in text else fault
    file = open_file(data)
    refuse_private_key(file, actor=actor, now=now)
    keys = {key.facts.spki_sha256: key for key in keys_in(file)}
    if not keys:
        raise refusal
    if len(keys) > 1:
        raise SeveralKeys
    (key,) = keys.values()
    return hashes_of(key)


def _text(data: bytes) -> str:
    """The data as text; empty if it is none, such as DER."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def _is_list(text: str, fault: NotAHash) -> bool:
    """Whether a text of digits is a list with a wrong line: a hash that lacks digits is no key."""
    return bool(_DIGITS.fullmatch(text)) and (fault.line > 1 or len(text) < _SHORTEST_KEY)
