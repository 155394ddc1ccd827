"""The result of an examination: the decoded request and the findings. Convertible to JSON."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from cryptography.hazmat.primitives.serialization import load_der_public_key

from issuance.csr.pem import pem_of
from issuance.findings import RULE_SET_VERSION, Finding, Severity
from issuance.keys.policy import KeyFacts

type Use = Literal["used", "ignored", "refused"]


@dataclass(frozen=True, slots=True)
class NameAttribute:
    """One attribute of the subject; ``label`` is its short name ("O", "CN"), or its OID."""

    oid: str
    label: str
    value: str
    string_type: str


@dataclass(frozen=True, slots=True)
class RequestedExtension:
    """A requested extension or attribute; ``use``: what the certificate authority does with it."""

    oid: str
    label: str
    critical: bool
    use: Use
    value_text: str


@dataclass(frozen=True, slots=True)
class DecodedCsr:
    """A request that could be parsed, whether or not it is acceptable.

    ``der`` is the CertificationRequest and ``spki`` its SubjectPublicKeyInfo, both DER.
    ``dns_names`` are spelled as in the request; ``version`` is the raw INTEGER, 0 for v1;
    ``signature_algorithm`` is a name such as "RSA with SHA-256", or an OID.
    """

    der: bytes
    subject: list[NameAttribute]
    dns_names: list[str]
    ip_addresses: list[str]
    emails: list[str]
    key: KeyFacts
    signature_algorithm: str
    version: int
    requested_extensions: list[RequestedExtension]
    spki: bytes

    @property
    def pem(self) -> str:
        """The request as PEM, 64 columns (RFC 7468)."""
        return pem_of(self.der)

    @property
    def sha256(self) -> str:
        """SHA-256 over ``der``, in hex."""
        return hashlib.sha256(self.der).hexdigest()

    def public_key(self) -> Any:
        """The key as a pyca/cryptography object. Raises ValueError if it cannot be loaded."""
        return load_der_public_key(self.spki)

    def values(self, label: str) -> list[str]:
        return [attribute.value for attribute in self.subject if attribute.label == label]

    def to_json(self) -> dict[str, Any]:
        """A dictionary for JSON, with bytes in base64; ``pem`` and ``sha256`` are added."""
        stored = asdict(self)
        stored["der"] = base64.b64encode(self.der).decode()
        stored["spki"] = base64.b64encode(self.spki).decode()
        return stored | {"pem": self.pem, "sha256": self.sha256}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The request from the output of ``to_json``."""
        values = {name: stored[name] for name in cls.__dataclass_fields__}
        extensions = [RequestedExtension(**entry) for entry in values["requested_extensions"]]
        return cls(
            **values
            | {
                "der": base64.b64decode(values["der"]),
                "spki": base64.b64decode(values["spki"]),
                "subject": [NameAttribute(**entry) for entry in values["subject"]],
                "key": KeyFacts(**values["key"]),
                "requested_extensions": extensions,
            }
        )


@dataclass(frozen=True, slots=True)
class Report:
    """The result for one uploaded file.

    ``file_kind`` is the value of a ``Kind``; ``repaired`` lists codes of the repairs made while
    reading. ``leaked_spki_sha256`` lists SHA-256 hashes (hex) of SubjectPublicKeyInfo: of private
    keys found in the file that could be read and are complete, and of the request's own key if
    anybody can compute its private half. If a private key was found, ``csr`` is None and these
    hashes are all that is kept of the file.
    """

    findings: list[Finding]
    csr: DecodedCsr | None
    file_kind: str
    repaired: list[str] = field(default_factory=list)
    contains_private_key: bool = False
    leaked_spki_sha256: list[str] = field(default_factory=list)
    rule_set_version: str = RULE_SET_VERSION

    @property
    def errors(self) -> list[Finding]:
        """The findings that prevent the use of the request."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that the uploader is asked to confirm."""
        return [finding for finding in self.findings if finding.severity is Severity.WARNING]

    @property
    def accepted(self) -> bool:
        """Whether there is a request without errors."""
        return self.csr is not None and not self.errors

    @property
    def is_of_request(self) -> bool:
        """Whether what was given is a certificate request, even if one that cannot be used."""
        return "not-a-csr" not in self.reasons

    @property
    def reasons(self) -> list[str]:
        """The distinct refusal classes of the findings, in order of first occurrence."""
        return list(dict.fromkeys(f.reason for f in self.findings if f.reason))

    def to_json(self) -> dict[str, Any]:
        """A dictionary for JSON, read back by ``from_json``."""
        return {
            "rule_set_version": self.rule_set_version,
            "findings": [finding.to_json() for finding in self.findings],
            "csr": self.csr.to_json() if self.csr else None,
            "file_kind": self.file_kind,
            "repaired": self.repaired,
            "contains_private_key": self.contains_private_key,
            "leaked_spki_sha256": self.leaked_spki_sha256,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        findings = [Finding.from_json(entry) for entry in stored["findings"]]
        csr = DecodedCsr.from_json(stored["csr"]) if stored["csr"] else None
        return cls(**dict(stored) | {"findings": findings, "csr": csr})
