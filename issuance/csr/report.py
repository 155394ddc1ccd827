"""What an examination answers: the decoded request and what the rules found. JSON-safe."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from cryptography.hazmat.primitives.serialization import load_der_public_key

from issuance.findings import RULE_SET_VERSION, Finding, Severity
from issuance.keys import KeyFacts

type Use = Literal["used", "ignored", "refused"]


@dataclass(frozen=True, slots=True)
class NameAttribute:
    """One attribute of the subject, in the request's order; ``label`` is "O", "CN" and so on."""

    oid: str
    label: str
    value: str
    string_type: str


@dataclass(frozen=True, slots=True)
class RequestedExtension:
    """An extension or attribute asked for, and what becomes of it in the certificate."""

    oid: str
    label: str
    critical: bool
    use: Use
    value_text: str


@dataclass(frozen=True, slots=True)
class DecodedCsr:
    """A request that could be read, whether or not it is acceptable.

    ``sha256`` is hex over ``der``; ``dns_names`` stand as written; ``version`` is the raw
    INTEGER, 0 for v1; ``signature_algorithm`` is a name such as "RSA with SHA-256" or an OID.
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
        text = base64.b64encode(self.der).decode()
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        label = "CERTIFICATE REQUEST"
        return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])

    @property
    def sha256(self) -> str:
        """Hex of the SHA-256 over the DER."""
        return hashlib.sha256(self.der).hexdigest()

    def public_key(self) -> Any:
        """The key as pyca/cryptography has it. Raises ValueError if that cannot read it."""
        return load_der_public_key(self.spki)

    def values(self, label: str) -> list[str]:
        """All values of the subject attribute ``label``."""
        return [attribute.value for attribute in self.subject if attribute.label == label]

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe dictionary; bytes in base64."""
        stored = asdict(self)
        stored["der"] = base64.b64encode(self.der).decode()
        stored["spki"] = base64.b64encode(self.spki).decode()
        return stored | {"pem": self.pem, "sha256": self.sha256}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What ``to_json`` wrote."""
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
    """The answer to one uploaded file.

    ``file_kind`` names what the file is (a ``Kind``); ``repaired`` lists what was mended on
    reading. When a private key was seen ``csr`` is None and nothing of the file is kept but
    ``leaked_spki_sha256``, the hashes (hex) of the public halves of keys that were readable
    and proven to be whole.
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
        """The findings that block."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Finding]:
        """The findings the uploader is asked to confirm."""
        return [finding for finding in self.findings if finding.severity is Severity.WARNING]

    @property
    def accepted(self) -> bool:
        """Whether there is a request and no rule refuses it."""
        return self.csr is not None and not self.errors

    @property
    def reasons(self) -> list[str]:
        """The classes of refusal, each once, in the order found."""
        return list(dict.fromkeys(f.reason for f in self.findings if f.reason))

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe dictionary, read back by ``from_json``."""
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
        """What ``to_json`` wrote."""
        findings = [Finding.from_json(entry) for entry in stored["findings"]]
        csr = DecodedCsr.from_json(stored["csr"]) if stored["csr"] else None
        return cls(**dict(stored) | {"findings": findings, "csr": csr})
