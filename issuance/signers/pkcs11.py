"""Keys in a PKCS#11 token, labelled with their stem; the chains are files in CA_KEYS_DIR."""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from issuance.algorithms import Branch
from issuance.certificate.plan import SubjectKey
from issuance.signers.protocol import ChainFiles, Signer, SignerUnavailable, SigningKey
from issuance.signers.token import Connection, TokenAddress, token
from issuance.signers.token_keys import KeyInToken

PRIVATE = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
# Nothing else: the library's defaults would let an RSA key decrypt and unwrap, an EC key derive.
USES = MechanismFlag.SIGN | MechanismFlag.VERIFY


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
        return self._chains.path(stem).exists() and self._public(stem) is not None

    def pending(self, stem: str) -> SigningKey | None:
        """The key labelled ``stem`` if it has no chain yet, else None."""
        public = None if self._chains.path(stem).exists() else self._public(stem)
        if public is None:
            return None
        return KeyInToken(self._address, stem, public).as_signing_key()

    def make_key(self, stem: str, branch: Branch, rsa_bits: int) -> SigningKey:
        """Generate a key pair in the token, not extractable. Raises FileExistsError."""
        if self._public(stem) is not None:
            raise FileExistsError(stem)
        token(self._address).use(lambda at: _generate(at, stem, branch, rsa_bits), writable=True)
        made = self.pending(stem)
        assert made is not None
        return made

    def keep_chain(self, stem: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Write the chain. Raises FileExistsError if there is one."""
        self._chains.write(stem, chain)

    def place(self, stem: str) -> str:
        """The token and the key's label as a PKCS#11 URI (RFC 7512)."""
        return f"pkcs11:token={self._address.label};object={stem};type=private"

    def _public(self, stem: str) -> SubjectKey | None:
        return token(self._address).use(lambda at: _public_half(at, stem))


def _public_half(at: Connection, label: str) -> SubjectKey | None:
    """The public key object with this label, or None. Raises SignerUnavailable if ambiguous."""
    wanted = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: label}
    found: list[Any] = list(at.session.get_objects(wanted))
    if not found:
        return None
    if len(found) > 1:
        raise SignerUnavailable(f"{label}: the token has {len(found)} keys of this name")
    encode = encode_rsa_public_key if found[0].key_type == KeyType.RSA else encode_ec_public_key
    public = load_der_public_key(encode(found[0]))
    assert isinstance(public, RSAPublicKey | EllipticCurvePublicKey)
    return public


def _generate(at: Connection, label: str, branch: Branch, rsa_bits: int) -> None:
    facts: dict[str, Any] = {"label": label, "id": label.encode(), "store": True}
    facts |= {"private_template": PRIVATE, "capabilities": USES}
    if branch == "rsa":
        at.session.generate_keypair(KeyType.RSA, rsa_bits, **facts)
        return
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp384r1")}
    parameters = at.session.create_domain_parameters(KeyType.EC, curve, local=True)
    parameters.generate_keypair(**facts)
