"""A passkey in software: makes credentials and signs challenges as an authenticator does."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256, CoseKey
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from accounts.factors.fingerprint import fingerprint
from issuance.approvers.assertion import Assertion, base64url

UP, UV, AT = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV, AuthenticatorData.FLAG.AT


@dataclass
class Passkey:
    """A passkey of one site; its holder is verified unless told otherwise.

    It does not count what it signs, as synchronised passkeys do not, unless `counter` is set.
    """

    rp_id: str = "testserver"
    origin: str = "https://testserver"
    name: bytes = b"riitta's key"
    counter: int = 0
    _private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @cached_property
    def credential(self) -> bytes:
        """The attested credential data: what the site gets to know of the passkey."""
        public: CoseKey = ES256.from_cryptography_key(self._private.public_key())  # type: ignore[no-untyped-call]
        return bytes(AttestedCredentialData.create(b"\0" * 16, self.name, public))

    @property
    def fingerprint(self) -> str:
        """What its holder reads out."""
        return fingerprint(self.credential)

    def registration(self, challenge: bytes, **said: Any) -> dict[str, Any]:
        """Return what the browser hands over when the passkey is made; `said` as in `sign`."""
        data = AuthenticatorData.create(self._site, UP | UV | AT, self.counter, self.credential)
        attestation = AttestationObject.create("none", data, {})
        response = {
            "clientDataJSON": base64url(self._client_data("webauthn.create", challenge, **said)),
            "attestationObject": base64url(bytes(attestation)),
        }
        return self._as_json(response)

    def answer(self, challenge: bytes, **more: Any) -> dict[str, Any]:
        """Return what the browser hands over when the passkey has signed the challenge."""
        return self._as_json(
            {
                name: value
                for name, value in self.sign(challenge, **more).to_json().items()
                if name != "id"
            }
        )

    def sign(
        self, challenge: bytes, *, flags: AuthenticatorData.FLAG = UP | UV, **said: Any
    ) -> Assertion:
        """Return the assertion; `said` is put into the client's data."""
        self.counter += bool(self.counter)
        data = bytes(AuthenticatorData.create(self._site, flags, self.counter))
        client = self._client_data("webauthn.get", challenge, **said)
        signature = self._private.sign(data + _sha256(client), ec.ECDSA(hashes.SHA256()))
        return Assertion(self.name, data, client, signature)

    @property
    def _site(self) -> bytes:
        return _sha256(self.rp_id.encode())

    def _client_data(self, kind: str, challenge: bytes, **said: Any) -> bytes:
        known = {"type": kind, "challenge": base64url(challenge), "origin": self.origin}
        return json.dumps({**known, "crossOrigin": False, **said}).encode()

    def _as_json(self, response: dict[str, str]) -> dict[str, Any]:
        key = base64url(self.name)
        return {"id": key, "rawId": key, "type": "public-key", "response": response}


def _sha256(octets: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(octets)
    return digest.finalize()
