"""Root and issuing CA certificates, as made in a key ceremony (RFC 3647, 6.1)."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority import build
from issuance.certificate.plan import Policy, SubjectKey, new_serial
from issuance.signers.protocol import Signer, SigningKey, branch_of_private


@dataclass(frozen=True, slots=True)
class CaNames:
    """Subject of a CA: organisation, unit (none for a root) and common name."""

    organisation: str
    unit: str | None
    common_name: str

    def name(self) -> x509.Name:
        """The distinguished name: C, O, OU (if there is one), CN."""
        values = [
            (NameOID.COUNTRY_NAME, "FI"),
            (NameOID.ORGANIZATION_NAME, self.organisation),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, self.unit),
            (NameOID.COMMON_NAME, self.common_name),
        ]
        return x509.Name(x509.NameAttribute(oid, value) for oid, value in values if value)


@dataclass(frozen=True, slots=True)
class Placement:
    """What an issuing CA's certificate refers to: policy, the root's CRL and certificate."""

    policy: Policy
    crl_url: str
    certificate_url: str


def make_root(key: SigningKey, names: CaNames, start: datetime, end: datetime) -> Signer:
    """A self-signed root CA. It has no path length constraint."""
    name, branch = names.name(), branch_of_private(key)
    public = key.public_key()
    builder = _ca_builder(public, name, start, end, path_length=None).issuer_name(name)
    return Signer(chain=(builder.sign(key, SIGNATURE_ALGORITHMS[branch].hash),), private_key=key)


def certify_issuing(
    public: SubjectKey,
    names: CaNames,
    root: Signer,
    placement: Placement,
    start: datetime,
    end: datetime,
) -> tuple[x509.Certificate, ...]:
    """The chain of an issuing CA certified by ``root``, its own certificate first.

    It may not certify further CAs: path length 0.
    """
    issuer = root.chain[0]
    builder = (
        _ca_builder(public, names.name(), start, end, path_length=0)
        .issuer_name(issuer.subject)
        .add_extension(build.authority_key_identifier(issuer), critical=False)
        .add_extension(build.policies(placement.policy), critical=False)
        .add_extension(build.crl_distribution_points(placement.crl_url), critical=False)
        .add_extension(build.authority_information_access(placement.certificate_url, None), False)
    )
    return (builder.sign(root.private_key, SIGNATURE_ALGORITHMS[root.branch].hash), *root.chain)


def request(key: SigningKey, names: CaNames) -> bytes:
    """The certificate request (PKCS#10, DER) of an issuing CA, for a root kept elsewhere."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(names.name())
    algorithm = SIGNATURE_ALGORITHMS[branch_of_private(key)]
    return builder.sign(key, algorithm.hash).public_bytes(Encoding.DER)


def _ca_builder(
    public: SubjectKey, name: x509.Name, start: datetime, end: datetime, path_length: int | None
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return (
        x509.CertificateBuilder()
        .serial_number(new_serial())
        .subject_name(name)
        .public_key(public)
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(constraints, critical=True)
        .add_extension(build.key_usage(frozenset({"key_cert_sign", "crl_sign"})), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
