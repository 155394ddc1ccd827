"""Keys in a PKCS#11 token, labelled with their stem; the chains are files in CA_KEYS_DIR."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings

from certportal.foundation.own_files import OWN_FOLDER, locked_folder
from issuance.algorithms import Branch
from issuance.certificate.plan import SubjectKey
from issuance.signers.protocol import ChainFiles, Signer, SignerUnavailable, SigningKey
from issuance.signers.token import TokenAddress, token
from issuance.signers.token_keys import KeyInToken


class TokenKeys:
    """The backend for one token, set by CA_PKCS11_MODULE, CA_PKCS11_TOKEN, CA_PKCS11_PIN_FILE."""

    def __init__(self, module: str, token: str, pin_file: str) -> None:
        self._address = TokenAddress(module, token, pin_file)
        self._chains = ChainFiles(settings.CA_KEYS_DIR)

    def load(self, stem: str) -> Signer:
        """Find the private key of the first certificate in the chain of ``stem``.

        Raises SignerUnavailable, or SignerMismatch if the key with that label is another one.
        """
        chain = self._chains.read(stem)
        public = chain[0].public_key()
        assert isinstance(public, RSAPublicKey | EllipticCurvePublicKey)
        return Signer(chain, KeyInToken(self._address, stem, public).as_signing_key())

    def exists(self, stem: str) -> bool:
        """Whether the token has a key labelled ``stem`` and its chain file exists."""
        return self._chains.path(stem).exists() and bool(self._publics(stem))

    def pending(self, stem: str) -> SigningKey | None:
        """The key labelled ``stem`` if it has no chain yet, else None.

        Raises SignerUnavailable if there are several: nothing says which one was certified.
        """
        found = [] if self._chains.path(stem).exists() else self._publics(stem)
        if len(found) > 1:
            label = self._address.label
            raise SignerUnavailable(f"{stem}: the token {label} has {len(found)} keys of this name")
        return KeyInToken(self._address, stem, found[0]).as_signing_key() if found else None

    def make_key(self, stem: str, branch: Branch, rsa_bits: int) -> SigningKey:
        """Generate a key pair in the token, not extractable. Raises FileExistsError."""
        with locked_folder(Path(settings.CA_KEYS_DIR), OWN_FOLDER) as lock:
            if self._publics(stem):
                raise FileExistsError(stem)
            at = token(self._address)
            at.generate(lock=lock, label=stem, branch=branch, rsa_bits=rsa_bits)
        made = self.pending(stem)
        assert made is not None
        return made

    def keep_chain(self, stem: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Write the chain. Raises FileExistsError if there is one."""
        self._chains.write(stem, chain)

    def place(self, stem: str) -> str:
        """The token and the key's label as a PKCS#11 URI (RFC 7512)."""
        return f"pkcs11:token={self._address.label};object={stem};type=private"

    def _publics(self, stem: str) -> list[SubjectKey]:
        """The public key of each key pair labelled ``stem``."""
        found: list[SubjectKey] = []
        for der in token(self._address).ask("publics", label=stem):
            public = load_der_public_key(bytes.fromhex(der))
            assert isinstance(public, RSAPublicKey | EllipticCurvePublicKey)
            found.append(public)
        return found
